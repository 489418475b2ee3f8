import type { Dialect } from '../dialect.ts';

/** One step of the schema. Released SQL never changes: a database may have it. */
export interface Migration {
  /** Counts from 1 without gaps. */
  readonly version: number;
  readonly name: string;
  /** The statements of the step, separated by semicolons. */
  readonly up: Readonly<Record<Dialect['kind'], string>>;
  /**
   * The oldest schema version that a program must know to run after this step. If omitted, it is any that ran before it,
   * since the step only adds tables, or columns that are nullable or have a default.
   */
  readonly runsFrom?: number;
  /** A table whose rows nothing brings back. While it has some, deleting the step's data has to be forced. */
  readonly precious?: string;
  /** Statements that revert the step and delete its data. They run only if the operator wants the data deleted. */
  readonly down: Readonly<Record<Dialect['kind'], string>>;
}
