import type { SQL } from 'bun';
import { NOW } from '../../store/database-clock.ts';

/*
 * The claims of lost nodes that count as spent are rows of `leases` under names of their own, since what such a node told to
 * have used is replaced when it is back.
 */

const MARK = '#lost.';
/** A life that no node reaches: all of its lives are before this one. */
export const LAST_LIFE = Number.MAX_SAFE_INTEGER;
/** A pattern for these names. */
export const LOST_NAMES = `%${MARK}%`;

/** The name under which the claims of a life of a node count as spent. */
export function lostOf(node: string, life: number): string {
  return `${node}${MARK}${life}`;
}

/** Turns the claims of a node into use that counts as spent. They have to be freed in the same transaction. */
export async function spendClaims(sql: SQL, node: string): Promise<void> {
  await sql`insert into leases (counter, window_ms, node, life, seq, pending, claim, at_ms)
    select counter, window_ms, ${node} || ${MARK} || life, life, 0, claim, 0, at_ms from leases
    where node = ${node} and claim > 0
    on conflict (counter, window_ms, node) do update set pending = excluded.pending`;
}

/** A claim of a lost node, in a store that may lose it. */
export interface LostClaim {
  readonly counter: string;
  readonly windowMs: number;
  readonly claim: number;
  /** How long the store would keep the counter. */
  readonly lastsMs: number;
}

/** Notes claims of a life that are about to count as spent. Noting them again changes nothing. */
export async function noteLost(
  sql: SQL,
  { node, life }: { readonly node: string; readonly life: number },
  claims: readonly LostClaim[],
): Promise<void> {
  const short = claims.map(({ counter: c, windowMs: w, claim: h, lastsMs: t }) => ({ c, w, h, t }));
  const rows = JSON.stringify(short);
  await sql`insert into shared_windows (counter, window_ms, end_ms, recall_ms)
    select c, w, ${NOW(sql)} + t, 0 from jsonb_to_recordset((${rows}::text)::jsonb) as x(c text, w bigint, t bigint)
    order by c collate "C", w on conflict do nothing`;
  await sql`insert into leases (counter, window_ms, node, life, seq, pending, claim, at_ms)
    select c, w, ${lostOf(node, life)}, ${life}, 0, h, 0, ${NOW(sql)}
    from jsonb_to_recordset((${rows}::text)::jsonb) as x(c text, w bigint, h bigint)
    on conflict (counter, window_ms, node) do update set pending = greatest(leases.pending, excluded.pending)`;
}

/** A counter in which a claim counts as spent, and the name under which it does. */
export interface LostCounter {
  readonly counter: string;
  readonly windowMs: number;
  readonly name: string;
}

/** The counters in which claims of a node's lives before this one count as spent. */
export async function countersOfLost(sql: SQL, node: string, life: number): Promise<LostCounter[]> {
  const rows: Record<string, unknown>[] = await sql`select counter, window_ms, node from leases
    where starts_with(node, ${node + MARK}) and life < ${life}`;
  return rows.map((row) => ({
    counter: String(row['counter']),
    windowMs: Number(row['window_ms']),
    name: String(row['node']),
  }));
}

/** Deletes what was noted of a life that is not lost. */
export async function dropNoted(sql: SQL, node: string, life: number): Promise<void> {
  await sql`delete from leases where node = ${lostOf(node, life)}`;
}

/** Frees what counts as spent for the lives of a node before this one. */
export async function freeLost(sql: SQL, node: string, life: number): Promise<void> {
  await sql`delete from leases where starts_with(node, ${node + MARK}) and life < ${life}`;
}

const KEPT_MS = 2 * 86_400_000;

/** Deletes the windows that ended a while ago. */
export async function pruneWindows(sql: SQL): Promise<void> {
  await sql`delete from leases l using shared_windows w
    where l.counter = w.counter and l.window_ms = w.window_ms and w.end_ms < ${NOW(sql)} - ${KEPT_MS}::bigint`;
  await sql`delete from shared_windows where end_ms < ${NOW(sql)} - ${KEPT_MS}::bigint`;
}
