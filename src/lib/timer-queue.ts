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
    // Fractional delays would make a line each, so they get a native timer.
    if (!Number.isInteger(ms)) return whenLate(ms, run);
    let line = this.#lines.get(ms);
    if (line === undefined) {
      line = new DelayLine(ms, () => this.#lines.delete(ms));
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
      this.#leave(place);
    }
    if (this.#first === undefined) this.#onEmpty();
    // A native timer may fire slightly early, but must not spin.
    else this.#wait(Math.max(1, Math.ceil(this.#first.dueMs - nowMs)));
    for (const run of due) run();
  }
}
