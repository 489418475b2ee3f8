import type { Provider } from '../config/snapshot.ts';
import type { Usage } from '../protocols/protocol.ts';
import type { Decision } from '../routing/decide.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { Answer } from './answer.ts';
import type { PlannedRequest } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import { classifyReply } from './classify-reply.ts';
import type { Gateway, UpstreamReply } from './ports.ts';
import { upstreamModelOf } from './upstream-model.ts';
import type { Classification } from './classification.ts';
import { prepareRequest } from './prepare-request.ts';
import type { AttemptContext, PreparedRequest, ReadyRequest } from './prepared-request.ts';
import { Sending } from './sending.ts';
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

/** A route to try, and the reason. */
export type Try = Extract<Decision, { kind: 'try' }>;

/**
 * Sends the request to the route's provider, and resolves once the reply is classified. Sends it again in another API if
 * the provider turns out to lack the first one. All of this is one function, since each layer of `await` costs as much as
 * the rest of an attempt.
 */
export async function attemptRoute(
  planned: PlannedRequest,
  decision: Try,
  isProbe: boolean,
  gateway: Gateway,
): Promise<AttemptResult> {
  const running = new RunningAttempt(planned, decision, isProbe, gateway);
  for (;;) {
    const preparing = prepareRequest(running);
    const prepared = preparing instanceof Promise ? await preparing : preparing;
    if (prepared.kind !== 'ready') return running.end(unsent(prepared), prepared.note, undefined);
    const sending = new Sending(running, prepared, decision.budgetMs);
    let reply: UpstreamReply;
    let verdict: Classification;
    try {
      reply = await gateway.upstream.send(sending.request(prepared));
      running.replied(reply);
      const classifying = classifyReply(reply, sending);
      verdict = classifying instanceof Promise ? await classifying : classifying;
    } catch (error) {
      sending.fail();
      throw error;
    }
    sending.endUnlessStreamed(verdict);
    if (verdict.outcome.kind === 'answered') return running.end(verdict, prepared.note, reply);
    const estimated = await estimateFor(running, prepared, verdict);
    if (estimated !== undefined) return running.end(unsent(estimated), estimated.note, undefined);
    if (!mayTryOtherApi(running, prepared, verdict)) return running.end(verdict, prepared.note, reply);
  }
}

/** An attempt under way. */
class RunningAttempt implements AttemptContext {
  readonly planned: PlannedRequest;
  readonly route: Route;
  readonly provider: Provider;
  readonly gateway: Gateway;
  readonly #decision: Try;
  readonly #isProbe: boolean;
  readonly #startedAtMs: number;
  /** When the steps of the last sending were reached. See `Attempt`. */
  #connectMs: number | undefined;
  #headAtMs: number | undefined;

  constructor(planned: PlannedRequest, decision: Try, isProbe: boolean, gateway: Gateway) {
    const { route } = decision;
    const provider = planned.snapshot.providers.get(route.provider);
    if (provider === undefined) throw new Error(`the route ${route.id} has no provider`);
    this.planned = planned;
    this.route = route;
    this.provider = provider;
    this.gateway = gateway;
    this.#decision = decision;
    this.#isProbe = isProbe;
    this.#startedAtMs = gateway.clock.nowMs();
  }

  replied(reply: UpstreamReply): void {
    this.#connectMs = reply.connectMs;
    this.#headAtMs = reply.kind === 'reply' ? this.gateway.clock.nowMs() : undefined;
  }

  /** `reply` is undefined if the verdict is not about one. */
  end(
    { outcome, answer, usage }: Classification,
    note: TranslationNote | undefined,
    reply: UpstreamReply | undefined,
  ): AttemptResult {
    const { route, gateway } = this;
    const { model, reason } = this.#decision;
    const endedAtMs = gateway.clock.nowMs();
    if (outcome.kind === 'answered')
      gateway.traffic.measured(route.id, endedAtMs - this.#startedAtMs, endedAtMs);
    const attempt: Attempt = {
      route,
      model,
      reason,
      endpoint: endpointOf(this.planned.request.path),
      isProbe: this.#isProbe,
      outcome,
      startedAtMs: this.#startedAtMs,
      connectMs: this.#connectMs,
      headAtMs: this.#headAtMs,
      endedAtMs,
    };
    const isResent = reply?.isResent === true;
    const hasBegun = outcome.kind === 'cancelled' && isSuccess(reply);
    if (!isResent && !hasBegun) return { attempt, answer, note, usage };
    const more = { ...(isResent && { isResent }), ...(hasBegun && { hasBegun }) };
    return { attempt: { ...attempt, ...more }, answer, note, usage };
  }
}

function isSuccess(reply: UpstreamReply | undefined): boolean {
  return reply?.kind === 'reply' && reply.status >= 200 && reply.status <= 299;
}

type Unsent = Exclude<PreparedRequest, ReadyRequest>;

function unsent(prepared: Unsent): Classification {
  if (prepared.kind === 'unsuitable') return { outcome: { kind: 'unsuitable', loss: prepared.loss } };
  return { outcome: { kind: 'answered' }, answer: prepared.answer };
}

/** Estimates the count that the provider turned out to lack; undefined: it has one, or the request is for something else. */
async function estimateFor(
  { planned, route }: RunningAttempt,
  { estimate, isTrialOf }: ReadyRequest,
  verdict: Classification,
): Promise<Unsent | undefined> {
  if (estimate === undefined || isTrialOf?.operation === 'count') return undefined;
  if (!lacksCount(verdict, { planned, route })) return undefined;
  const estimated = await estimate();
  return estimated.kind === 'answered' ? estimated : undefined;
}

/** Whether another API may be tried, since the provider turned out to lack this one. Remembers and tells that it does. */
function mayTryOtherApi(
  { planned, route, provider, gateway }: RunningAttempt,
  { estimate, isTrialOf }: ReadyRequest,
  verdict: Classification,
): boolean {
  if (isTrialOf === undefined) return false;
  const isMissing = estimate === undefined ? lacksPath(verdict) : lacksCount(verdict, { planned, route });
  if (!isMissing) return false;
  gateway.unspoken?.note(provider, isTrialOf, gateway.clock.nowMs());
  const { api, operation } = isTrialOf;
  gateway.emit({ type: 'api-missing', requestId: planned.id, provider: provider.name, api, operation });
  return gateway.unspoken !== undefined;
}

/**
 * Whether the provider reported that the path does not exist. An unknown model has the same status, but is named in
 * the body.
 */
function lacksPath({ outcome, answer }: Classification): boolean {
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
function lacksCount(
  { outcome, answer }: Classification,
  { planned, route }: Pick<AttemptContext, 'planned' | 'route'>,
): boolean {
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
