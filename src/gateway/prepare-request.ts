import { lazily } from '../lib/lazily.ts';
import { spliceRequest } from '../protocols/splice-request.ts';
import { routeSpeech, type RouteSpeech } from '../translation/targets.ts';
import type { Provider } from '../config/snapshot.ts';
import type { ProviderApi } from '../translation/conversation.ts';
import type { EmbeddingsTarget } from '../translation/embeddings/embeddings.ts';
import type { DialectName } from '../translation/models/dialects.ts';
import type { ClientCall } from './translated/client-call.ts';
import { passedGeminiPath } from './translated/gemini-path.ts';
import type { Plan } from './plan.ts';
import type { ClientRequest } from './ports.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from './prepared-request.ts';
import { type RepairedBody, repairedBody } from './translated/repaired-body.ts';
import { GIVEN_UP } from './translated/thread/translation-thread.ts';
import { upstreamModelOf } from './upstream-model.ts';

/**
 * Prepares the request for a route. In the client's own API it is passed through with only the model renamed, and no
 * promise is created. Otherwise it is translated.
 */
export function prepareRequest(context: AttemptContext): PreparedRequest | Promise<PreparedRequest> {
  const { plan } = context.planned;
  const { call } = plan;
  if (call === undefined) return passed(context, undefined, undefined);
  const speech = speechOf(context, call, false);
  switch (speech.kind) {
    case 'pass':
      if (call.api === 'messages' && speech.carriage !== undefined)
        return carried(context, call, speech.carriage);
      return passed(context, undefined, speech.dialect);
    case 'try':
      return tried(context, call, speech);
    case 'vectors':
      return vectors(context, call, speech.api);
    case 'translate':
      return translated(context, call);
    case 'none':
      return unspoken(call);
  }
}

/** Most gateways translate nothing. */
const translations = lazily(() => import('./translated/translated-request.ts'));
const carriages = lazily(() => import('./translated/carried-request.ts'));

/** Apart, so that a request that passes makes no closure. */
function translated(context: AttemptContext, call: ClientCall): Promise<PreparedRequest> {
  const speech = (hasFunctionTools: boolean): RouteSpeech => speechOf(context, call, hasFunctionTools);
  const loading = translations();
  return loading instanceof Promise
    ? loading.then((loaded) => loaded.translatedRequest(context, call, speech))
    : loading.translatedRequest(context, call, speech);
}

function carried(
  context: AttemptContext,
  call: ClientCall,
  carriage: 'bedrock' | 'vertex',
): PreparedRequest | Promise<PreparedRequest> {
  const loading = carriages();
  return loading instanceof Promise
    ? loading.then((loaded) => loaded.carriedRequest(context, call, carriage))
    : loading.carriedRequest(context, call, carriage);
}

/** Translates a request for embeddings into another API. The translation is loaded on first use. */
async function vectors(
  context: AttemptContext,
  call: ClientCall,
  api: EmbeddingsTarget['api'],
): Promise<PreparedRequest> {
  const { vectorsRequest } = await import('./translated/vectors-request.ts');
  return vectorsRequest(context, call, api);
}

/** Returns the API to use on the route. For most requests it is determined once per provider. */
function speechOf(context: AttemptContext, call: ClientCall, hasFunctionTools: boolean): RouteSpeech {
  const { route, provider } = context;
  const { type } = provider;
  // On clouds, the API depends on the model.
  const isFixed = route.translation?.api === undefined && type !== 'vertex' && type !== 'bedrock';
  if (!isFixed || hasFunctionTools) return findSpeech(context, call, hasFunctionTools);
  const word = call.operation === 'embed' ? `${call.api} vectors` : call.api;
  let speeches = known.get(provider);
  if (speeches === undefined) known.set(provider, (speeches = new Map()));
  let speech = speeches.get(word);
  if (speech === undefined) {
    speech = findSpeech(context, call, false);
    // Other results also depend on the model.
    if (speech.kind === 'pass' || speech.kind === 'try') speeches.set(word, speech);
  }
  return speech;
}

/** Configuration changes replace provider objects, which drops their entries. */
const known = new WeakMap<Provider, Map<string, RouteSpeech>>();

function findSpeech(
  { planned, route, provider }: AttemptContext,
  { api, operation }: ClientCall,
  hasFunctionTools: boolean,
): RouteSpeech {
  const asked = { api, vectors: operation === 'embed', hasFunctionTools };
  const target = { model: upstreamModelOf(planned, route), api: route.translation?.api };
  return routeSpeech(provider.speaks, target, asked);
}

/**
 * Tries the client's own API first. If the provider is known to lack it, tries the first other API that it is not
 * known to lack.
 */
