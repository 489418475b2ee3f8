import type { Visit } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import { Refusal } from './refusals.ts';
import type { Gateway } from './ports.ts';

/** The answer to a request that is turned down at the door, and its report. What is no `Refusal` is a bug. */
export function refuse(error: unknown, visit: Visit, gateway: Gateway): Response {
  const refusal = asRefusal(error, visit, gateway);
  gateway.emit({
    type: 'request-ended',
    requestId: visit.id,
    ending: visit.request.signal.aborted ? 'client-left' : 'refused',
    method: visit.request.method,
    endpoint: endpointOf(visit.request.path),
    model: undefined,
    servedAs: undefined,
    provider: undefined,
    keyName: visit.key?.name,
    status: refusal.status,
    code: refusal.code,
    history: [],
    usage: undefined,
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: undefined,
    startedAtMs: visit.startedAtMs,
    firstByteAtMs: undefined,
    endedAtMs: gateway.clock.nowMs(),
  });
  return refusalResponse(refusal, new Headers({ 'x-llm-proxy-request-id': visit.id }));
}

/** A refusal as the client gets it; `headers` are completed. */
export function refusalResponse(refusal: Refusal, headers = new Headers()): Response {
  headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(refusal.headers)) headers.set(name, value);
  return new Response(refusal.body(), { status: refusal.status, headers });
}

function asRefusal(error: unknown, visit: Visit, gateway: Gateway): Refusal {
  if (error instanceof Refusal) return error;
  gateway.emit({ type: 'bug', requestId: visit.id, error });
  return new Refusal('internal_error', { request: visit.id });
}
