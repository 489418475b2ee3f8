import { protocolNamed } from '../../protocols/by-path.ts';
import type { Protocol } from '../../protocols/protocol.ts';
import { NO_TEXT } from '../../protocols/text.ts';
import type { ProviderApi } from '../../translation/conversation.ts';
import type { Target } from '../../translation/exchange.ts';
import { createLossList } from '../../translation/losses.ts';
import { translationFor } from '../../translation/pair.ts';
import type { RequestReading } from '../../translation/sides.ts';
import type { RouteSpeech } from '../../translation/targets.ts';
import { tokensIn } from '../../usage/estimate-usage.ts';
import { shownModel } from '../answer-model.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from '../prepared-request.ts';
import type { PlannedRequest } from '../request-context.ts';
import { upstreamModelOf } from '../upstream-model.ts';
import type { ClientCall } from './client-call.ts';
import type { LazyConversation } from './lazy-conversation.ts';
import { mediaAccessFor } from './media-access.ts';
import { type BodyOrder, type RequestBody, writeRequestBody } from './request-body.ts';
import { revivedExchange } from './thread/sent-exchange.ts';
import { GIVEN_UP, THREAD_BYTES, type Translator } from './thread/translation-thread.ts';
import { policyFor } from './translation-policy.ts';

/**
 * Translates the request into the provider's API. `speechOf` is asked with and without tools, on which the API may
 * depend. Large bodies are translated in a thread.
 */
export async function translatedRequest(
  context: AttemptContext,
  call: ClientCall,
  speechOf: (hasFunctionTools: boolean) => RouteSpeech,
  isTrialOf?: ClientCall,
): Promise<PreparedRequest> {
  const targetFor = (hasTools: boolean): Target => targetOf(context, speechOf(hasTools));
  const asked = { context, call, targetFor };
  const isCount = call.operation === 'count';
  const written = await requestBody(asked, isCount ? 'count' : 'answer');
  if (written.kind !== 'written') return unsent(written, asked);
  const prepared = await ready(asked, written, isTrialOf);
  return isCount ? { ...prepared, estimate: () => estimateOf(asked) } : prepared;
}

/** Estimates the tokens of a count whose provider has the client's API, but no method to count. */
export async function estimateInSameApi(
  context: AttemptContext,
  call: ClientCall,
  speech: Pick<Speech, 'carriage' | 'dialect'>,
): Promise<PreparedRequest> {
  const { api } = call;
  if (api === 'completions' || api === 'embeddings') throw new Error(`${api} has no counts`);
  const targetFor = (): Target => targetOf(context, { ...speech, kind: 'translate', api });
  return { ...(await estimateOf({ context, call, targetFor })), note: undefined };
}

async function estimateOf(asked: Asked): Promise<Exclude<PreparedRequest, { kind: 'ready' }>> {
  const estimated = await requestBody(asked, 'estimate');
  if (estimated.kind === 'written') throw new Error('an estimate was written as a request');
  return unsent(estimated, asked);
}

type Speech = Extract<RouteSpeech, { kind: 'translate' }>;

/** A call, and the target to translate it for, with and without tools. */
interface Asked {
  readonly context: AttemptContext;
  readonly call: ClientCall;
  readonly targetFor: (hasTools: boolean) => Target;
}

type Written = Extract<RequestBody, { kind: 'written' }>;
type Unsent = Exclude<RequestBody, { kind: 'written' | 'remote' }> | Invalid;
type Invalid = Exclude<RequestReading, { kind: 'read' }>;

/** Reads the request and writes it, with the files that the target takes only as bytes if they may be fetched. */
async function requestBody(asked: Asked, wanted: BodyOrder['wanted']): Promise<Written | Unsent> {
  const { context } = asked;
  const { planned, provider, route } = context;
  const access = mediaAccessFor(context);
  const order: BodyOrder = {
    facts: {
      requestId: planned.id,
      now: Math.floor(context.gateway.clock.epochMs() / 1000),
      answerModel: shownModel(planned),
    },
    wanted,
    betas: provider.anthropicBeta,
    midSystem: route.translation?.claude?.midSystem,
    files: access === undefined ? undefined : 'wanted',
  };
  const written = await readAndWrite(asked, order);
  if (written.kind !== 'remote') return written;
  if (access === undefined) throw new Error('files were asked for that may not be fetched');
  const files = await conversationOf(planned).media.fetch(written.media, access);
  const complete = await readAndWrite(asked, { ...order, files });
  if (complete.kind === 'remote') throw new Error('files were asked for again');
  return complete;
}

