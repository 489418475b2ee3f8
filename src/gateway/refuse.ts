import type { Signal } from '../lib/signal.ts';
import type { Fields } from '../lib/http/fields.ts';
import { FREE_ADMISSION, NOT_SERVED } from '../limits/admission.ts';
import { errorShapeOf } from '../protocols/error-body.ts';
import { ownersOf } from './attribution.ts';
import type { AnswerFields, WholeClientAnswer } from './client-answer.ts';
import type { RequestContext } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import type { Ending, RequestEnded } from './events.ts';
import type { Plan } from './plan.ts';
import { Refusal } from './refusals.ts';
import { closeAdmission } from './report.ts';
import type { Gateway } from './ports.ts';

type RefusedContext = Omit<RequestContext, 'request'> & {
  readonly request: OwnRequest;
  /** undefined: it was refused before its model was known. */
  readonly plan?: Pick<Plan, 'model'> | undefined;
};

/** Answers and reports a request that is refused before any attempt. An exception other than a `Refusal` is a bug. */
export function refuse(error: unknown, context: RefusedContext, gateway: Gateway): WholeClientAnswer {
  const refusal = asRefusal(error, context, gateway);
  report(refusal, context, gateway);
  return refusalAnswer(refusal, { id: context.id, ...context.request });
}

function report(refusal: Refusal, context: RefusedContext, gateway: Gateway): void {
  if (context.isReported) return;
  context.isReported = true;
  const ended: RequestEnded = {
    type: 'request-ended',
    requestId: context.id,
    ending: endingOf(refusal, context),
    method: context.request.method,
    endpoint: endpointOf(context.request.path),
    model: context.plan?.model.name,
    servedAs: context.plan?.model.rotation,
    provider: undefined,
    keyName: context.key?.name,
    ...(context.attribution ?? ownersOf(context.key)),
    clientAddress: context.request.clientAddress,
    status: refusal.status,
    code: refusal.code,
    history: [],
    usage: undefined,
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: undefined,
    startedAtMs: context.startedAtMs,
    firstByteAtMs: undefined,
    endedAtMs: gateway.clock.nowMs(),
    traceId: gateway.tracing?.recordedTrace(context.id),
    requestHeaders: context.request.headers,
  };
  closeAdmission(context.admission, NOT_SERVED, ended, gateway);
}

/** A bug of the gateway is a failure and no refusal, since providers may have been asked before it. */
function endingOf({ code }: Refusal, { request }: RefusedContext): Ending {
  if (request.signal.aborted) return 'client-left';
  return code === 'internal_error' ? 'failed' : 'refused';
}

/** The parts of a refused request on which its answer depends. */
export interface RefusedRequest {
  readonly id: string;
  readonly path: string;
  readonly headers: Fields;
}

/** Builds the answer for a refusal in the shape of the client's API. Adds to `fields`. */
export function refusalAnswer(
  refusal: Refusal,
  { id, path, headers: asked }: RefusedRequest,
  fields: AnswerFields = {},
): WholeClientAnswer {
  fields['content-type'] = 'application/json';
  fields['x-llm-proxy-request-id'] = id;
  for (const name of REQUEST_ID_FIELDS) fields[name] = id;
  for (const [name, value] of Object.entries(refusal.headers)) fields[name.toLowerCase()] = value;
  return { kind: 'whole', status: refusal.status, fields, body: refusal.body(errorShapeOf(path, asked), id) };
}

/** The fields in which the SDKs of OpenAI and Anthropic look for the request id. */
const REQUEST_ID_FIELDS = ['x-request-id', 'request-id'] as const;

/** A request to one of the gateway's own endpoints, of which nothing has been reported yet. */
export interface OwnRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Fields;
  readonly signal: Signal;
  readonly clientAddress?: () => string;
}

/**
 * Answers a request that one of the gateway's own endpoints refused, and reports it, so that it is counted and
 * logged.
 */
export function refuseOwn(error: unknown, request: OwnRequest, gateway: Gateway): WholeClientAnswer {
  const id = gateway.newRequestId();
  const { method, path, headers } = request;
  gateway.emit({ type: 'request-started', requestId: id, method, endpoint: endpointOf(path), path, headers });
  return refuse(
    error,
    {
      id,
      request,
      startedAtMs: gateway.clock.nowMs(),
      key: undefined,
      attribution: undefined,
      admission: FREE_ADMISSION,
      isReported: false,
    },
    gateway,
  );
}

function asRefusal(error: unknown, context: Pick<RequestContext, 'id'>, gateway: Gateway): Refusal {
  if (error instanceof Refusal) return error;
  gateway.emit({ type: 'bug', requestId: context.id, error });
  return new Refusal('internal_error', { request: context.id });
}
