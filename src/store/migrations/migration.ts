import type { Dialect } from '../dialect.ts';

/** One step of the schema. Its SQL is never changed once it was released: a database may have it. */
export interface Migration {
  /** Counts up from 1 without gaps. */
  readonly version: number;
  readonly name: string;
  /** Statements, separated by semicolons, that make the step. */
  readonly up: Readonly<Record<Dialect['kind'], string>>;
  /** Statements that take it back, with the data that it brought. */
  readonly down: Readonly<Record<Dialect['kind'], string>>;
}
