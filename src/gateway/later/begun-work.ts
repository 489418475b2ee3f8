import type { Attribution } from '../attribution.ts';
import type { RequestEnd, ServedRequest } from '../settle.ts';
import type { LaterOwners } from './later-costs.ts';
import { laterKind } from './later-kind.ts';

/** Remembers what a request was charged whose provider goes on with its work. `id` is the provider's. */
export function noteBegun({ planned, execution, gateway }: ServedRequest, id: string, end: RequestEnd): void {
  const kind = laterKind(planned);
  const last = execution.history.at(-1);
  if (kind === undefined || last === undefined || end.ending === 'failed') return;
  // A stream that was read to its end has reported the usage.
  if (kind === 'response' && !end.isUsageEstimated) return;
  const { attribution, key, plan } = planned;
  const { inputTokens = 0, outputTokens = 0 } = end.usage ?? {};
  gateway.later?.()?.note({
    type: 'begun',
    work: {
      id,
      kind,
      provider: last.route.provider,
      upstreamModel: last.route.upstreamModel ?? last.model,
      model: plan.model.name,
      owners: ownersOf(attribution, key?.name),
      atMs: gateway.clock.epochMs(),
      charged: { nano: end.cost?.nano, inputTokens, outputTokens },
    },
  });
}

function ownersOf(attribution: Attribution, keyName = ''): LaterOwners {
  const {
    keyId = '',
    team = '',
    teamPath = '',
    teamIds = '',
    userId = '',
    user: userName = '',
  } = attribution;
  const tags = attribution.tags === undefined ? '' : JSON.stringify(attribution.tags);
  return { keyId, keyName, team, teamPath, teamIds, userId, userName, tags };
}
