import { nextTurn } from '../../lib/in-turns.ts';
import { protocolNamed } from '../../protocols/by-path.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import { carry } from '../../translation/carriage/carry.ts';
import type { Conversation, ProviderApi } from '../../translation/conversation.ts';
import { countable } from '../../translation/estimate.ts';
import type { Exchange, Target } from '../../translation/exchange.ts';
import { createLossList, type LossList } from '../../translation/losses.ts';
import { translationFor, type Translation } from '../../translation/pair.ts';
import { remoteMedia, withFetchedMedia } from '../../translation/remote-media.ts';
import type { RouteSpeech } from '../../translation/targets.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import { tokensIn } from '../../usage/estimate-usage.ts';
import { shownModel } from '../answer-model.ts';
import type { ClientCall } from './client-call.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from '../prepared-request.ts';
import type { LazyConversation } from './lazy-conversation.ts';
import type { PlannedRequest } from '../request-context.ts';
import { mediaAccessFor } from './media-access.ts';
import { policyFor } from './translation-policy.ts';
import { upstreamModelOf } from '../upstream-model.ts';

type Speech = Extract<RouteSpeech, { kind: 'translate' }>;

/**
 * Translates the request into the provider's API. Calls `speechOf` again once it is known whether the request defines
 * functions.
 */
export async function translatedRequest(
  context: AttemptContext,
  call: ClientCall,
  speechOf: (hasFunctionTools: boolean) => RouteSpeech,
  isTrialOf?: ClientCall,
): Promise<PreparedRequest> {
  const { planned } = context;
  const reading = await conversationOf(planned).read(call.api, planned.id);
  if (reading.kind === 'invalid') {
    const { path, message } = reading;
    return { kind: 'unsuitable', loss: { path, why: message, isInvalid: true }, note: undefined };
  }
  const speech = speechOf(reading.conversation.tools.length > 0);
  if (speech.kind !== 'translate') throw new Error('a route stopped translating while it was asked');
  const target = targetOf(context, speech);
  const translation = await translationFor(call.api, target.api, target);
  const estimate = (): Promise<PreparedRequest> => estimated(context, reading.conversation, translation);
  if (call.operation === 'count' && !counts(translation, target)) return estimate();
  const conversation = await withMedia(context, reading.conversation, target);
  const { isLarge } = conversationOf(planned);
  if (isLarge) await nextTurn();
  const written = translation.request(conversation, {
    requestId: planned.id,
    now: Math.floor(context.gateway.clock.epochMs() / 1000),
    answerModel: shownModel(planned),
  });
  if (written.kind === 'unsuitable') {
    const losses = createLossList();
    for (const loss of written.losses) losses.add(loss);
    const { path, why } = written.loss;
    return {
      kind: 'unsuitable',
      loss: { path, why, isInvalid: false },
      note: { pair: translation.pair, losses },
    };
  }
  if (isLarge) await nextTurn();
  const prepared = ready(
    context,
    call,
    { translation, target, exchange: written.exchange, text: written.body },
    isTrialOf,
  );
  return call.operation === 'count' ? { ...prepared, estimate } : prepared;
}

/** Adds the files that the target requires as bytes, if the configuration allows the gateway to fetch them. */
async function withMedia(
  context: AttemptContext,
  conversation: Conversation,
  target: Target,
): Promise<Conversation> {
  const access = mediaAccessFor(context);
  const wanted = access === undefined ? [] : remoteMedia(conversation, target);
  if (access === undefined || wanted.length === 0) return conversation;
  const files = await conversationOf(context.planned).media.fetch(wanted, access);
  return withFetchedMedia(conversation, files);
}

function conversationOf({ plan }: PlannedRequest): LazyConversation {
  if (plan.conversation === undefined) throw new Error('the request is of no API that is translated');
  return plan.conversation;
}

interface Written {
  readonly translation: Translation;
  readonly target: Target;
  readonly exchange: Exchange;
  readonly text: string;
}

// oxlint-disable-next-line max-params -- an attempt's request, and what it is remembered by
function ready(
  { route, provider }: AttemptContext,
  call: ClientCall,
  { translation, target, exchange, text }: Written,
  isTrialOf: ClientCall | undefined,
): ReadyRequest {
  const { api, carriage, model } = target;
  const { losses } = exchange;
  const isCount = call.operation === 'count';
  let body: Uint8Array = new TextEncoder().encode(text);
  let betas: string | undefined;
  if (api === 'messages' && carriage !== undefined) {
    const midSystem = route.translation?.claude?.midSystem;
    const carried = carry(
      body,
      { carriage, model, betas: provider.anthropicBeta, midSystem },
      { operation: isCount ? 'count' : 'generate' },
    );
    for (const loss of carried.losses.all()) losses.add(loss);
    body = carried.body;
    betas = carried.betaHeader;
  }
  const note = { pair: translation.pair, losses };
  return {
    kind: 'ready',
    body: [body],
    contentType: 'application/json',
    target: {
      api,
      operation: isCount ? 'count' : 'generate',
      carriage,
      model,
      isStream: exchange.conversation.stream && !isCount,
      body: 'translated',
      betas,
    },
    // A token count is not an answer of the API, so its protocol is opaque.
    protocol: isCount ? protocolNamed('opaque') : protocolOf(api),
    hidesUsage: false,
    reply: { from: api, to: call.api, note, how: { kind: 'written', translation, exchange, carriage } },
    note,
    isTrialOf,
  };
}

/** Returns the protocol of the provider's API, for what is read besides its translation. */
function protocolOf(api: ProviderApi): Protocol {
  switch (api) {
    case 'chat':
      return protocolNamed('openai-chat');
    case 'responses':
      return protocolNamed('openai-responses');
    case 'messages':
      return protocolNamed('anthropic-messages');
    case 'gemini':
    case 'converse':
      return protocolNamed('opaque');
  }
}

function targetOf(context: AttemptContext, { api, carriage, dialect }: Speech): Target {
  const { planned, route, provider } = context;
  const { signatureIds } = planned.snapshot.translation(planned.plan.model.name, provider);
  const { maxOutputTokens, efforts, claude } = route.translation ?? {};
  return {
    provider: provider.name,
    api,
    carriage,
    model: upstreamModelOf(planned, route),
    dialect,
    apiVersion: provider.speaks.apiVersion,
    policy: policyFor(context),
    maxOutputTokens,
    efforts,
    claude,
    autoCache: provider.autoCache,
    signatureIds,
  };
}

/** Whether the provider counts tokens itself. Bedrock does so only for requests in the Messages API. */
function counts({ provider }: Translation, { api, carriage }: Target): boolean {
  if (provider.writeCount === undefined || provider.readCount === undefined) return false;
  return api !== 'responses' || carriage === undefined;
}

/** Answers a token count with the gateway's own tokenizer. A header field marks it as an estimate. */
async function estimated(
  { gateway }: AttemptContext,
  conversation: Conversation,
  translation: Translation,
): Promise<PreparedRequest> {
  const { texts, extra } = countable(conversation);
  const text = texts.join('\n');
  const tokens = extra + (await tokensIn({ sample: text, chars: text.length }, gateway.tokens));
  const losses: LossList = createLossList();
  const headers = new Headers({ 'content-type': 'application/json', 'x-llm-proxy-estimated': 'true' });
  const bytes = new TextEncoder().encode(translation.client.writeCount?.(tokens) ?? '{}');
  const answer = { kind: 'whole', status: 200, headers, bytes, usage: undefined, text: NO_TEXT } as const;
  return { kind: 'answered', answer, note: { pair: translation.pair, losses } };
}