async function readAndWrite(asked: Asked, order: BodyOrder): Promise<RequestBody | Invalid> {
  const { context, call, targetFor } = asked;
  const { planned, gateway } = context;
  const conversation = conversationOf(planned);
  if (gateway.translator !== undefined && conversation.body.byteLength > THREAD_BYTES)
    return inThread(asked, order, gateway.translator);
  const reading = await conversation.read(call.api, planned.id);
  if (reading.kind === 'invalid') return reading;
  const target = targetFor(reading.conversation.tools.length > 0);
  return writeRequestBody(reading.conversation, target, order);
}

async function inThread(
  { context: { planned }, call, targetFor }: Asked,
  order: BodyOrder,
  translator: Translator,
): Promise<RequestBody | Invalid> {
  const { body, path } = conversationOf(planned);
  const targets = { plain: targetFor(false), withTools: targetFor(true) };
  const work = { api: call.api, context: { requestId: planned.id, path }, order, targets };
  const on = { bytes: body, signal: planned.request.signal };
  const written = await translator.run('request', work, on);
  if (written === undefined) return GIVEN_UP;
  return written.kind === 'written' ? { ...written, exchange: revivedExchange(written.exchange) } : written;
}

function conversationOf({ plan }: PlannedRequest): LazyConversation {
  if (plan.conversation === undefined) throw new Error('the request is of no API that is translated');
  return plan.conversation;
}

/** The outcome of a request that is not sent. */
async function unsent(written: Unsent, asked: Asked): Promise<Exclude<PreparedRequest, { kind: 'ready' }>> {
  if (written.kind === 'invalid') {
    const { path, message } = written;
    return { kind: 'unsuitable', loss: { path, why: message, isInvalid: true }, note: undefined };
  }
  const losses = createLossList();
  const note = { pair: written.pair, losses };
  if (written.kind === 'countable') return { ...(await estimated(written, asked)), note };
  for (const loss of written.losses) losses.add(loss);
  const { path, why } = written.loss;
  return { kind: 'unsuitable', loss: { path, why, isInvalid: false }, note };
}

async function ready(
  { call }: Asked,
  { body, betas, exchange }: Written,
  isTrialOf: ClientCall | undefined,
): Promise<ReadyRequest> {
  const { losses, target, conversation } = exchange;
  const { api, carriage, model } = target;
  const translation = await translationFor(call.api, api, target);
  const isCount = call.operation === 'count';
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
      isStream: conversation.stream && !isCount,
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

function targetOf(context: AttemptContext, speech: RouteSpeech): Target {
  if (speech.kind !== 'translate') throw new Error('a route stopped translating while it was asked');
  const { api, carriage, dialect } = speech;
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

/** Answers a token count with the gateway's own tokenizer. A header field marks it as an estimate. */
async function estimated(
  { text, extra }: Extract<RequestBody, { kind: 'countable' }>,
  { context, call, targetFor }: Asked,
): Promise<Omit<Extract<PreparedRequest, { kind: 'answered' }>, 'note'>> {
  const tokens = extra + (await tokensIn(text, context.gateway.tokens));
  const target = targetFor(false);
  const { client } = await translationFor(call.api, target.api, target);
  const headers = new Headers({ 'content-type': 'application/json', 'x-llm-proxy-estimated': 'true' });
  const bytes = new TextEncoder().encode(client.writeCount?.(tokens) ?? '{}');
  const answer = { kind: 'whole', status: 200, headers, bytes, usage: undefined, text: NO_TEXT } as const;
  return { kind: 'answered', answer };
}