function tried(
  context: AttemptContext,
  call: ClientCall,
  { otherwise, dialect }: Extract<RouteSpeech, { kind: 'try' }>,
): PreparedRequest | Promise<PreparedRequest> {
  const { provider, gateway } = context;
  const { unspoken: memory } = gateway;
  if (memory === undefined || memory.isEmpty) return passed(context, call, dialect);
  const nowMs = gateway.clock.nowMs();
  if (!memory.has(provider, call, nowMs)) return passed(context, call, dialect);
  if (call.operation === 'embed' && call.api === 'gemini') return vectors(context, call, 'openai');
  for (const api of otherwise) {
    if (api === 'converse' || memory.has(provider, { api, operation: 'generate' }, nowMs)) continue;
    return translatedTo(api, context, call, dialect);
  }
  return passed(context, undefined, dialect);
}

async function translatedTo(
  api: Exclude<ProviderApi, 'converse'>,
  context: AttemptContext,
  call: ClientCall,
  dialect: DialectName,
): Promise<PreparedRequest> {
  const loading = translations();
  const { translatedRequest } = loading instanceof Promise ? await loading : loading;
  return translatedRequest(
    context,
    call,
    () => ({
      kind: 'translate',
      api,
      carriage: undefined,
      dialect,
    }),
    { api, operation: 'generate' },
  );
}

/** Passes the client's body through. `isTrialOf` is set if it is unknown whether the provider has the API. */
function passed(
  context: AttemptContext,
  isTrialOf: ClientCall | undefined,
  dialect: DialectName | undefined,
): PreparedRequest | Promise<PreparedRequest> {
  const { plan, request } = context.planned;
  const { call } = plan;
  const repaired =
    isBodiless(request) || !call || !dialect ? undefined : repairedBody(context, call, dialect);
  if (repaired === undefined) return readyWith(plan, context, isTrialOf, dialect);
  if (!(repaired instanceof Promise)) return readyWith(repaired, context, isTrialOf, dialect);
  return repaired.then((made) =>
    made === 'given-up' ? GIVEN_UP_REQUEST : readyWith(made ?? plan, context, isTrialOf, dialect),
  );
}

type BodyToSend = Pick<Plan, 'body' | 'peek'> & Partial<Pick<RepairedBody, 'note'>>;

/** Sets the model in the body, which may have been repaired. */
function readyWith(
  { body, peek, note }: BodyToSend,
  context: AttemptContext,
  isTrialOf: ClientCall | undefined,
  dialect: DialectName | undefined,
): ReadyRequest {
  const { planned, route } = context;
  const { plan, request } = planned;
  const { call } = plan;
  const gemini = call?.api === 'gemini' ? passedGeminiPath(context) : undefined;
  const includeUsage = asksForUsage(context);
  return {
    kind: 'ready',
    body: isBodiless(request)
      ? undefined
      : spliceRequest(body, peek, { model: route.upstreamModel, includeUsage }),
    contentType: contentTypeOf(context),
    path: gemini?.path,
    target: gemini?.target,
    protocol: plan.clientProtocol,
    hidesUsage: includeUsage,
    reply: undefined,
    note,
    isTrialOf,
    estimate:
      call?.operation === 'count' && dialect !== undefined ? estimator(context, call, dialect) : undefined,
  };
}

function isBodiless({ method }: ClientRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Apart, so that other requests make no closure. */
function estimator(
  context: AttemptContext,
  call: ClientCall,
  dialect: DialectName,
): () => Promise<PreparedRequest> {
  return async () => {
    const { estimateInSameApi } = await translations();
    return estimateInSameApi(context, call, { carriage: undefined, dialect });
  };
}

/** The content type to send the body with; undefined for the client's own. */
function contentTypeOf({ planned }: AttemptContext): string | undefined {
  const { peek } = planned.plan;
  return peek.kind === 'json' || peek.kind === 'multipart' ? peek.contentType : undefined;
}

/** Whether to ask for a stream's usage: the API has an option for it, and the client did not set it. */
function asksForUsage({ planned, provider }: AttemptContext): boolean {
  const { peek, clientProtocol } = planned.plan;
  if (provider.streamUsage === 'passthrough' || peek.kind !== 'json') return false;
  return clientProtocol.asksForUsage && peek.stream && peek.includeUsage === 'absent';
}

const GIVEN_UP_REQUEST: PreparedRequest = {
  kind: 'unsuitable',
  loss: { path: GIVEN_UP.path, why: GIVEN_UP.message, isInvalid: true },
  note: undefined,
};

function unspoken({ api, operation }: ClientCall): PreparedRequest {
  const what = operation === 'embed' ? 'vectors' : `requests of the API "${api}"`;
  const loss = { path: 'model', why: `its provider has nothing that takes ${what}`, isInvalid: false };
  return { kind: 'unsuitable', loss, note: undefined };
}
