import type { SQL } from 'bun';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import { windowOf } from '../../limits/window.ts';
import { QUARTER_MS } from './quarter.ts';
import { coverOf, placeOf, readSummed, type SumRange } from './sum-steps.ts';
import { byScope, counting, type UseOwners } from './counting-claims.ts';

/** A limit and the start of the window whose use is wanted. */
export interface WantedUse {
  readonly claim: Claim;
  readonly windowMs: number;
}

/** The windows of these limits that contain a moment. Buckets have none. */
export function* currentUse(claims: Iterable<Claim>, epochMs: number): Generator<WantedUse> {
  for (const claim of claims) {
    const { period } = claim;
    if (period !== undefined && !isBucketPeriod(period))
      yield { claim, windowMs: windowOf(period, epochMs).startMs };
  }
}

/** The use that nodes have counted in a window, and the part of it that entries moved. */
export interface CountedUse {
  readonly used: number;
  readonly entered: number;
}

/** Reads what all nodes have counted in some windows. Those without a row are left out. */
export async function countedUse(
  sql: SQL,
  wanted: readonly WantedUse[],
): Promise<Map<WantedUse, CountedUse>> {
  const found = new Map<WantedUse, CountedUse>();
  for (let at = 0; at < wanted.length; at += MOST_VALUES) {
    const part = wanted.slice(at, at + MOST_VALUES);
    const byKey = new Map(part.map((one) => [`${one.windowMs} ${one.claim.counter}`, one]));
    const rows: Record<'counter' | 'window_ms' | 'used' | 'entered', number | string>[] =
      await sql`select counter, window_ms, sum(used) as used, sum(case when node = '' then used else 0 end) as entered
        from counter_windows where counter in ${sql(part.map(({ claim }) => claim.counter))}
        group by counter, window_ms`;
    for (const { counter, window_ms, used, entered } of rows) {
      const one = byKey.get(`${Number(window_ms)} ${counter}`);
      if (one !== undefined) found.set(one, { used: Number(used), entered: Number(entered) });
    }
  }
  return found;
}

/** A statement takes a limited number of values. */
const MOST_VALUES = 1000;

/**
 * Sums the past use of the windows of some limits from the quarters: for new limits, and for those whose time zone or
 * filter changed. Limits of end users cannot be summed.
 */
export async function sumPastUse(sql: SQL, wanted: readonly WantedUse[]): Promise<Map<WantedUse, number>> {
  const sums = new Map<WantedUse, number>();
  for (const [windowMs, list] of Map.groupBy(wanted, (one) => one.windowMs)) {
    const groups = await groupsSince(sql, windowMs);
    if (groups.length === 0) continue;
    const index = byScope(list, claimOf);
    for (const group of groups) {
      for (const one of counting(index, group, claimOf)) {
        sums.set(one, (sums.get(one) ?? 0) + amountIn(one.claim, group));
      }
    }
  }
  return sums;
}

const claimOf = ({ claim }: WantedUse): Claim => claim;

interface Group extends UseOwners {
  readonly requests: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost: number;
}

type Column = 'key_id' | 'team_ids' | 'user_id' | 'model';
type SumColumn = 'requests' | 'input' | 'cached' | 'output' | 'cost';

async function groupsSince(sql: SQL, sinceMs: number): Promise<Group[]> {
  const [edge]: { first: number | string | null; last: number | string | null }[] = await sql`select
      (select min(quarter_ms) from spend_quarters where quarter_ms >= ${sinceMs}) as first,
      (select max(quarter_ms) from spend_quarters where quarter_ms >= ${sinceMs}) as last`;
  if (edge === undefined || edge.first === null) return [];
  const span = { sinceMs: Number(edge.first), untilMs: Number(edge.last) + QUARTER_MS };
  const { edges, days } = coverOf(span, await readSummed(sql, span));
  const rows: (Record<Column, string> & Record<SumColumn, number | string>)[] = await sql.unsafe(`
    select key_id, team_ids, user_id, model, sum(sign * (requests - refused)) as requests,
      sum(sign * input_tokens) as input, sum(sign * cached_tokens) as cached, sum(sign * output_tokens) as output,
      sum(sign * cost) as cost
    from (${[...edges, ...days].map(rowsOf).join(' union all ')}) as parts group by key_id, team_ids, user_id, model`);
  return rows.map((row) => ({
    keyId: row.key_id,
    teamIds: row.team_ids,
    userId: row.user_id,
    model: row.model,
    requests: Number(row.requests),
    input: Number(row.input),
    cached: Number(row.cached),
    output: Number(row.output),
    cost: Number(row.cost),
  }));
}

function rowsOf(range: SumRange): string {
  const { table, where } = placeOf(range);
  return `select ${range.sign} as sign, key_id, team_ids, user_id, model, requests, refused, input_tokens, cached_tokens,
    output_tokens, cost from ${table} where ${where}`;
}

function amountIn({ kind, countsCached }: Claim, group: Group): number {
  const input = countsCached ? group.input : Math.max(0, group.input - group.cached);
  switch (kind) {
    case 'cost':
      return group.cost;
    case 'tokens':
      return input + group.output;
    case 'input_tokens':
      return input;
    case 'output_tokens':
      return group.output;
    case 'requests':
      return group.requests;
    case 'concurrent':
      return 0;
  }
}

/** Writes the use of limits from before they were counted, unless another process has. */
export async function insertPastUse(
  sql: SQL,
  sums: ReadonlyMap<WantedUse, number>,
  nowMs: number,
): Promise<void> {
  const rows = [...sums]
    .filter(([, used]) => used !== 0)
    .map(([{ claim, windowMs }, used]) => ({
      counter: claim.counter,
      window_ms: windowMs,
      node: '',
      used,
      seq: 0,
      updated_ms: nowMs,
    }));
  for (let at = 0; at < rows.length; at += MOST_VALUES)
    await sql`insert into counter_windows ${sql(rows.slice(at, at + MOST_VALUES))} on conflict do nothing`;
}
