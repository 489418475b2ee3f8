import type { RequestRecord } from '../../store/records/request-record.ts';

/** Sums of the requests of 15 minutes with the same names, in the columns of the table `spend_quarters`. */
export interface QuarterRow {
  readonly quarter_ms: number;
  readonly key_id: string;
  readonly model: string;
  readonly provider: string;
  /** A hash of the names below, so that a rename begins a new row. */
  readonly end_bucket: string;
  readonly key_name: string;
  readonly team: string;
  readonly team_path: string;
  readonly team_ids: string;
  readonly user_id: string;
  readonly user_name: string;
  readonly tags: string;
  requests: number;
  refused: number;
  failures: number;
  input_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cost: number;
  unpriced: number;
  estimated_cost: number;
  lost_cost: number;
  saved: number;
}

/** The columns that are added up. */
export const QUARTER_SUMS = [
  'requests',
  'refused',
  'failures',
  'input_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost',
  'unpriced',
  'estimated_cost',
  'lost_cost',
  'saved',
] as const satisfies readonly (keyof QuarterRow)[];

export type QuarterSum = (typeof QUARTER_SUMS)[number];

/** The sums of a quarter without requests. */
export const NO_SUMS: Readonly<Record<QuarterSum, number>> = {
  requests: 0,
  refused: 0,
  failures: 0,
  input_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  cost: 0,
  unpriced: 0,
  estimated_cost: 0,
  lost_cost: 0,
  saved: 0,
};

export const QUARTER_MS = 15 * 60_000;

/** The names that identify a quarter, as they were at the time. A missing name is ''. */
export interface QuarterNames {
  readonly keyId: string;
  readonly keyName: string;
  readonly model: string;
  readonly provider: string;
  readonly team: string;
  readonly teamPath: string;
  readonly teamIds: string;
  readonly userId: string;
  readonly userName: string;
  readonly tags: string;
}

/** A quarter without any use. */
export function emptyQuarter(atMs: number, names: QuarterNames): QuarterRow {
  const { keyId, keyName, model, provider, team, teamPath, teamIds, userId, userName, tags } = names;
  const bucket = JSON.stringify([keyName, team, teamPath, teamIds, userId, userName, tags]);
  return {
    quarter_ms: atMs - (atMs % QUARTER_MS),
    key_id: keyId,
    model,
    provider,
    end_bucket: Bun.hash(bucket).toString(16).padStart(16, '0'),
    key_name: keyName,
    team,
    team_path: teamPath,
    team_ids: teamIds,
    user_id: userId,
    user_name: userName,
    tags,
    ...NO_SUMS,
  };
}

/** The quarters of some records, in the order of their keys: writers that lock rows in one order never deadlock. */
export function quartersOf(records: Iterable<RequestRecord>): QuarterRow[] {
  const rows = new Map<string, QuarterRow>();
  for (const record of records) {
    const one = emptyQuarter(record.endedAtMs, namesOf(record));
    const key = quarterKey(one);
    const row = rows.get(key) ?? one;
    if (row === one) rows.set(key, row);
    addRecord(row, record);
  }
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Sorts like the table's primary key, for times of the next two centuries. */
export function quarterKey({ quarter_ms, key_id, model, provider, end_bucket }: QuarterRow): string {
  return [String(quarter_ms).padStart(15, '0'), key_id, model, provider, end_bucket].join('\0');
}

function namesOf(record: RequestRecord): QuarterNames {
  return {
    keyId: record.keyId ?? record.key ?? '',
    keyName: record.key ?? '',
    model: record.model ?? '',
    provider: record.provider ?? '',
    team: record.team ?? '',
    teamPath: record.teamPath ?? '',
    teamIds: record.teamIds ?? '',
    userId: record.userId ?? '',
    userName: record.userName ?? '',
    tags: record.tags ?? '',
  };
}

function addRecord(row: QuarterRow, record: RequestRecord): void {
  row.requests += 1;
  if (record.ending === 'refused') row.refused += 1;
  if (record.ending !== 'complete' && record.ending !== 'client-left') row.failures += 1;
  row.input_tokens += record.promptTokens ?? 0;
  row.output_tokens += record.completionTokens ?? 0;
  row.cached_tokens += record.cachedTokens ?? 0;
  row.cache_write_tokens += record.cacheWriteTokens ?? 0;
  row.reasoning_tokens += record.reasoningTokens ?? 0;
  addMoney(row, record);
}

function addMoney(row: QuarterRow, record: RequestRecord): void {
  row.cost += record.costNano ?? 0;
  row.saved += record.savedNano ?? 0;
  if (record.costBasis !== null && record.costNano === null) row.unpriced += 1;
  if (record.costBasis === 'estimated') row.estimated_cost += record.costNano ?? 0;
  if (record.costBasis === 'lost') row.lost_cost += record.costNano ?? 0;
}
