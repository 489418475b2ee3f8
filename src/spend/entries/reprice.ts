import type { SQL } from 'bun';
import type { Snapshot } from '../../config/snapshot.ts';
import type { BilledUse, Cost } from '../../gateway/cost.ts';
import type { Claim } from '../../limits/claim.ts';
import type { Usage, UsageParts } from '../../protocols/protocol.ts';
import type { Database } from '../../store/database.ts';
import { parseRow, type RecordRow } from '../../store/records/request-record-row.ts';
import type { RequestRecord } from '../../store/records/request-record.ts';
import { type ByScope, byScope, counting } from '../ledger/counting-claims.ts';
import { currentUse, type WantedUse } from '../ledger/past-use.ts';
import { NO_SUMS, quarterKey, type QuarterRow, quartersOf } from '../ledger/quarter.ts';
import { type Entry, insertEntries, type Move, writeEntries } from './entry.ts';

export interface RepriceOptions {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Only this public model. */
  readonly model?: string | undefined;
  /** Whether to price requests from before costs were stored. They become entries of the kind `import`. */
  readonly backfills: boolean;
  readonly isDry: boolean;
  readonly actor: string;
  readonly snapshot: Snapshot;
  readonly nowMs: number;
  /** The cost of a use at the configured prices of a time. */
  readonly costAt: (use: BilledUse, epochMs: number) => Promise<Cost>;
}

export interface Repriced {
  /** Requests that were looked at. */
  readonly rows: number;
  /** Nano-dollars, with earlier entries. */
  readonly before: bigint;
  readonly after: bigint;
  readonly entries: number;
}

/** Rows per transaction that reads. */
const PAGE = 2000;
/** Entries per transaction. */
const BATCH = 200;

/** One quarter's requests with the same names. */
interface Group {
  readonly quarter: QuarterRow;
  before: number;
  after: number;
}

/**
 * Calculates what requests cost at the prices of today's configuration, and enters the difference. The rows stay as they
 * are. Run again, it enters nothing. Throws `StoreUnavailable`.
 */
export async function repriceRequests(database: Database, options: RepriceOptions): Promise<Repriced> {
  const groups = new Map<string, Group>();
  let rows = 0;
  for await (const page of recordPages(database, options)) {
    const models = await upstreamModels(database, page);
    for (const record of page) {
      if (!isPriced(record, options.backfills)) continue;
      rows += 1;
      await note(groups, record, { options, models });
    }
  }
  const entered = await enteredBefore(database, options);
  for (const group of groups.values()) group.before += entered.get(sourceOf(group.quarter, options)) ?? 0;
  const changed = [...groups.values()].filter(({ before, after }) => before !== after);
  if (!options.isDry) await enter(database, changed, options);
  const sum = (of: (group: Group) => number): bigint =>
    [...groups.values()].reduce((total, group) => total + BigInt(of(group)), 0n);
  return {
    rows,
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    entries: changed.length,
  };
}

/** A lost request is charged what it held, whatever the prices. */
function isPriced(record: RequestRecord, backfills: boolean): boolean {
  const { costBasis, costNano, promptTokens, completionTokens, cachedTokens } = record;
  // A record does not tell which cached tokens were sound or images, which have prices of their own.
  const hasMedia = (record.audioInputTokens ?? 0) > 0 || (record.imageInputTokens ?? 0) > 0;
  if (hasMedia && (cachedTokens ?? 0) > 0 && costNano !== null) return false;
  if (backfills) return costBasis === null && (promptTokens ?? completionTokens) !== null;
  return costBasis === 'provider' || costBasis === 'estimated' || (costBasis !== null && costNano === null);
}

