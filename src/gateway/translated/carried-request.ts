import { protocolNamed } from '../../protocols/by-path.ts';
import { type Carried, carry } from '../../translation/carriage/carry.ts';
import type { FetchedByPath } from '../../translation/remote-media.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest } from '../prepared-request.ts';
import { mediaAccessFor } from './media-access.ts';
import { policyFor } from './translation-policy.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/**
 * Builds a request for Claude at Bedrock or Vertex: the client's Messages body in the cloud's envelope. Returns a promise
 * only if files are fetched.
 */
export function carriedRequest(
  context: AttemptContext,
  call: ClientCall,
  carriage: Carriage,
): PreparedRequest | Promise<PreparedRequest> {
  const carried = carriedBody(context, call, carriage, undefined);
  const access = carried.remote.length === 0 ? undefined : mediaAccessFor(context);
  const media = context.planned.plan.conversation?.media;
  if (access === undefined || media === undefined) return wrapped(context, call, carriage, carried);
  return media
    .fetch(carried.remote, access)
    .then((files) => wrapped(context, call, carriage, carriedBody(context, call, carriage, files)));
}

type Carriage = 'bedrock' | 'vertex';

// oxlint-disable-next-line max-params -- an attempt's request, and what was fetched for it
function carriedBody(
  { planned, route, provider }: AttemptContext,
  { operation }: ClientCall,
  carriage: Carriage,
  files: FetchedByPath | undefined,
): Carried {
  const model = upstreamModelOf(planned, route);
  return carry(
    planned.plan.body,
    { carriage, model, betas: provider.anthropicBeta, midSystem: route.translation?.claude?.midSystem },
    {
      operation: operation === 'count' ? 'count' : 'generate',
      betas: planned.request.headers.get('anthropic-beta') ?? undefined,
      files,
    },
  );
}

// oxlint-disable-next-line max-params -- an attempt's request, and its body
function wrapped(
  context: AttemptContext,
  { operation }: ClientCall,
  carriage: Carriage,
  carried: Carried,
): PreparedRequest {
  const { plan } = context.planned;
  const isCount = operation === 'count';
  const model = upstreamModelOf(context.planned, context.route);
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
