import { z } from 'zod';
import { scopeIdOf } from '../config/compile/claim-maker.ts';
import { nextTurn } from '../lib/in-turns.ts';
import { limitView, windowTimes } from '../gateway/limits/limit-view.ts';
import type { Claim } from '../limits/claim.ts';
import type { ClaimStanding } from '../limits/claim-taking.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Answer, Call, Operation } from './operation.ts';
import { CURSOR, readCursor, writeCursor } from './page-cursor.ts';
import { parseQuery } from './request-query.ts';
import { limitFields } from './scope-limits.ts';
import { LIMIT_KINDS } from '../config/schema/limit-words.ts';

const query = z.strictObject({
  scope: z.string().max(500).optional().meta({
    description: 'Only limits of this scope: `global`, or as in `team:search`, `user:alice`, `key:app`.',
  }),
  over: z.coerce.number().min(0).max(1_000_000).optional().meta({
    description: 'Only limits of which at least this percentage is used or held.',
  }),
  kind: z.enum(LIMIT_KINDS).optional().meta({ description: 'Only limits of this kind, such as `cost`.' }),
  sort: z.enum(['used']).optional().meta({
    description:
      'The fullest limits first. There is no next page then. Default: the order of the configuration.',
  }),
  cursor: CURSOR,
  limit: z.coerce.number().int().min(1).max(1000).default(1000).meta({
    description: 'Maximum entries per page.',
  }),
});

const limitSchema = z
  .object({
    counter: z
      .string()
      .meta({ description: 'Identifier of the limit in `limits/adjust`, such as `team:search/cost/month`.' }),
    ...limitFields,
    scope_id: z
      .string()
      .meta({ description: 'The id of the team, user or key, or both ids of a pair. Empty for `global`.' }),
    name: z.string().meta({ description: 'The name of the scope.' }),
    models: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The public models that it counts; null: all.' }),
    hold: z.enum(['expected', 'maximum']),
    burst: z
      .number()
      .nullable()
      .meta({ description: 'null for limits without a period shorter than a day.' }),
    window: z
      .object({ start: z.string().nullable(), end: z.string().nullable() })
      .nullable()
      .meta({ description: 'Start and end of the window, in ISO 8601, UTC. null: no window.' }),
  })
  .meta({ id: 'Limit' });

/** Operations on the state of limits. */
export const limitOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/limits',
    id: 'listLimits',
    summary: 'Limits',
    description: 'The current state of every configured limit, except those of end users.',
    tag: 'limits',
    body: undefined,
    query,
    status: 200,
    answer: z.object({
      limits: z.array(limitSchema),
      next_cursor: z.string().nullable().meta({ description: 'For the next page; null: this is the last.' }),
    }),
    run: listLimits,
  },
];

/** Limits in one turn of the event loop, which take a few milliseconds: thousands of keys must not hold up requests. */
const LIMITS_A_TURN = 500;

async function listLimits({ store, services, query: given, now }: Call): Promise<Answer> {
  const asked = parseQuery(query, given);
  const { over, kind, cursor, limit } = asked;
  if (asked.sort === 'used') return fullest(asked, { store, services, now });
  const limits: JsonObject[] = [];
  let last: Claim | undefined;
  let hasMore = false;
  let looked = 0;
  for (const claim of claimsOf(asked.scope, store, lastCounter(cursor))) {
    if (++looked % LIMITS_A_TURN === 0) await nextTurn();
    if (kind !== undefined && claim.kind !== kind) continue;
    const standing = services.standing(claim);
    if (over !== undefined && shareOf(claim, standing) < over) continue;
    hasMore = limits.length === limit;
    if (hasMore) break;
    limits.push(viewOf(claim, standing, now.getTime()));
    last = claim;
  }
  const next = hasMore && last ? writeCursor('counter', last.counter) : null;
  return { version: undefined, body: { limits, next_cursor: next } };
}

/** Candidates for the page of the fullest limits, beyond the page, before the emptier ones are dropped. */
const MOST_SPARE = 4_000;

/** The limits of which most is used, without those that refuse everything. */
async function fullest(
  asked: z.output<typeof query>,
  { store, services, now }: Pick<Call, 'store' | 'services' | 'now'>,
): Promise<Answer> {
  const { scope, over = 0, kind, limit } = asked;
  let found: { claim: Claim; standing: ClaimStanding | undefined; share: number }[] = [];
  const cut = (): void => {
    found = found.sort((one, other) => other.share - one.share).slice(0, limit);
  };
  let looked = 0;
  for (const claim of claimsOf(scope, store)) {
    if (++looked % LIMITS_A_TURN === 0) await nextTurn();
    if (kind !== undefined && claim.kind !== kind) continue;
    const standing = services.standing(claim);
    const share = shareOf(claim, standing);
    if (share < over || claim.amount === 0) continue;
    found.push({ claim, standing, share });
    if (found.length === limit + MOST_SPARE) cut();
  }
  cut();
  const limits = found.map(({ claim, standing }) => viewOf(claim, standing, now.getTime()));
  return { version: undefined, body: { limits, next_cursor: null } };
}

/**
 * All limits, or those of the scope in the query. Ids are escaped in claims, and may be unescaped in the query. With a
 * counter only those behind it; none if it was deleted.
 */
function* claimsOf(wanted: string | undefined, store: Call['store'], after?: string): Generator<Claim> {
  let isBehind = after === undefined;
  for (const claim of claimsIn(wanted, store, after)) {
    if (isBehind) yield claim;
    else isBehind = claim.counter === after;
  }
}

function claimsIn(wanted: string | undefined, store: Call['store'], from?: string): Iterable<Claim> {
  const { limits } = store.snapshot();
  if (wanted === undefined) return limits.all(from);
  if (wanted === 'global') return limits.inScope('global:');
  const [kind = '', id = ''] = wanted.split(/:(.*)/s);
  const claims = limits.inScope(`${kind}:${id}`);
  return claims.length > 0 ? claims : limits.inScope(`${kind}:${scopeIdOf([id])}`);
}

/** The counter of the last limit of the previous page; undefined: this is the first page. */
function lastCounter(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : readCursor(cursor, /^counter\/([^]+)$/)[0];
}

/** The used and held percentage. A limit of 0 is always used up; an unknown limit counts as unused. */
function shareOf({ amount }: Claim, standing: ClaimStanding | undefined): number {
  if (standing === undefined) return 0;
  return amount === 0 ? Infinity : (100 * (standing.used + standing.held)) / amount;
}

function viewOf(claim: Claim, standing: ClaimStanding | undefined, epochMs: number): JsonObject {
  const { counter, scopeId, name, models, hold, burst, kind } = claim;
  return {
    counter,
    ...limitView(claim, standing, epochMs),
    scope_id: scopeId,
    name,
    models: models ?? null,
    hold,
    burst: burst === undefined ? null : kind === 'cost' ? burst / 1e9 : burst,
    window: windowTimes(claim, epochMs) ?? null,
  };
}
