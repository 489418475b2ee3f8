import { SQL } from 'bun';
import { rollUp } from '../../src/spend/ledger/roll-up.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrateUp } from '../../src/store/migrate.ts';
import { HISTOGRAM_COLUMNS, WIDE_COLUMNS } from '../../src/store/records/histogram-columns.ts';
import { buildRecordIndexes } from '../../src/store/records/record-indexes.ts';

/** The days before now in which the rows lie. */
export const DAYS = 28;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How many names the rows have. */
const MODELS = 20;
const PROVIDERS = 8;
const KEYS = 200;

export interface Filled {
  /** The id of some record. */
  readonly requestId: string;
  /** The time of the newest record, in milliseconds since 1970. */
  readonly nowMs: number;
}

/** Creates the schema, and fills the tables that grow with the traffic. */
export async function fillDatabase(url: string, rows: number, log: (text: string) => void): Promise<Filled> {
  const database = openDatabase(url);
  await migrateUp(database);
  await database.close();
  const sql = new SQL(url, { max: 1 });
  const isSqlite = url.startsWith('sqlite:');
  try {
    const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    if (isSqlite) await sql.unsafe('pragma synchronous = off');
    await fillRecords(sql, { rows, nowMs, isSqlite, log });
    await fillSums(sql, { nowMs, isSqlite });
    await fillQuarters(sql, { nowMs, isSqlite });
    if (!isSqlite) await sql.unsafe('vacuum analyze');
    await prepare(url, nowMs);
    const [one]: { request_id: string }[] =
      await sql`select request_id from request_records limit 1 offset 5000`;
    return { requestId: one?.request_id ?? '', nowMs };
  } finally {
    await sql.close();
  }
}

/** The background work of a gateway in its first minutes on such a database. */
async function prepare(url: string, nowMs: number): Promise<void> {
  const database = openDatabase(url, { timeoutMs: 600_000 });
  await buildRecordIndexes(database);
  await rollUp(database, { nowMs, keptMs: 400 * DAY_MS, isStopped: () => false, share: 1 });
  await database.close();
}

interface Filling {
  readonly nowMs: number;
  readonly isSqlite: boolean;
}

const ROWS_AT_ONCE = 500_000;

async function fillRecords(
  sql: SQL,
  { rows, nowMs, isSqlite, log }: Filling & { readonly rows: number; readonly log: (text: string) => void },
): Promise<void> {
  const columns = recordColumns(rows, nowMs);
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    const until = Math.min(from + ROWS_AT_ONCE, rows);
    await sql.unsafe(
      `insert into request_records (${columns.map(([name]) => name).join(', ')})
       select ${columns.map(([, value]) => value).join(', ')} from ${numbers('i', [from, until], isSqlite)}`,
    );
    if (until % 2_000_000 === 0) log(`${until} rows`);
  }
}

/** A table of one column with the numbers from the first to before the second. */
function numbers(name: string, [from, until]: readonly [number, number], isSqlite: boolean): string {
  return isSqlite
    ? `(with recursive n(${name}) as (select ${from} union all select ${name} + 1 from n where ${name} + 1 < ${until}) select ${name} from n) as n_${name}`
    : `generate_series(${from}::bigint, ${until - 1}::bigint) as n_${name}(${name})`;
}

const ATTEMPTS = JSON.stringify([
  {
    provider: 'provider-1',
    model: 'upstream-model-1',
    for_model: 'model-1',
    reason: 'first',
    is_probe: false,
    outcome: 'answered',
    status: null,
    detail: null,
    retry_after_ms: null,
    start_ms: 1,
    end_ms: 1234,
  },
]);

