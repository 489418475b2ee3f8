import type { Provider, Timeouts } from '../config/snapshot.ts';
import { isGenerated } from '../protocols/by-path.ts';
import type { AzurePath } from '../lib/api-path.ts';
import { spliceRequest } from '../protocols/request.ts';
import type { Decision } from '../routing/decide.ts';
import type { Attempt } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { Answer } from './answer.ts';
import { foreignCredentials, withheldKeys, withoutCredentials } from './credentials.ts';
import type { PlannedRequest } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import { classifyReply } from './classify-reply.ts';
import { AttemptTimeouts, type LeashLimits } from './attempt-timeouts.ts';
import type { Gateway, UpstreamRequest } from './ports.ts';
import type { Classification } from './classification.ts';

/** One try of one route: what became of it, and the answer where there is one to show. */
export interface AttemptResult {
  readonly attempt: Attempt;
  readonly answer: Answer | undefined;
}

type Try = Extract<Decision, { kind: 'try' }>;

/** Sends the request to the route's provider and waits until it is known whether the answer is one. */
export async function attemptRoute(
  planned: PlannedRequest,
  decision: Try & { readonly isProbe: boolean },
  gateway: Gateway,
): Promise<AttemptResult> {
  const { route, model, reason, isProbe } = decision;
  const { clock, traffic } = gateway;
  const endpoint = endpointOf(planned.request.path);
  const startedAtMs = clock.nowMs();
  const { outcome, answer, isResent } = await verdictOf(planned, decision, gateway);
  const endedAtMs = clock.nowMs();
  if (outcome.kind === 'answered') traffic.measured(route.id, endedAtMs - startedAtMs, endedAtMs);
  const attempt: Attempt = { route, model, reason, endpoint, isProbe, outcome, startedAtMs, endedAtMs };
  return { attempt: isResent === true ? { ...attempt, isResent } : attempt, answer };
}

async function verdictOf(
  planned: PlannedRequest,
  decision: Try,
  gateway: Gateway,
): Promise<Classification & { readonly isResent?: boolean }> {
  const { route } = decision;
  const provider = planned.snapshot.providers.get(route.provider);
  if (provider === undefined) throw new Error(`the route ${route.id} has no provider`);
  const timeouts = new AttemptTimeouts(planned.request.signal, gateway.clock, {
    limits: limitsOf(planned, provider.timeouts),
    budgetMs: decision.budgetMs,
  });
  gateway.traffic.begin(route.id);
  let isOver = false;
  const onEnd = (): void => {
    // A stream that fails before its first content says so, and is no answer: both would count it out.
    if (isOver) return;
    isOver = true;
    timeouts.release();
    gateway.traffic.end(route.id);
  };
  const hidesUsage = asksForUsage(planned, provider);
  try {
    const reply = await gateway.upstream.send(
      upstreamRequest(planned, route, { provider, timeouts, hidesUsage }, gateway),
    );
    const verdict = await classifyReply(reply, {
      planned,
      provider,
      protocol: planned.plan.clientProtocol,
      timeouts,
      gateway,
      hidesUsage,
      shownModel: shownModel(planned),
      onEnd,
    });
    // A stream goes on, and says itself when it has ended.
    if (verdict.answer?.kind !== 'streamed') onEnd();
    return reply.isResent === true ? { ...verdict, isResent: true } : verdict;
  } catch (error) {
    // A bug, but not one that holds the provider's connection and counts as a request for ever.
    timeouts.cut('attempt');
    onEnd();
    throw error;
  }
}

interface Sending {
  readonly provider: Provider;
  readonly timeouts: AttemptTimeouts;
  readonly hidesUsage: boolean;
}

function upstreamRequest(
  planned: PlannedRequest,
  route: Route,
  { provider, timeouts, hidesUsage }: Sending,
  gateway: Gateway,
): UpstreamRequest {
  const { request, snapshot } = planned;
  const withheld = withheldKeys(request, snapshot.access);
  return {
    provider,
    method: request.method,
    path: request.path,
    search: withoutCredentials(request.search, withheld),
    azure: request.azure && azurePath(planned, route),
    clientHeaders: request.headers,
    contentType: contentTypeOf(planned),
    clientCredentials: provider.forwardClientAuth ? foreignCredentials(request, snapshot.access) : [],
    withheld,
    traceContext: gateway.tracing?.attemptContext(planned.id),
    body: upstreamBody(planned, route, hidesUsage),
    cancellation: timeouts,
    onConnectTimeout: () => timeouts.cut('connect'),
  };
}

/** The limits of an attempt: where an answer is generated and not streamed, its head may take longer. */
function limitsOf({ plan, request }: PlannedRequest, timeouts: Timeouts): LeashLimits {
  const mayTakeLonger = request.method === 'POST' && !plan.isStream && isGenerated(request.path);
  return mayTakeLonger ? { ...timeouts, firstByteMs: timeouts.answerMs } : timeouts;
}

/** Azure asks for the model in the path: it is the one that was checked, under the name that the provider knows. */
function azurePath({ request, plan }: PlannedRequest, { upstreamModel }: Route): AzurePath {
  if (request.azure?.deployment === undefined) return { deployment: undefined };
  const named = plan.peek.kind === 'malformed' ? undefined : plan.peek.model;
  return { deployment: upstreamModel ?? named ?? request.azure.deployment };
}

/** The client's body with the route's own model name in it; undefined for methods that have none. */
function upstreamBody(
  { plan, request }: PlannedRequest,
  route: Route,
  includeUsage: boolean,
): readonly Uint8Array[] | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  return spliceRequest(plan.body, plan.peek, { model: route.upstreamModel, includeUsage });
}

/** The content type that the body is to be sent with; undefined: the client's own. */
function contentTypeOf({ plan: { peek } }: PlannedRequest): string | undefined {
  return peek.kind === 'json' || peek.kind === 'multipart' ? peek.contentType : undefined;
}

/** Whether to ask for the usage of a stream: where the API has a word for it and the client left it out. */
function asksForUsage({ plan: { peek, clientProtocol } }: PlannedRequest, provider: Provider): boolean {
  if (provider.streamUsage === 'passthrough' || peek.kind !== 'json') return false;
  return clientProtocol.asksForUsage && peek.stream && peek.includeUsage === 'absent';
}

/** The client's own name for the model, where answers are to bear it. */
function shownModel({ plan: { peek }, snapshot }: PlannedRequest): string | undefined {
  if (peek.kind === 'malformed' || peek.model === undefined) return undefined;
  return snapshot.server.rewriteResponseModel(peek.model) ? peek.model : undefined;
}
