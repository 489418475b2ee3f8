import { MOST_STALLS, READ_MS, STALL_MS, whenLate } from './late.ts';

/**
 * Timers of which most are cancelled before they fire, as timeouts are. A native timer costs most of a microsecond.
 * Here, timers of equal delay wait in one line in the order in which they are due, and only the first of a line has a
 * native timer. A process that was stopped or busy reads the answers that came meanwhile before they fire (`late.ts`).
 */
export class TimerQueue {
  readonly #lines = new Map<number, DelayLine>();

  /** Calls `run` once after `ms`, at most 2³¹ - 1; returns a function that cancels it. */
  set(ms: number, run: () => void): () => void {
    return Number.isInteger(ms) ? this.#line(ms).add(run) : this.#setFraction(ms, run);
  }

  /**
   * Fractional delays would make a line each, so they wait in that of a shorter delay first. Only the few that are still
   * set then get a native timer for the rest.
   */
  #setFraction(ms: number, run: () => void): () => void {
    const shorterMs = shorterDelay(ms);
    if (shorterMs === 0) return whenLate(ms, run);
    const dueMs = performance.now() + ms;
    let stop = this.#line(shorterMs).add(() => {
      stop = whenLate(Math.max(1, dueMs - performance.now()), run);
    });
    return () => stop();
  }

  #line(ms: number): DelayLine {
    let line = this.#lines.get(ms);
    if (line === undefined) {
      line = new DelayLine(ms, () => this.#lines.delete(ms));
      this.#lines.set(ms, line);
    }
    return line;
  }
}

/** Returns one of 16 whole numbers up to the next power of two, so that there are few lines; 0 for less than 16 ms. */
function shorterDelay(ms: number): number {
  const step = 2 ** (Math.floor(Math.log2(ms)) - 4);
  return step >= 1 ? Math.floor(ms / step) * step : 0;
}

interface Place {
  run: (() => void) | undefined;
  readonly dueMs: number;
  before: Place | undefined;
  after: Place | undefined;
}

/** Apart, since a function that is made in a method has a second scope, for `this`. */
function leaving(line: DelayLine, place: Place): () => void {
  return () => line.leave(place);
}

/** Timers of equal delay. */
class DelayLine {
  readonly #ms: number;
  readonly #onEmpty: () => void;
  #first: Place | undefined;
  #last: Place | undefined;
  /** When the native timer fires. */
  #wakeMs = 0;
  #stallsLeft = MOST_STALLS;

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
    return leaving(this, place);
  }

  leave(place: Place): void {
    if (place.run === undefined) return;
    place.run = undefined;
    if (place.before === undefined) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === undefined) this.#last = place.before;
    else place.after.before = place.before;
  }

  /** The native timer stays when its first timer is cancelled: on firing, it looks which one is due. */
  #wait(ms: number): void {
    this.#wakeMs = performance.now() + ms;
    setTimeout(() => this.#fireDue(), ms);
  }

  #fireDue(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#wakeMs + STALL_MS && this.#stallsLeft > 0) {
      this.#stallsLeft -= 1;
      return this.#wait(READ_MS);
    }
    this.#stallsLeft = MOST_STALLS;
    const due: (() => void)[] = [];
    for (let place = this.#first; place !== undefined && place.dueMs <= nowMs; place = this.#first) {
      if (place.run !== undefined) due.push(place.run);
      this.leave(place);
    }
    if (this.#first === undefined) this.#onEmpty();
    // A native timer may fire slightly early, but must not spin.
    else this.#wait(Math.max(1, Math.ceil(this.#first.dueMs - nowMs)));
    for (const run of due) run();
  }
}
