import type { Timeouts } from '../config/snapshot.ts';
import { isGenerated } from '../protocols/by-path.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { AzurePath } from '../lib/api-path.ts';
import type { Decision } from '../routing/decide.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { Answer } from './answer.ts';
import { foreignCredentials, withheldKeys, withoutCredentials } from './credentials.ts';
import type { PlannedRequest } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import { classifyReply } from './classify-reply.ts';
import { AttemptTimeouts, type AttemptLimits } from './attempt-timeouts.ts';
import type { Gateway, UpstreamReply, UpstreamRequest } from './ports.ts';
import { shownModel } from './answer-model.ts';
import { upstreamModelOf } from './upstream-model.ts';
import type { Classification } from './classification.ts';
import { prepareRequest } from './prepare-request.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from './prepared-request.ts';
import type { TranslationNote } from './translated/reply-translation.ts';

/** The result of one attempt on one route: its outcome, and the answer if there is one to deliver. */
export interface AttemptResult {
  readonly attempt: Attempt;
  readonly answer: Answer | undefined;
  /** The note on the request's translation; undefined if it was passed through. */
  readonly note: TranslationNote | undefined;
  /** The usage that the provider bills although there is no answer. */
  readonly usage?: Usage | undefined;
}

type Try = Extract<Decision, { kind: 'try' }>;

/** Sends the request to the route's provider, and resolves once the reply is classified. */
export async function attemptRoute(
  planned: PlannedRequest,
  decision: Try & { readonly isProbe: boolean },
  gateway: Gateway,
): Promise<AttemptResult> {
  const { route, model, reason, isProbe } = decision;
  const { clock, traffic } = gateway;
  const endpoint = endpointOf(planned.request.path);
  const startedAtMs = clock.nowMs();
  const progress: Progress = { connectMs: undefined, headAtMs: undefined };
  const verdict = await verdictOf(planned, decision, { gateway, progress });
  const { outcome, answer, usage, isResent, hasBegun, note } = verdict;
  const endedAtMs = clock.nowMs();
  if (outcome.kind === 'answered') traffic.measured(route.id, endedAtMs - startedAtMs, endedAtMs);
  const { connectMs, headAtMs } = progress;
  const attempt: Attempt = {
    route,
    model,
    reason,
    endpoint,
    isProbe,
    outcome,
    startedAtMs,
    connectMs,
    headAtMs,
    endedAtMs,
  };
  if (isResent !== true && hasBegun !== true) return { attempt, answer, note, usage };
  const more = { ...(isResent === true && { isResent }), ...(hasBegun === true && { hasBegun }) };
  return { attempt: { ...attempt, ...more }, answer, note, usage };
}

/** When the steps of an attempt were reached; the last try counts. See `Attempt`. */
interface Progress {
  connectMs: number | undefined;
  headAtMs: number | undefined;
}

interface Verdict extends Classification {
  readonly isResent?: boolean;
  readonly hasBegun?: boolean;
  readonly note?: TranslationNote | undefined;
}

/** Tries the route. Tries it again in another API if the provider turns out to lack the first one. */
async function verdictOf(
  planned: PlannedRequest,
  decision: Try,
  { gateway, progress }: { readonly gateway: Gateway; readonly progress: Progress },
): Promise<Verdict> {
  const { route } = decision;
  const provider = planned.snapshot.providers.get(route.provider);
  if (provider === undefined) throw new Error(`the route ${route.id} has no provider`);
  const context = { planned, route, provider, gateway };
  for (;;) {
    const preparing = prepareRequest(context);
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (prepared.kind !== 'ready') return unsent(prepared);
    const verdict = await sent(context, prepared, { budgetMs: decision.budgetMs, progress });
    const { estimate, isTrialOf } = prepared;
    const isMissing = estimate === undefined ? lacksPath(verdict) : lacksCount(verdict, context);
    if (isMissing && estimate !== undefined && isTrialOf?.operation !== 'count') {
      const estimated = await estimate();
      if (estimated.kind === 'answered') return unsent(estimated);
    }
    if (isTrialOf === undefined || !isMissing) return verdict;
    gateway.unspoken?.note(provider, isTrialOf, gateway.clock.nowMs());
    const { api, operation } = isTrialOf;
    gateway.emit({ type: 'api-missing', requestId: planned.id, provider: provider.name, api, operation });
    if (gateway.unspoken === undefined) return verdict;
  }
}

function unsent(prepared: Exclude<PreparedRequest, ReadyRequest>): Verdict {
  const { note } = prepared;
  if (prepared.kind === 'unsuitable') return { outcome: { kind: 'unsuitable', loss: prepared.loss }, note };
  return { outcome: { kind: 'answered' }, answer: prepared.answer, note };
}

