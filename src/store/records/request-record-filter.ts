import type { RecordEnding, RequestRecord } from './request-record.ts';

/** Selects records; a field that is left out does not filter. Times are milliseconds since 1970. */
export interface RecordFilter {
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly status?: number | undefined;
  /** From the first to the second status, both included. */
  readonly statuses?: readonly [number, number] | undefined;
  readonly ending?: RecordEnding | undefined;
  /** One of these. */
  readonly endings?: readonly RecordEnding[] | undefined;
  /** Ended at this time or later. */
  readonly sinceMs?: number | undefined;
  /** Ended before this time. */
  readonly untilMs?: number | undefined;
  /** A part of its id, model, key or provider, in any case. */
  readonly search?: string | undefined;
  readonly minDurationMs?: number | undefined;
  readonly minCostNano?: number | undefined;
  readonly hasFallback?: boolean | undefined;
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  readonly endUser?: string | undefined;
}

/** A position in the order of all records. */
export interface Position {
  readonly endedAtMs: number;
  readonly requestId: string;
}

export interface RecordPage {
  readonly filter: RecordFilter;
  readonly before: Position | undefined;
  readonly limit: number;
}

/** The conditions of a statement, with their bound values in order. */
export class Conditions {
  readonly values: (string | number)[] = [];
  readonly #terms: string[] = [];

  /** `indexed` limits the fields by which the database may choose an index. */
  constructor(filter: RecordFilter, indexed: RecordFilter = filter) {
    const { endings, statuses, search, hasFallback } = filter;
    // No database chooses an index of a column for an expression.
    for (const [field, column] of INDEXED)
      this.#add(indexed[field] === undefined ? `${column} || '' =` : `${column} =`, filter[field]);
    this.#add('status =', filter.status);
    this.#add('ending =', filter.ending);
    // Written out, so that the index of what did not go well is found.
    if (isOfFailures(filter) && isOfFailures(indexed)) this.#terms.push("ending <> 'complete'");
    if (endings !== undefined)
      this.#terms.push(`ending in (${endings.map((ending) => this.bind(ending)).join(', ')})`);
    this.#add('ended_at_ms >=', filter.sinceMs);
    this.#add('ended_at_ms <', filter.untilMs);
    this.#add('status >=', statuses?.[0]);
    this.#add('status <=', statuses?.[1]);
    this.#add('duration_ms >=', filter.minDurationMs);
    this.#add('cost_nano >=', filter.minCostNano);
    if (hasFallback !== undefined) this.#terms.push(`coalesce(has_fallback, 0) = ${hasFallback ? 1 : 0}`);
    this.#add('team =', filter.team);
    this.#add('user_name =', filter.user);
    this.#add('end_user =', filter.endUser);
    if (search !== undefined) this.#search(search);
  }

  /** Binds a value and returns its placeholder. Values must be bound in the order of the statement. */
  bind(value: string | number): string {
    return `$${this.values.push(value)}`;
  }

  /** Selects the records on one side of a position. */
  position(operator: '<' | '>' | '<=' | '>=', { endedAtMs, requestId }: Position): void {
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

  #search(text: string): void {
    const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    const terms = SEARCHED.map((column) => `lower(${column}) like ${this.bind(pattern)} escape '\\'`);
    this.#terms.push(`(${terms.join(' or ')})`);
  }
}

const INDEXED = [
  ['key', 'key_name'],
  ['model', 'model'],
  ['provider', 'provider'],
] as const;

/** Whether a filter selects only requests that did not complete. */
export function isOfFailures({ ending = 'complete', endings }: RecordFilter): boolean {
  return ending !== 'complete' || endings?.includes('complete') === false;
}

const SEARCHED = ['request_id', 'model', 'key_name', 'provider'] as const;

/** Whether a record in memory passes a filter. */
export function matches(record: RequestRecord, filter: RecordFilter): boolean {
  return FILTERS.every((fits) => fits(record, filter));
}

/** Whether a record fits one field of a filter. Every field has to be here. */
const FITS: Readonly<
  Record<keyof Required<RecordFilter>, (record: RequestRecord, filter: RecordFilter) => boolean>
> = {
  key: (record, { key }) => key === undefined || record.key === key,
  model: (record, { model }) => model === undefined || record.model === model,
  provider: (record, { provider }) => provider === undefined || record.provider === provider,
  status: (record, { status }) => status === undefined || record.status === status,
  statuses: ({ status }, { statuses: [from, to] = [0, Infinity] }) => status >= from && status <= to,
  ending: (record, { ending }) => ending === undefined || record.ending === ending,
  endings: ({ ending }, { endings }) => endings === undefined || endings.includes(ending),
  sinceMs: (record, { sinceMs }) => sinceMs === undefined || record.endedAtMs >= sinceMs,
  untilMs: (record, { untilMs }) => untilMs === undefined || record.endedAtMs < untilMs,
  search: (record, { search }) => search === undefined || contains(record, search.toLowerCase()),
  minDurationMs: ({ durationMs }, { minDurationMs }) => durationMs >= (minDurationMs ?? 0),
  minCostNano: ({ costNano }, { minCostNano }) => minCostNano === undefined || (costNano ?? 0) >= minCostNano,
  hasFallback: (record, { hasFallback }) =>
    hasFallback === undefined || (record.hasFallback === 1) === hasFallback,
  team: (record, { team }) => team === undefined || record.team === team,
  user: (record, { user }) => user === undefined || record.userName === user,
  endUser: (record, { endUser }) => endUser === undefined || record.endUser === endUser,
};

const FILTERS = Object.values(FITS);

function contains({ requestId, model, key, provider }: RequestRecord, text: string): boolean {
  return [requestId, model, key, provider].some((name) => name?.toLowerCase().includes(text) === true);
}
