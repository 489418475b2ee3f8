/**
 * TimerQueue of which most are called off before they run, as limits of time are. The runtime's own timers cost most of a
 * microsecond each; here all that wait equally long stand in one line, in the order in which they will run, and only the
 * first of a line has a timer.
 */
export class TimerQueue {
  readonly #lines = new Map<number, Line>();

  /** Calls `run` once after `ms`, at most 2³¹ - 1; returns how to call it off. */
  set(ms: number, run: () => void): () => void {
    // What waits for an odd time stands alone.
    if (!Number.isInteger(ms)) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    }
    let line = this.#lines.get(ms);
    if (line === undefined) {
      line = new Line(ms, () => this.#lines.delete(ms));
      this.#lines.set(ms, line);
    }
    return line.add(run);
  }
}

interface Place {
  run: (() => void) | undefined;
  readonly dueMs: number;
  before: Place | undefined;
  after: Place | undefined;
}

/** TimerQueue that wait equally long. */
class Line {
  readonly #ms: number;
  readonly #onEmpty: () => void;
  #first: Place | undefined;
  #last: Place | undefined;

  constructor(ms: number, onEmpty: () => void) {
    this.#ms = ms;
    this.#onEmpty = onEmpty;
    this.#wait(ms);
  }

  add(run: () => void): () => void {
    const place: Place = { run, dueMs: performance.now() + this.#ms, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return () => this.#leave(place);
  }

  #leave(place: Place): void {
    if (place.run === undefined) return;
    place.run = undefined;
    if (place.before === undefined) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.#last = place.before;
    else place.after.before = place.before;
  }

  /** The timer stays when the one that it was set for is called off: it looks who is due when it fires. */
  #wait(ms: number): void {
    setTimeout(() => this.#ringDue(), ms);
  }

  #ringDue(): void {
    const nowMs = performance.now();
    const due: (() => void)[] = [];
    for (let place = this.#first; place !== undefined && place.dueMs <= nowMs; place = this.#first) {
      if (place.run !== undefined) due.push(place.run);
      this.#leave(place);
    }
    if (this.#first === undefined) this.#onEmpty();
    // A timer may fire a little early, but never again at once.
    else this.#wait(Math.max(1, Math.ceil(this.#first.dueMs - nowMs)));
    for (const run of due) run();
  }
}
