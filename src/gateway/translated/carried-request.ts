import { protocolNamed } from '../../protocols/by-path.ts';
import {
  type Carried,
  type CarriageRequest,
  type CarriageTarget,
  carry,
} from '../../translation/carriage/carry.ts';
import type { FetchedByPath } from '../../translation/remote-media.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest } from '../prepared-request.ts';
import { mediaAccessFor } from './media-access.ts';
import { revivedLosses } from './thread/sent-exchange.ts';
import { GIVEN_UP, THREAD_BYTES, type Translator } from './thread/translation-thread.ts';
import { policyFor } from './translation-policy.ts';
import { estimateInSameApi } from './translated-request.ts';
import { upstreamModelOf } from '../upstream-model.ts';

/**
 * Builds a request for Claude at Bedrock or Vertex: the client's Messages body in the cloud's envelope. Returns a promise
 * only if files are fetched or the
 * body is large.
 */
export function carriedRequest(
  context: AttemptContext,
  call: ClientCall,
  carriage: Carriage,
): PreparedRequest | Promise<PreparedRequest> {
  const { translator } = context.gateway;
  if (translator !== undefined && context.planned.plan.body.byteLength > THREAD_BYTES)
    return carriedInThread(context, call, carriage, translator);
  const carried = carry(context.planned.plan.body, ...howToCarry(context, call, carriage, undefined));
  const access = carried.remote.length === 0 ? undefined : mediaAccessFor(context);
  const media = context.planned.plan.conversation?.media;
  if (access === undefined || media === undefined) return wrapped(context, call, carriage, carried);
  return media
    .fetch(carried.remote, access)
    .then((files) =>
      wrapped(
        context,
        call,
        carriage,
        carry(context.planned.plan.body, ...howToCarry(context, call, carriage, files)),
      ),
    );
}

type Carriage = 'bedrock' | 'vertex';

// oxlint-disable-next-line max-params -- an attempt's request, and where it is done
async function carriedInThread(
  context: AttemptContext,
  call: ClientCall,
  carriage: Carriage,
  translator: Translator,
): Promise<PreparedRequest> {
  const { plan, request } = context.planned;
  const inThread = async (files: FetchedByPath | undefined): Promise<Carried | undefined> => {
    const [target, how] = howToCarry(context, call, carriage, files);
    const on = { bytes: plan.body, signal: request.signal };
    const carried = await translator.run('carry', { target, request: how }, on);
    return carried && { ...carried, losses: revivedLosses(carried.losses) };
  };
  let carried = await inThread(undefined);
  const access = carried === undefined || carried.remote.length === 0 ? undefined : mediaAccessFor(context);
  if (carried !== undefined && access !== undefined && plan.conversation !== undefined)
    carried = await inThread(await plan.conversation.media.fetch(carried.remote, access));
  if (carried !== undefined) return wrapped(context, call, carriage, carried);
  const { path, message } = GIVEN_UP;
  return { kind: 'unsuitable', loss: { path, why: message, isInvalid: true }, note: undefined };
}

// oxlint-disable-next-line max-params -- an attempt's request, and what was fetched for it
function howToCarry(
  { planned, route, provider }: AttemptContext,
  { operation }: ClientCall,
  carriage: Carriage,
  files: FetchedByPath | undefined,
): [CarriageTarget, CarriageRequest] {
  const model = upstreamModelOf(planned, route);
  const midSystem = route.translation?.claude?.midSystem;
  return [
    { carriage, model, betas: provider.anthropicBeta, midSystem },
    {
      operation: operation === 'count' ? 'count' : 'generate',
      betas: planned.request.headers.get('anthropic-beta') ?? undefined,
      files,
    },
  ];
}

// oxlint-disable-next-line max-params -- an attempt's request, and its body
function wrapped(
  context: AttemptContext,
  call: ClientCall,
  carriage: Carriage,
  carried: Carried,
): PreparedRequest {
  const { plan } = context.planned;
  const isCount = call.operation === 'count';
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
    estimate: isCount ? () => estimateInSameApi(context, call, { carriage, dialect: 'generic' }) : undefined,
  };
}
