import type { RecordEnding } from './request-record.ts';

/** Selects records; a field that is left out does not filter. Times are milliseconds since 1970. */
export interface RecordFilter {
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly status?: number | undefined;
  readonly ending?: RecordEnding | undefined;
  /** Ended at this time or later. */
  readonly sinceMs?: number | undefined;
  /** Ended before this time. */
  readonly untilMs?: number | undefined;
}

/** A position in the order of all records. */
export interface Position {
  readonly endedAtMs: number;
  readonly requestId: string;
}

/** The conditions of a statement, with their bound values in order. */
export class Conditions {
  readonly values: (string | number)[] = [];
  readonly #terms: string[] = [];

  constructor(filter: RecordFilter) {
    this.#add('key_name =', filter.key);
    this.#add('model =', filter.model);
    this.#add('provider =', filter.provider);
    this.#add('status =', filter.status);
    this.#add('ending =', filter.ending);
    this.#add('ended_at_ms >=', filter.sinceMs);
    this.#add('ended_at_ms <', filter.untilMs);
  }

  /** Binds a value and returns its placeholder. Values must be bound in the order of the statement. */
  bind(value: string | number): string {
    return `$${this.values.push(value)}`;
  }

  /** Selects the records on one side of a position. */
  position(operator: '<' | '>' | '<=', { endedAtMs, requestId }: Position): void {
    this.#terms.push(
      `(ended_at_ms, request_id) ${operator} (${this.bind(endedAtMs)}, ${this.bind(requestId)})`,
    );
  }

  where(): string {
    return this.#terms.length === 0 ? '' : `where ${this.#terms.join(' and ')}`;
  }

  #add(term: string, value: string | number | undefined): void {
    if (value !== undefined) this.#terms.push(`${term} ${this.bind(value)}`);
  }
}