async function* recordPages(
  database: Database,
  { sinceMs, untilMs, model }: RepriceOptions,
): AsyncGenerator<RequestRecord[]> {
  let after = { endedAtMs: sinceMs, requestId: '' };
  for (;;) {
    const { endedAtMs, requestId } = after;
    const rows: RecordRow[] = await database.read(
      (sql) => sql`select * from request_records
        where (ended_at_ms, request_id) > (${endedAtMs}, ${requestId}) and ended_at_ms < ${untilMs}
        order by ended_at_ms, request_id limit ${PAGE}`,
    );
    const page = rows.map(parseRow);
    yield model === undefined ? page : page.filter((record) => record.model === model);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
}

/** The providers' model names, by the reference to the prices that were applied. */
async function upstreamModels(
  database: Database,
  records: readonly RequestRecord[],
): Promise<Map<string, string>> {
  const refs = [...new Set(records.flatMap(({ priceRef }) => priceRef ?? []))];
  if (refs.length === 0) return new Map();
  const sheets: { ref: string; body: string }[] = await database.read(
    (sql) => sql`select ref, body from price_sheets where ref in ${sql(refs)}`,
  );
  return new Map(sheets.map(({ ref, body }) => [ref, (JSON.parse(body) as { model: string }).model]));
}

interface Prices {
  readonly options: RepriceOptions;
  readonly models: ReadonlyMap<string, string>;
}

async function note(groups: Map<string, Group>, record: RequestRecord, prices: Prices): Promise<void> {
  const [quarter] = quartersOf([record]);
  if (quarter === undefined) return;
  const key = quarterKey(quarter);
  const group = groups.get(key) ?? { quarter, before: 0, after: 0 };
  groups.set(key, group);
  const known = record.costNano ?? 0;
  const cost = await costNow(record, prices);
  group.before += known;
  group.after += cost ?? known;
}

async function costNow(record: RequestRecord, { options, models }: Prices): Promise<number | undefined> {
  const { provider, priceRef, attemptsCost } = record;
  // Several attempts were billed, at the prices of several models: the record's tokens are their sums.
  if (provider === null || typeof attemptsCost === 'string') return undefined;
  const model = models.get(priceRef ?? '') ?? upstreamModelOf(record, options.snapshot);
  const use = { provider, model, usage: usageOf(record), isEstimated: record.isEstimated };
  return (await options.costAt(use, record.endedAtMs)).nano;
}

function usageOf(record: RequestRecord): Usage {
  return {
    inputTokens: record.promptTokens ?? undefined,
    outputTokens: record.completionTokens ?? undefined,
    totalTokens: record.totalTokens ?? undefined,
    cachedTokens: record.cachedTokens ?? undefined,
    reasoningTokens: record.reasoningTokens ?? undefined,
    parts: partsOf(record),
  };
}

function partsOf(record: RequestRecord): UsageParts {
  return {
    cacheWrite: record.cacheWriteTokens ?? undefined,
    cacheWrite1h: record.cacheWrite1hTokens ?? undefined,
    audioInput: record.audioInputTokens ?? undefined,
    audioOutput: record.audioOutputTokens ?? undefined,
    imageInput: record.imageInputTokens ?? undefined,
    imageOutput: record.imageOutputTokens ?? undefined,
    webSearches: record.webSearches ?? undefined,
    serviceTier: record.tier ?? undefined,
  };
}

/** A request without a known price has only the public model name. */
function upstreamModelOf({ model, provider }: RequestRecord, snapshot: Snapshot): string {
  const name = model ?? '';
  const route = snapshot.findModel(name)?.routes.find((one) => one.provider === provider);
  return route?.upstreamModel ?? name;
}

/** The source of the entries of one group, so that they are found again. */
function sourceOf(
  { quarter_ms, key_id, model, provider, end_bucket }: QuarterRow,
  { backfills }: RepriceOptions,
): string {
  const text = JSON.stringify([quarter_ms, key_id, model, provider, end_bucket]);
  const hash = new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 32);
  return `${backfills ? 'backfill' : 'reprice'}:${hash}`;
}

async function enteredBefore(
  database: Database,
  { sinceMs, untilMs, backfills }: RepriceOptions,
): Promise<Map<string, number>> {
  const like = backfills ? 'backfill:%' : 'reprice:%';
  const rows: { source: string; amount: number | string }[] = await database.read(
    (sql) => sql`select source, sum(amount) as amount from spend_entries
      where source like ${like} and at_ms > ${sinceMs - 900_000} and at_ms < ${untilMs} group by source`,
  );
  return new Map(rows.map(({ source, amount }) => [source, Number(amount)]));
}

async function enter(database: Database, groups: readonly Group[], options: RepriceOptions): Promise<void> {
  const uses = currentUse([...options.snapshot.limits.all()], options.nowMs);
  const budgets = byScope(
    uses.filter(({ claim }) => claim.kind === 'cost'),
    claimOf,
  );
  for (let at = 0; at < groups.length; at += BATCH) {
    const entries = groups.slice(at, at + BATCH).map((group) => entryOf(group, budgets, options));
    await writeEntries(database, (sql: SQL) => insertEntries(sql, entries, options.nowMs));
  }
}

function entryOf(
  { quarter, before, after }: Group,
  budgets: ByScope<WantedUse>,
  options: RepriceOptions,
): Entry {
  const amount = after - before;
  const { key_id: keyId, model, provider, team, user_name: userName, quarter_ms: atMs } = quarter;
  return {
    kind: options.backfills ? 'import' : 'reprice',
    atMs,
    keyId: keyId || undefined,
    team: team || undefined,
    userName: userName || undefined,
    model,
    provider,
    amount,
    reason: options.backfills ? 'cost of requests from before costs were kept' : 'other prices',
    actor: options.actor,
    source: sourceOf(quarter, options),
    externalId: crypto.randomUUID(),
    moves: movesOf(quarter, amount, budgets),
    quarter: { ...emptied(quarter), cost: amount },
  };
}

function emptied(quarter: QuarterRow): QuarterRow {
  return { ...quarter, ...NO_SUMS };
}

/** The budgets whose current window contains the quarter. */
function movesOf(quarter: QuarterRow, amount: number, budgets: ByScope<WantedUse>): Move[] {
  const { key_id: keyId, team_ids: teamIds, user_id: userId, model, quarter_ms: atMs } = quarter;
  return counting(budgets, { keyId, teamIds, userId, model }, claimOf).flatMap(({ claim, windowMs }) =>
    atMs >= windowMs ? [{ claim, windowMs, amount }] : [],
  );
}

const claimOf = ({ claim }: WantedUse): Claim => claim;
