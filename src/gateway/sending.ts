import type { Timeouts } from '../config/snapshot.ts';
import type { AzurePath } from '../lib/api-path.ts';
import { isGenerated } from '../protocols/by-path.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Route } from '../routing/route.ts';
import { shownModel } from './answer-model.ts';
import { type AttemptLimits, AttemptTimeouts } from './attempt-timeouts.ts';
import type { Classification, ReplyContext } from './classification.ts';
import { foreignCredentials, withheldKeys, withoutCredentials } from './credentials.ts';
import type { Gateway, HeaderField, UpstreamRequest } from './ports.ts';
import type { AttemptContext, ReadyRequest } from './prepared-request.ts';
import type { PlannedRequest } from './request-context.ts';
import type { ReplyTranslation } from './translated/reply-translation.ts';
import { upstreamModelOf } from './upstream-model.ts';

/** A request on its way to a provider, and the context in which its reply is classified. */
export class Sending implements ReplyContext {
  readonly planned: PlannedRequest;
  readonly provider: AttemptContext['provider'];
  readonly gateway: Gateway;
  readonly timeouts: AttemptTimeouts;
  readonly protocol: Protocol;
  readonly hidesUsage: boolean;
  readonly translation: ReplyTranslation | undefined;
  readonly shownModel: string | undefined;
  readonly #route: Route;
  #isOver = false;

  /** `budgetMs` is what remains of the request's total limit. */
  constructor({ planned, route, provider, gateway }: AttemptContext, ready: ReadyRequest, budgetMs: number) {
    this.planned = planned;
    this.provider = provider;
    this.gateway = gateway;
    this.protocol = ready.protocol;
    this.hidesUsage = ready.hidesUsage;
    this.translation = ready.reply;
    this.shownModel = shownModel(planned);
    this.#route = route;
    const limits = limitsOf(planned, provider.timeouts);
    this.timeouts = new AttemptTimeouts(planned.request.signal, gateway.clock, limits, budgetMs);
    gateway.traffic.begin(route.id);
  }

  /** A stream that fails before its first content calls this twice: when it ends, and because it is no answer. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.timeouts.release();
    this.gateway.traffic.end(this.#route.id);
  }

  /** Ends it, unless its answer is a stream, which does that itself. */
  endUnlessStreamed({ answer }: Classification): void {
    if (answer?.kind !== 'streamed') this.end();
  }

  /** Releases the provider's connection and the in-flight count after an exception, which is a bug. */
  fail(): void {
    this.timeouts.abort('attempt');
    this.end();
  }

  /** The request as the upstream takes it. */
  request({ body, contentType, path, target }: ReadyRequest): UpstreamRequest {
    const { planned, provider, timeouts } = this;
    const { request, snapshot } = planned;
    const withheld = withheldKeys(request, snapshot.access);
    return {
      provider,
      method: request.method,
      path: path ?? request.path,
      search: withoutCredentials(request.search, withheld),
      azure: request.azure && azurePath(planned, this.#route),
      model: upstreamModelOf(planned, this.#route) || undefined,
      target,
      clientHeaders: request.headers,
      contentType,
      clientCredentials: provider.forwardClientAuth
        ? foreignCredentials(request, snapshot.access)
        : NO_CREDENTIALS,
      withheld,
      traceContext: this.gateway.tracing?.attemptContext(planned.id),
      body,
      cancellation: timeouts,
      onConnectTimeout: timeouts.connectTimedOut,
    };
  }
}

const NO_CREDENTIALS: readonly HeaderField[] = [];

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