/** The columns of the records, each with its value for the row number `i`: one in 25 failed, one in 40 fell back. */
function recordColumns(rows: number, nowMs: number): readonly (readonly [string, string])[] {
  const stepMs = Math.max(1, Math.floor((DAYS * DAY_MS) / rows));
  return [
    ['ended_at_ms', `${nowMs - rows * stepMs} + i * ${stepMs}`],
    ['request_id', `'req_' || (100000000000 + (i * 7919) % 899999999981)`],
    ['key_name', `'key-' || ((i * 31) % 211 % ${KEYS})`],
    ['key_id', `'k-' || ((i * 31) % 211 % ${KEYS})`],
    ['model', `'model-' || ((i * 17) % 23 % ${MODELS})`],
    ['provider', `'provider-' || ((i * 13) % 11 % ${PROVIDERS})`],
    ['team', `'team-' || ((i * 31) % 211 % 10)`],
    ['team_path', `'acme/team-' || ((i * 31) % 211 % 10)`],
    ['end_user', `'person-' || ((i * 37) % 10007)`],
    ['attempts', 'case when i % 40 = 0 then 2 else 1 end'],
    ['has_fallback', 'case when i % 40 = 0 then 1 else 0 end'],
    ['ending', `case when i % 25 = 0 then 'failed' else 'complete' end`],
    ['status', 'case when i % 25 = 0 then 502 else 200 end'],
    ['prompt_tokens', '100 + (i * 101) % 4001'],
    ['completion_tokens', '10 + (i * 103) % 997'],
    ['total_tokens', '110 + (i * 101) % 4001 + (i * 103) % 997'],
    ['is_estimated', '0'],
    ['is_streamed', 'i % 2'],
    ['first_token_ms', '100 + (i * 29) % 1009'],
    ['duration_ms', '200 + (i * 41) % 9973'],
    ['overhead_ms', '1'],
    ['cost_nano', '1000 + (i * 43) % 20000003'],
    ['cost_basis', `'reported'`],
    ['method', `'POST'`],
    ['endpoint', `'/v1/chat/completions'`],
    ['attempts_json', `'${ATTEMPTS}'`],
  ];
}

/** The sums by the minute of three days, and by the hour of all, for each name that has requests. */
async function fillSums(sql: SQL, { nowMs, isSqlite }: Filling): Promise<void> {
  const names = [
    ['all', '', 1],
    ['model', 'model-', MODELS],
    ['provider', 'provider-', PROVIDERS],
    ['key', 'key-', KEYS],
  ] as const;
  const steps = [
    [MINUTE_MS, 3 * DAY_MS],
    [HOUR_MS, DAYS * DAY_MS],
  ] as const;
  const counts = ['requests', 'failures', 'fallbacks', 'prompt_tokens', 'completion_tokens', 'cost_nano'];
  const amounts = [
    '50 + j % 7',
    '2',
    '1',
    '9000',
    '800',
    '4000000',
    ...HISTOGRAM_COLUMNS.map((_, column) =>
      column < WIDE_COLUMNS.length ? '(s + j) % 3' : '(s + j) % 3 - 1',
    ),
  ];
  for (const [stepMs, spanMs] of steps) {
    const lastMs = Math.floor(nowMs / stepMs) * stepMs;
    for (const [dimension, prefix, count] of names) {
      const name = count === 1 ? `''` : `'${prefix}' || j`;
      await sql.unsafe(
        `insert into request_sums (step_s, dimension, from_ms, name, ${[...counts, ...HISTOGRAM_COLUMNS].join(', ')})
         select ${stepMs / 1000}, '${dimension}', ${lastMs - spanMs} + (s + 1) * ${stepMs}, ${name}, ${amounts.join(', ')}
         from ${numbers('s', [0, spanMs / stepMs], isSqlite)}, ${numbers('j', [0, count], isSqlite)}`,
      );
    }
  }
}

/** The ledger's sums: three models of one provider for each key and quarter of an hour. */
async function fillQuarters(sql: SQL, { nowMs, isSqlite }: Filling): Promise<void> {
  const quarterMs = HOUR_MS / 4;
  const lastMs = Math.floor(nowMs / quarterMs) * quarterMs;
  await sql.unsafe(
    `insert into spend_quarters (quarter_ms, key_id, model, provider, end_bucket, key_name, team, team_path, user_name, requests,
       failures, input_tokens, output_tokens, cost)
     select ${lastMs - DAYS * DAY_MS} + (s + 1) * ${quarterMs}, 'k-' || k, 'model-' || ((k + m) % ${MODELS}),
       'provider-' || (k % ${PROVIDERS}), 'b', 'key-' || k, 'team-' || (k % 10), 'acme/team-' || (k % 10), '', 20, 1, 30000, 4000, 9000000
     from ${numbers('s', [0, (DAYS * DAY_MS) / quarterMs], isSqlite)}, ${numbers('k', [0, KEYS], isSqlite)},
       ${numbers('m', [0, 3], isSqlite)}`,
  );
}
