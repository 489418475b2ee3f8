import { protocolNamed } from '../../protocols/by-path.ts';
import { carry } from '../../translation/carriage/carry.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest } from '../prepared-request.ts';
import { policyFor } from './translation-policy.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/** Builds a request for Claude at Bedrock or Vertex: the client's Messages body in the cloud's envelope. */
export function carriedRequest(
  context: AttemptContext,
  { operation }: ClientCall,
  carriage: 'bedrock' | 'vertex',
): PreparedRequest {
  const { planned, route, provider } = context;
  const { plan, request } = planned;
  const isCount = operation === 'count';
  const model = upstreamModelOf(planned, route);
  const carried = carry(
    plan.body,
    { carriage, model, betas: provider.anthropicBeta, midSystem: route.translation?.claude?.midSystem },
    {
      operation: isCount ? 'count' : 'generate',
      betas: request.headers.get('anthropic-beta') ?? undefined,
    },
  );
  const note = { pair: `messages>messages@${carriage}`, losses: carried.losses };
  const loss = carried.losses.refusing(policyFor(context));
  if (loss !== undefined)
    return { kind: 'unsuitable', loss: { path: loss.path, why: loss.why, isInvalid: false }, note };
  return {
    kind: 'ready',
    body: [carried.body],
    contentType: 'application/json',
    target: {
      api: 'messages',
      operation: isCount ? 'count' : 'generate',
      carriage,
      model,
      isStream: plan.isStream && !isCount,
      body: 'carried',
      betas: carried.betaHeader,
    },
    protocol: protocolNamed(isCount ? 'opaque' : 'anthropic-messages'),
    hidesUsage: false,
    reply: { from: 'messages', to: 'messages', note, how: { kind: 'carried', carriage, isCount } },
    note: carried.losses.count() > 0 ? note : undefined,
    isTrialOf: undefined,
  };
}
