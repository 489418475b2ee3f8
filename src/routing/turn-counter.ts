import { LocalTable, type NumberRecord, type NumberTable } from '../lib/number-table.ts';

/** The record of a rotation. */
export const TURN_FIELDS = ['taken'] as const;
export type TurnTable = NumberTable<(typeof TURN_FIELDS)[number]>;

/** Counts the requests of each rotation for the round robin. */
export class TurnCounter {
  readonly #turns: TurnTable;

  constructor(turns: TurnTable = new LocalTable(TURN_FIELDS)) {
    this.#turns = turns;
  }

  /** 0 the first time, then one more each time. */
  next(rotation: string): number {
    return this.#turns.update(rotation, takeTurn);
  }
}

function takeTurn(turns: NumberRecord<(typeof TURN_FIELDS)[number]>): number {
  return turns.taken++;
}
