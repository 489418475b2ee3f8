import { NOBODY } from '../attribution.ts';
import type { Attempt, Outcome } from '../../routing/outcome.ts';
import type { Model, Route } from '../../routing/route.ts';
import type { Provider } from '../../config/snapshot.ts';
import { protocolFor } from '../../protocols/by-path.ts';
import type { AttemptResult, Try } from '../attempt.ts';
import { classifyError } from '../classify-status.ts';
import { foreignCredentials, withheldKeys, withoutCredentials } from '../credentials.ts';
import { endpointOf } from '../endpoint.ts';
import { execute, type Execution } from '../execute.ts';
import type { Cancellation, Gateway } from '../ports.ts';
import { Refusal } from '../refusals.ts';
import type { PlannedRequest, RequestContext } from '../request-context.ts';
import { offeredProtocols, searchFor } from './handshake-request.ts';
import type {
  ProviderListener,
  ProviderSocket,
  SocketReply,
  SocketRequest,
  UpstreamSockets,
} from './ports.ts';

/** A gateway that supports WebSockets. */
export interface SocketGateway extends Gateway {
  readonly sockets: UpstreamSockets;
}

/** An open connection to a provider, and how its route was chosen. */
export interface Connected {
  readonly socket: ProviderSocket;
  /** The sub-protocol that the provider chose, or ''. */
  readonly protocol: string;
  readonly route: Route;
  readonly provider: Provider;
  readonly execution: Execution;
}

/** Minimum time for a provider's handshake, in milliseconds. */
const HANDSHAKE_MS = 10_000;

/** Tries the model's routes until a handshake succeeds. Throws a `Refusal` if none does. */
export async function connectModel(
  context: RequestContext,
  model: Model,
  { gateway, listener }: { readonly gateway: SocketGateway; readonly listener: ProviderListener },
): Promise<Connected> {
  const planned = plannedHandshake(context, model, gateway);
  let open: Omit<Connected, 'execution'> | undefined;
  const execution = await execute(planned, gateway, async (_, decision, isProbe) => {
    const startedAtMs = gateway.clock.nowMs();
    const { reply, provider } = await shake(planned, decision, { gateway, listener });
    if (reply.kind === 'open') open = { ...reply, provider, route: decision.route };
    const outcome = outcomeOf(reply, planned);
    return resultOf(decision, { planned, isProbe, startedAtMs, outcome }, gateway);
  });
  if (open === undefined) throw failureOf(execution.history.at(-1), model.name);
  return { ...open, execution };
}

/** Represents a handshake as a planned request without a body. */
function plannedHandshake(context: RequestContext, model: Model, gateway: Gateway): PlannedRequest {
  return {
    ...context,
    attribution: context.attribution ?? NOBODY,
    snapshot: gateway.snapshot(),
    plan: {
      model,
      clientProtocol: protocolFor(context.request.path),
      body: new Uint8Array(),
      peek: { kind: 'other', model: undefined, stream: false },
      isStream: false,
      call: undefined,
      modelInPath: undefined,
      conversation: undefined,
    },
    plannedAtMs: gateway.clock.nowMs(),
    deadlineMs: Infinity,
  };
}

interface Shaking {
  readonly gateway: SocketGateway;
  readonly listener: ProviderListener;
}

/** Performs one handshake. The reply is undefined if it timed out. */
async function shake(
  planned: PlannedRequest,
  { route }: Try,
  { gateway, listener }: Shaking,
): Promise<{ readonly reply: SocketReply | { readonly kind: 'timed-out' }; readonly provider: Provider }> {
  const provider = planned.snapshot.providers.get(route.provider);
  if (provider === undefined) throw new Error(`the route ${route.id} has no provider`);
  const { connectMs, firstByteMs } = provider.timeouts;
  const limitMs = Math.min(firstByteMs, Math.max(connectMs, HANDSHAKE_MS));
  const cancelling = { isCancelled: false, isLate: false, onCancel: undefined as Cancellation['onCancel'] };
  const cancel = (): void => {
    cancelling.isCancelled = true;
    cancelling.onCancel?.();
  };
  const { signal } = planned.request;
  signal.addEventListener('abort', cancel);
  const late = (): void => {
    cancelling.isLate = true;
    cancel();
  };
  const stopTimer = Number.isFinite(limitMs) ? gateway.clock.setTimer(limitMs, late) : () => undefined;
  const request = socketRequest(planned, route, { provider, cancellation: cancelling }, gateway);
  const reply = await gateway.sockets.connect(request, listener);
  stopTimer();
  signal.removeEventListener('abort', cancel);
  return { reply: reply.kind === 'aborted' && cancelling.isLate ? { kind: 'timed-out' } : reply, provider };
}

