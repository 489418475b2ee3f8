interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

/** Virtual time: runs what is due, in order. */
export class EventHeap {
  readonly #events: Event[] = [];
  nowMs = 0;

  after(ms: number, run: () => void): void {
    const events = this.#events;
    let at = events.push({ atMs: this.nowMs + ms, run }) - 1;
    for (; at > 0; at = (at - 1) >> 1) if (!this.#swapIfEarlier(at, (at - 1) >> 1)) return;
  }

  runUntil(endMs: number): void {
    for (;;) {
      const [first] = this.#events;
      if (first === undefined || first.atMs > endMs) return;
      this.#removeFirst();
      this.nowMs = first.atMs;
      first.run();
    }
  }

  #removeFirst(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    events[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = (events[right]?.atMs ?? Infinity) < (events[left]?.atMs ?? Infinity) ? right : left;
      if (least >= events.length || !this.#swapIfEarlier(least, at)) return;
      at = least;
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const [one, two] = [this.#events[child], this.#events[parent]];
    if (one === undefined || two === undefined || one.atMs >= two.atMs) return false;
    this.#events[child] = two;
    this.#events[parent] = one;
    return true;
  }
}
