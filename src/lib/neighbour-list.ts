/** An entry of a list, which knows its neighbours. Both are undefined: it is in no list. */
export interface ListNeighbour {
  before: ListNeighbour | undefined;
  after: ListNeighbour | undefined;
}

/**
 * A list that any entry leaves in constant time. An entry costs nothing but its two neighbours, where a `Map` takes up to
 * 200 bytes. It is in one list at a time.
 */
export class NeighbourList<Entry extends ListNeighbour> {
  /** Before the first entry and after the last one, which closes the ring. */
  readonly #end: ListNeighbour = { before: undefined, after: undefined };

  constructor() {
    this.#end.before = this.#end;
    this.#end.after = this.#end;
  }

  /** Appends an entry. */
  add(entry: Entry): void {
    const last = this.#end.before ?? this.#end;
    entry.before = last;
    entry.after = this.#end;
    last.after = entry;
    this.#end.before = entry;
  }

  /** Removes the first entry; undefined: the list is empty. */
  shift(): Entry | undefined {
    const first = this.#end.after;
    if (first === undefined || first === this.#end) return undefined;
    leaveList(first);
    // Only `add` puts anything into the ring.
    return first as Entry;
  }
}

/** Removes an entry from its list. */
export function leaveList(entry: ListNeighbour): void {
  const { before, after } = entry;
  if (before !== undefined) before.after = after;
  if (after !== undefined) after.before = before;
  entry.before = undefined;
  entry.after = undefined;
}