function socketRequest(
  { id, request, snapshot, plan }: PlannedRequest,
  route: Route,
  { provider, cancellation }: { readonly provider: Provider; readonly cancellation: Cancellation },
  gateway: Gateway,
): SocketRequest {
  const withheld = withheldKeys(request, snapshot.access);
  const name = route.upstreamModel ?? plan.model.name;
  const parameter = request.azure !== undefined && provider.type === 'azure' ? 'deployment' : 'model';
  // In the Responses API, each message names its model.
  const named = request.path.endsWith('/realtime') ? ([parameter, name] as const) : undefined;
  return {
    provider,
    path: request.path,
    search: searchFor(withoutCredentials(request.search, withheld), named),
    azure: request.azure,
    clientHeaders: request.headers,
    clientCredentials: provider.forwardClientAuth ? foreignCredentials(request, snapshot.access) : [],
    withheld,
    traceContext: gateway.tracing?.attemptContext(id),
    protocols: offeredProtocols(request.headers),
    cancellation,
    onConnectTimeout: () => undefined,
  };
}

/**
 * Classifies the result of a handshake. A rejection is not final, since another provider may accept it, and a
 * client's mistake does not cool the route.
 */
function outcomeOf(
  reply: SocketReply | { readonly kind: 'timed-out' },
  { snapshot }: PlannedRequest,
): Outcome {
  switch (reply.kind) {
    case 'open':
      return { kind: 'answered' };
    case 'timed-out':
      return { kind: 'timed-out', phase: 'first-byte' };
    case 'aborted':
      return { kind: 'cancelled' };
    case 'unreachable':
      return reply;
    case 'refused': {
      const { status } = reply;
      const outcome = classifyError({ status, text: '', retryAfterMs: undefined }, snapshot.detection);
      if (outcome.kind !== 'rejected') return outcome;
      return { kind: 'failed', status, defect: undefined, retryAfterMs: undefined, fault: 'client' };
    }
  }
}

interface Shaken {
  readonly planned: PlannedRequest;
  readonly isProbe: boolean;
  readonly startedAtMs: number;
  readonly outcome: Outcome;
}

function resultOf(
  { route, model, reason }: Try,
  { planned, isProbe, startedAtMs, outcome }: Shaken,
  gateway: Gateway,
): AttemptResult {
  const endpoint = endpointOf(planned.request.path);
  const endedAtMs = gateway.clock.nowMs();
  const attempt = { route, model, reason, endpoint, isProbe, outcome, startedAtMs, endedAtMs };
  return { attempt, answer: undefined, note: undefined };
}

/** Statuses by which a provider reports that it has no WebSocket at this path. The client should use HTTP. */
const NOT_SPOKEN: ReadonlySet<number> = new Set([404, 405, 426, 501]);

function failureOf(last: Attempt | undefined, model: string): Refusal {
  const outcome = last?.outcome;
  switch (outcome?.kind) {
    case 'timed-out':
      return new Refusal('upstream_timeout', { model, reason: outcome.phase });
    case 'unreachable':
      return new Refusal('upstream_unreachable', { model, reason: outcome.reason });
    case 'failed':
    case 'rate-limited': {
      const { status } = outcome;
      if (NOT_SPOKEN.has(status))
        return new Refusal('websocket_not_supported', {}, { headers: { upgrade: 'HTTP/1.1' } });
      return new Refusal('upstream_refused_websocket', { model, status: String(status) });
    }
    case 'answered':
    case 'rejected':
    case 'unsuitable':
    case 'cancelled':
    case undefined:
      return new Refusal('no_route', { model });
  }
}
