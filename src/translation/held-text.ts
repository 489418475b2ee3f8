import { RawJson } from './json.ts';

/** Bytes of whole events. Large ones are encoded slice by slice. */
export type StreamPiece = Uint8Array | SlicedText;

/** Shorter texts are copied into the events that repeat them. */
const LARGE_CHARS = 16 * 1024;

/** Shorter events are encoded at once. */
const MOST_AT_ONCE = 256 * 1024;

/** Characters of a slice, which takes well below a millisecond. */
const SLICE_CHARS = 128 * 1024;

/** So many pieces are joined to one, because a short string takes much more memory than its characters. */
const MOST_PIECES = 512;

/** A text that arrives in pieces. It is escaped once, piece by piece, and not again for the events that repeat it. */
export class HeldText {
  /** Without quotation marks. */
  #pieces: string[] = [];
  readonly #joined: string[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Returns the piece as JSON. A piece is not empty. */
  add(text: string): string {
    const quoted = JSON.stringify(text);
    this.#length += quoted.length - 2;
    this.#pieces.push(quoted.slice(1, -1));
    if (this.#pieces.length >= MOST_PIECES) this.#join();
    return quoted;
  }

  /** The text as JSON; if it is long, with a mark in its place. */
  whole(texts: LargeTexts): RawJson {
    this.#join();
    const text = this.#length < LARGE_CHARS ? this.#joined.join('') : texts.markFor(this.#joined);
    return new RawJson(`"${text}"`);
  }

  #join(): void {
    this.#joined.push(this.#pieces.join(''));
    this.#pieces = [];
  }
}

/** A character that JSON text cannot contain. It surrounds the number of a text. */
const MARK = '\0';

/** The long texts of an answer. Events contain marks in their places until they are encoded. */
export class LargeTexts {
  readonly #texts: (readonly string[])[] = [];
  readonly #areRepeated: boolean;

  /** @param areRepeated whether later events may contain the marks, too; otherwise a text is released with its event */
  constructor(areRepeated = true) {
    this.#areRepeated = areRepeated;
  }

  markFor(text: readonly string[]): string {
    return `${MARK}${this.#texts.push(text) - 1}${MARK}`;
  }

  /** Encodes events as UTF-8, with the texts for their marks. */
  encoded(events: string): StreamPiece {
    if (this.#texts.length === 0) return UTF8.encode(events);
    const sliced = new SlicedText(this.#unmarked(events));
    if (!this.#areRepeated) this.#texts.length = 0;
    return sliced.length <= MOST_AT_ONCE ? sliced.whole() : sliced;
  }

  #unmarked(events: string): readonly string[] {
    return events
      .split(MARK)
      .flatMap((part, index) => (index % 2 === 0 ? [part] : (this.#texts[Number(part)] ?? [])));
  }
}

/** A long text in parts. Iterating encodes one slice after the other. */
export class SlicedText implements Iterable<Uint8Array> {
  readonly #parts: readonly string[];
  /** In UTF-16 code units. */
  readonly length: number;

  constructor(parts: readonly string[]) {
    this.#parts = parts;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  whole(): Uint8Array {
    return UTF8.encode(this.#parts.join(''));
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    let batch = '';
    for (const part of this.#parts) {
      for (let from = 0; from < part.length;) {
        const to = endOfSlice(part, from + SLICE_CHARS - batch.length);
        batch += part.slice(from, to);
        from = to;
        if (batch.length < SLICE_CHARS) continue;
        yield UTF8.encode(batch);
        batch = '';
      }
    }
    if (batch !== '') yield UTF8.encode(batch);
  }
}

/** A text in slices that are small enough to be translated at once; not empty, and no surrogate pair is divided. */
export function* slices(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const to = endOfSlice(text, from + SLICE_CHARS);
    yield text.slice(from, to);
    from = to;
  }
}

/** The end of a slice that would end at this offset, without dividing a surrogate pair. */
function endOfSlice(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const isHigh = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return isHigh ? end + 1 : end;
}

/** The bytes of a piece at once. */
export function wholePiece(piece: StreamPiece): Uint8Array {
  return piece instanceof SlicedText ? piece.whole() : piece;
}

const UTF8 = new TextEncoder();
