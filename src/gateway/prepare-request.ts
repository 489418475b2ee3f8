import { spliceRequest } from '../protocols/request.ts';
import { routeSpeech, type RouteSpeech } from '../translation/targets.ts';
import type { Provider } from '../config/snapshot.ts';
import type { ProviderApi } from '../translation/conversation.ts';
import type { EmbeddingsTarget } from '../translation/embeddings/embeddings.ts';
import type { DialectName } from '../translation/models/dialects.ts';
import type { ClientCall } from './translated/client-call.ts';
import { passedGeminiPath } from './translated/gemini-path.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from './prepared-request.ts';
import { repairedBody } from './translated/repaired-body.ts';
import { translatedRequest } from './translated/translated-request.ts';
import { upstreamModelOf } from './upstream-model.ts';
import { carriedRequest } from './translated/carried-request.ts';

/**
 * The request as the route is to have it. In the client's own API it passes, with nothing changed but the model's name, and there is no
 * promise; in any other it is translated first.
 */
export function prepareRequest(context: AttemptContext): PreparedRequest | Promise<PreparedRequest> {
  const { plan } = context.planned;
  const { call } = plan;
  if (call === undefined) return passed(context, undefined, undefined);
  const speech = speechOf(context, call, false);
  switch (speech.kind) {
    case 'pass':
      if (call.api === 'messages' && speech.carriage !== undefined)
        return carriedRequest(context, call, speech.carriage);
      return passed(context, undefined, speech.dialect);
    case 'try':
      return tried(context, call, speech);
    case 'vectors':
      return vectors(context, call, speech.api);
    case 'translate':
      return translatedRequest(context, call, (hasFunctionTools) =>
        speechOf(context, call, hasFunctionTools),
      );
    case 'none':
      return unspoken(call);
  }
}

/** The request as one for embeddings in another API. Loads its reader on first use. */
async function vectors(
  context: AttemptContext,
  call: ClientCall,
  api: EmbeddingsTarget['api'],
): Promise<PreparedRequest> {
  const { vectorsRequest } = await import('./translated/vectors-request.ts');
  return vectorsRequest(context, call, api);
}

/** How the route speaks for a call. What most requests need is found out once for each provider. */
function speechOf(context: AttemptContext, call: ClientCall, hasFunctionTools: boolean): RouteSpeech {
  const { route, provider } = context;
  const { type } = provider;
  // Clouds speak as each model does.
  const isFixed = route.translation?.api === undefined && type !== 'vertex' && type !== 'bedrock';
  if (!isFixed || hasFunctionTools) return findSpeech(context, call, hasFunctionTools);
  const word = call.operation === 'embed' ? `${call.api} vectors` : call.api;
  let speeches = known.get(provider);
  if (speeches === undefined) known.set(provider, (speeches = new Map()));
  let speech = speeches.get(word);
  if (speech === undefined) {
    speech = findSpeech(context, call, false);
    // What is translated hangs on the model too.
    if (speech.kind === 'pass' || speech.kind === 'try') speeches.set(word, speech);
  }
  return speech;
}

/** A provider is never changed, only replaced. */
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

/** The client's own API first; where the provider has been found to lack it, the first of the others that it is not known to lack. */
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
  const isLacked = (api: ProviderApi): boolean =>
    api === 'converse' || memory.has(provider, { api, operation: 'generate' }, nowMs);
  const api = otherwise.find((each) => !isLacked(each));
  if (api === undefined) return passed(context, undefined, dialect);
  return translatedRequest(
    context,
    call,
    () => ({
      kind: 'translate',
      api,
      carriage: undefined,
      dialect,
    }),
    api === 'converse' ? undefined : { api, operation: 'generate' },
  );
}

/** The client's body, in its own API. `isTrialOf`: nobody knows whether the provider has it. */
function passed(
  context: AttemptContext,
  isTrialOf: ClientCall | undefined,
  dialect: DialectName | undefined,
): ReadyRequest {
  const { planned, route } = context;
  const { plan, request } = planned;
  const hidesUsage = asksForUsage(context);
  const gemini = plan.call?.api === 'gemini' ? passedGeminiPath(context) : undefined;
  const ready = {
    kind: 'ready',
    contentType: contentTypeOf(context),
    path: gemini?.path,
    target: gemini?.target,
    protocol: plan.clientProtocol,
    hidesUsage,
    reply: undefined,
    isTrialOf,
  } as const;
  if (request.method === 'GET' || request.method === 'HEAD')
    return { ...ready, body: undefined, note: undefined };
  const change = { model: route.upstreamModel, includeUsage: hidesUsage };
  const repaired = plan.call && dialect && repairedBody(context, plan.call, dialect);
  if (repaired !== undefined) {
    const { body, peek, note } = repaired;
    return { ...ready, body: spliceRequest(body, peek, change), note };
  }
  return { ...ready, body: spliceRequest(plan.body, plan.peek, change), note: undefined };
}

/** The content type that the body is to be sent with; undefined: the client's own. */
function contentTypeOf({ planned }: AttemptContext): string | undefined {
  const { peek } = planned.plan;
  return peek.kind === 'json' || peek.kind === 'multipart' ? peek.contentType : undefined;
}

/** Whether to ask for the usage of a stream: where the API has a word for it and the client left it out. */
function asksForUsage({ planned, provider }: AttemptContext): boolean {
  const { peek, clientProtocol } = planned.plan;
  if (provider.streamUsage === 'passthrough' || peek.kind !== 'json') return false;
  return clientProtocol.asksForUsage && peek.stream && peek.includeUsage === 'absent';
}

function unspoken({ api, operation }: ClientCall): PreparedRequest {
  const what = operation === 'embed' ? 'vectors' : `requests of the API "${api}"`;
  const loss = { path: 'model', why: `its provider has nothing that takes ${what}`, isInvalid: false };
  return { kind: 'unsuitable', loss, note: undefined };
}
