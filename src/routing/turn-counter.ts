/** Counts the requests of each rotation, so that a round robin knows whose turn it is. */
export class TurnCounter {
  readonly #turns = new Map<string, number>();

  /** 0 the first time, then one more each time. */
  next(rotation: string): number {
    const turn = this.#turns.get(rotation) ?? 0;
    this.#turns.set(rotation, turn + 1);
    return turn;
  }
}
