import type { SQL } from 'bun';
import type { Database } from '../../store/database.ts';
import { QUARTER_SUMS } from './quarter.ts';
import { floor, LONGEST_MS, readSummed, SUM_STEPS_MS, type Summed } from './sum-steps.ts';

/** A step whose sum is missing. */
interface Missing {
  readonly stepMs: number;
  readonly fromMs: number;
}

export interface RollUpOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Older quarters are not summed. */
  readonly keptMs: number;
  /** Whether to stop before the next step. */
  readonly isStopped: () => boolean;
  /** The share of the time in which the database may work for this, up to 1. */
  readonly share: number;
}

/** Requests that ended this long ago are usually stored. Later ones make a sum be computed again. */
const SETTLED_MS = 300_000;

/**
 * Sums up the quarters by the hour, 4 hours, day and 8 days, where such a sum is missing: the newest first, one step per
 * transaction, with pauses. Throws `StoreUnavailable`.
 */
export async function rollUp(database: Database, options: RollUpOptions): Promise<void> {
  for (const [level] of SUM_STEPS_MS.entries()) {
    for (const missing of await missingAt(database, level, options)) {
      if (options.isStopped()) return;
      const startMs = performance.now();
      await database.writeSlowly((sql) => sumStep(sql, missing, database));
      await Bun.sleep((performance.now() - startMs) * (1 / options.share - 1));
    }
  }
}

async function missingAt(
  database: Database,
  level: number,
  { nowMs, keptMs }: RollUpOptions,
): Promise<Missing[]> {
  const stepMs = SUM_STEPS_MS[level] ?? 0;
  const { summed, span } = await database.read(async (sql) => {
    const [edge]: { first: number | string | null }[] = await sql`select min(quarter_ms) as first
      from spend_quarters where quarter_ms >= ${nowMs - keptMs}`;
    const span = { sinceMs: floor(Number(edge?.first ?? Infinity), LONGEST_MS), untilMs: nowMs - SETTLED_MS };
    if (!(span.sinceMs < span.untilMs)) return { summed: undefined, span };
    return { summed: await readSummed(sql, span), span };
  });
  if (summed === undefined) return [];
  const missing: Missing[] = [];
  for (let fromMs = floor(span.untilMs, stepMs) - stepMs; fromMs >= span.sinceMs; fromMs -= stepMs)
    if (!summed.has(stepMs, fromMs) && hasParts(summed, { stepMs, fromMs })) missing.push({ stepMs, fromMs });
  return missing;
}

/** Whether all sums of the next shorter step are there, of which this one is made. */
function hasParts(summed: Summed, { stepMs, fromMs }: Missing): boolean {
  const partMs = partOf(stepMs);
  if (partMs === undefined) return true;
  for (let at = fromMs; at < fromMs + stepMs; at += partMs) if (!summed.has(partMs, at)) return false;
  return true;
}

/** The next shorter step; undefined: quarters. */
function partOf(stepMs: number): number | undefined {
  return SUM_STEPS_MS[SUM_STEPS_MS.findIndex((step) => step === stepMs) - 1];
}

const NAMES = ['key_name', 'team', 'team_path', 'team_ids', 'user_id', 'user_name', 'tags'] as const;
const KEYS = ['key_id', 'model', 'provider', 'end_bucket'] as const;
const COLUMNS = ['step_s', 'from_ms', ...KEYS, ...NAMES, ...QUARTER_SUMS].join(', ');
const SUMS = [...NAMES.map((name) => `min(${name})`), ...QUARTER_SUMS.map((name) => `sum(${name})`)].join(
  ', ',
);

/** Stores the sum of one step, unless its parts have changed meanwhile. */
async function sumStep(sql: SQL, { stepMs, fromMs }: Missing, { dialect }: Database): Promise<void> {
  // No quarter changes until the sum is stored. Only the ledger writes them, and it can wait.
  if (dialect.kind === 'postgres') {
    await sql.unsafe(`set local lock_timeout = '${LOCK_MS}ms'`);
    await sql`lock table spend_quarters in share row exclusive mode`;
  }
  const partMs = partOf(stepMs);
  const untilMs = fromMs + stepMs;
  const summed = await readSummed(sql, { sinceMs: fromMs, untilMs });
  if (summed.has(stepMs, fromMs) || !hasParts(summed, { stepMs, fromMs })) return;
  const stepS = stepMs / 1000;
  await sql`delete from spend_sums where step_s = ${stepS} and from_ms = ${fromMs}`;
  const from =
    partMs === undefined
      ? `spend_quarters where quarter_ms >= ${fromMs} and quarter_ms < ${untilMs}`
      : `spend_sums where step_s = ${partMs / 1000} and from_ms >= ${fromMs} and from_ms < ${untilMs}`;
  await sql.unsafe(
    `insert into spend_sums (${COLUMNS}) select ${stepS}, ${fromMs}, ${KEYS.join(', ')}, ${SUMS} from ${from} group by ${KEYS.join(', ')}`,
  );
  await sql`insert into spend_summed (from_ms, step_s) values (${fromMs}, ${stepS})`;
}

const LOCK_MS = 2000;

/** Deletes the sums of steps that ended before a time. */
export async function pruneSums(sql: SQL, beforeMs: number): Promise<void> {
  for (const stepMs of SUM_STEPS_MS) {
    const before = floor(beforeMs, stepMs) - stepMs;
    await sql`delete from spend_summed where step_s = ${stepMs / 1000} and from_ms <= ${before}`;
    await sql`delete from spend_sums where step_s = ${stepMs / 1000} and from_ms <= ${before}`;
  }
}
