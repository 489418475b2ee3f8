import { z } from 'zod';
import { claimsIn } from '../config/claims-in-scope.ts';
import { limitView } from '../gateway/limits/limit-view.ts';
import type { ScopeKind } from '../limits/claim.ts';
import { LIMIT_KINDS } from '../config/schema/limit-words.ts';
import type { JsonObject } from '../store/revision.ts';
import type { Call } from './operation.ts';

const AMOUNT = z.number().nullable();

/** The fields of a limit in answers. */
export const limitFields = {
  id: z.string().meta({ description: 'Unique among the limits of its scope, such as `cost/month`.' }),
  scope: z.enum(['global', 'team', 'team_user', 'user', 'key', 'end_user']),
  kind: z.enum(LIMIT_KINDS),
  per: z.string().nullable().meta({ description: 'null for limits on requests in flight.' }),
  amount: z.number().meta({ description: 'Dollars, tokens, requests, or requests under way.' }),
  used: AMOUNT.meta({ description: 'null, here and below: not known at the moment.' }),
  held: AMOUNT.meta({ description: 'Reserved for requests under way.' }),
  remaining: AMOUNT,
  resets_at: z.string().nullable().meta({ description: 'ISO 8601, UTC.' }),
  on_exceed: z.enum(['refuse', 'warn']),
  counted_by: z.enum(['this machine', 'all machines']).meta({
    description: 'Whether each replica counts for itself, or all together (`shared_state`).',
  }),
};

/** The state of the limits of a team, user or key. */
export const USAGE = {
  usage: z
    .array(z.object(limitFields).meta({ id: 'LimitUsage' }))
    .optional()
    .meta({ description: 'The current state of each limit of its own. Omitted in answers to writes.' }),
};

/** Returns the state of the limits of one team, user or key. */
export function usageOf(
  { store, services, now }: Pick<Call, 'store' | 'services' | 'now'>,
  scope: ScopeKind,
  id: string,
): readonly JsonObject[] {
  return claimsIn(store.snapshot().limits, scope, [id]).map((claim) =>
    limitView(claim, services.standing(claim), now.getTime()),
  );
}
