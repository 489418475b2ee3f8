import type { Dialect } from '../dialect.ts';

/** One step of the schema. Its SQL is never changed once it was released: a database may have it. */
export interface Migration {
  /** Counts up from 1 without gaps. */
  readonly version: number;
  readonly name: string;
  /** Statements, separated by semicolons, that make the step. */
  readonly up: Readonly<Record<Dialect['kind'], string>>;
  /**
   * The oldest schema version that a program must know to run on the schema that this step makes. Left out: any that ran
   * before it, since the step only adds tables, or columns that are nullable or have a default.
   */
  readonly runsFrom?: number;
  /** Statements that take it back, with the data that it brought. Made only where the operator wants the data gone. */
  readonly down: Readonly<Record<Dialect['kind'], string>>;
}
