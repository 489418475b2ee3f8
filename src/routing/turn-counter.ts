import { LocalTable, type NumberTable } from '../lib/number-table.ts';

/** What is kept of a rotation. */
export const TURN_FIELDS = ['taken'] as const;
export type TurnTable = NumberTable<(typeof TURN_FIELDS)[number]>;

/** Counts the requests of each rotation, so that a round robin knows whose turn it is. */
export class TurnCounter {
  readonly #turns: TurnTable;

  constructor(turns: TurnTable = new LocalTable(TURN_FIELDS)) {
    this.#turns = turns;
  }

  /** 0 the first time, then one more each time. */
  next(rotation: string): number {
    return this.#turns.update(rotation, (turns) => turns.taken++);
  }
}