async function sent(
  context: AttemptContext,
  ready: ReadyRequest,
  { budgetMs, progress }: { readonly budgetMs: number; readonly progress: Progress },
): Promise<Verdict> {
  const { planned, route, provider, gateway } = context;
  const timeouts = new AttemptTimeouts(planned.request.signal, gateway.clock, {
    limits: limitsOf(planned, provider.timeouts),
    budgetMs,
  });
  gateway.traffic.begin(route.id);
  let isOver = false;
  const onEnd = (): void => {
    // A stream that fails before its first content calls this twice: when it ends, and because it is no answer.
    if (isOver) return;
    isOver = true;
    timeouts.release();
    gateway.traffic.end(route.id);
  };
  try {
    const reply = await gateway.upstream.send(upstreamRequest(context, ready, timeouts));
    progress.connectMs = reply.connectMs;
    progress.headAtMs = reply.kind === 'reply' ? gateway.clock.nowMs() : undefined;
    const { protocol, hidesUsage, reply: translation, note } = ready;
    const classifying = classifyReply(reply, {
      planned,
      provider,
      protocol,
      timeouts,
      gateway,
      hidesUsage,
      shownModel: shownModel(planned),
      translation,
      onEnd,
    });
    const verdict = classifying instanceof Promise ? await classifying : classifying;
    // A stream calls `onEnd` itself when it ends.
    if (verdict.answer?.kind !== 'streamed') onEnd();
    const isResent = reply.isResent === true;
    const hasBegun = verdict.outcome.kind === 'cancelled' && isSuccess(reply);
    if (!isResent && !hasBegun && note === undefined) return verdict;
    return { ...verdict, ...(isResent && { isResent }), ...(hasBegun && { hasBegun }), note };
  } catch (error) {
    // This is a bug. Release the provider's connection and the in-flight count.
    timeouts.abort('attempt');
    onEnd();
    throw error;
  }
}

function isSuccess(reply: UpstreamReply): boolean {
  return reply.kind === 'reply' && reply.status >= 200 && reply.status <= 299;
}

function upstreamRequest(
  { planned, route, provider, gateway }: AttemptContext,
  { body, contentType, path, target }: ReadyRequest,
  timeouts: AttemptTimeouts,
): UpstreamRequest {
  const { request, snapshot } = planned;
  const withheld = withheldKeys(request, snapshot.access);
  return {
    provider,
    method: request.method,
    path: path ?? request.path,
    search: withoutCredentials(request.search, withheld),
    azure: request.azure && azurePath(planned, route),
    model: upstreamModelOf(planned, route) || undefined,
    target,
    clientHeaders: request.headers,
    contentType,
    clientCredentials: provider.forwardClientAuth ? foreignCredentials(request, snapshot.access) : [],
    withheld,
    traceContext: gateway.tracing?.attemptContext(planned.id),
    body,
    cancellation: timeouts,
    onConnectTimeout: () => timeouts.abort('connect'),
  };
}

/** Returns the limits of an attempt. A generated answer that is not streamed may take longer to begin. */
function limitsOf({ plan, request }: PlannedRequest, timeouts: Timeouts): AttemptLimits {
  if (request.method !== 'POST' || plan.isStream || !isGenerated(request.path)) return timeouts;
  let limits = longerLimits.get(timeouts);
  if (limits === undefined) {
    limits = { ...timeouts, firstByteMs: timeouts.answerMs };
    longerLimits.set(timeouts, limits);
  }
  return limits;
}

const longerLimits = new WeakMap<Timeouts, AttemptLimits>();

/** Azure's path contains the model: the checked one, by its upstream name. */
function azurePath({ request, plan }: PlannedRequest, { upstreamModel }: Route): AzurePath {
  if (request.azure?.deployment === undefined) return { deployment: undefined };
  const named = plan.peek.kind === 'malformed' ? undefined : plan.peek.model;
  return { deployment: upstreamModel ?? named ?? request.azure.deployment };
}

/**
 * Whether the provider reported that the path does not exist. An unknown model has the same status, but is named in
 * the body.
 */
function lacksPath({ outcome, answer }: Verdict): boolean {
  if (outcome.kind !== 'failed' && outcome.kind !== 'rejected') return false;
  if (outcome.status === 405 || outcome.status === 501) return true;
  if (outcome.status !== 404 || answer?.kind !== 'whole') return false;
  // Some providers repeat the path, whose `/models/` does not mean that a model is missing.
  return !/model/i.test(textOf(answer.bytes).replaceAll('/models/', '/'));
}

/**
 * Whether the provider does not count the tokens of this model. Only an error that names the model says that the model
 * is missing: for a count, an estimate is better than an error.
 */
function lacksCount({ outcome, answer }: Verdict, { planned, route }: AttemptContext): boolean {
  if (outcome.kind !== 'failed' && outcome.kind !== 'rejected') return false;
  if (outcome.status === 405 || outcome.status === 501) return true;
  const text = answer?.kind === 'whole' ? textOf(answer.bytes) : '';
  // Bedrock answers 400: "The provided model doesn't support counting tokens."
  if (outcome.status === 400) return /support(?:s|ed|ing)? (?:counting |count[ _-]?)tokens?/i.test(text);
  if (outcome.status !== 404) return false;
  const model = upstreamModelOf(planned, route).toLowerCase();
  return model === '' || !text.toLowerCase().replaceAll(PATH, ' ').includes(model);
}

/** A path or an address, as in "POST /v1/models/x:countTokens was not found". */
const PATH = /(?<![\w.-])(?:https?:\/)?\/[^\s"'`]*/g;

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, MOST_READ_BYTES));
}

const MOST_READ_BYTES = 16 * 1024;
