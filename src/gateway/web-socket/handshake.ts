import { type Admission, FREE_ADMISSION } from '../../limits/admission.ts';
import type { MasterKey } from '../../config/snapshot.ts';
import { webSocketApiOf } from '../../protocols/web-socket/api.ts';
import { admit } from '../admit.ts';
import { attribute } from '../attribute.ts';
import type { Attribution } from '../attribution.ts';
import { authenticate } from '../authenticate.ts';
import type { ClientAnswer } from '../client-answer.ts';
import { endpointOf } from '../endpoint.ts';
import type { ClientRequest } from '../ports.ts';
import { Refusal } from '../refusals.ts';
import { refuse } from '../refuse.ts';
import type { RequestContext } from '../request-context.ts';
import type { SocketGateway } from './connect.ts';
import { modelOfHandshake, offeredProtocols, withoutKeyProtocol } from './handshake-request.ts';
import { WebSocketLine } from './line.ts';
import { takeSeat } from './seats.ts';
import type { Model } from '../../routing/route.ts';
import { isSpoken, notSupported, speakingModel } from './speaking-model.ts';

/** The result of a handshake: an HTTP response, or a line to attach the client to. */
export type Handshake =
  | { readonly kind: 'refused'; readonly answer: ClientAnswer }
  | {
      readonly kind: 'accepted';
      readonly line: WebSocketLine;
      readonly headers: Readonly<Record<string, string>>;
    };

/**
 * Handles a WebSocket up to its handshake: authenticate → admit → plan → execute → report. If the handshake names a
 * model, its provider is connected before the client's handshake is answered, so that a failing provider can be
 * replaced. Never rejects.
 */
export async function openWebSocket(asked: ClientRequest, gateway: SocketGateway): Promise<Handshake> {
  const snapshot = gateway.snapshot();
  const startedAtMs = gateway.clock.nowMs();
  const id = gateway.newRequestId();
  const request = { ...asked, headers: withoutKeyProtocol(asked.headers) };
  const { method, path, headers } = request;
  let key: MasterKey | undefined;
  let admission = FREE_ADMISSION;
  let attribution: Attribution | undefined;
  let model: Model | undefined;
  let leaveSeat = (): void => undefined;
  gateway.emit({ type: 'request-started', requestId: id, method, endpoint: endpointOf(path), path, headers });
  try {
    const api = webSocketApiOf(path);
    if (api === undefined || !isSpoken(api, snapshot)) throw notSupported();
    requireHandshake(request);
    key = authenticate(request, snapshot.access, gateway.clock);
    admission = await admit(key, gateway);
    const name = modelOfHandshake(request, api);
    if (name === undefined && api === 'realtime') throw new Refusal('missing_model', {}, { param: 'model' });
    model = name === undefined ? undefined : speakingModel(name, api, { key, snapshot });
    attribution = attribute(request, key, { snapshot, plan: undefined, gateway });
    leaveSeat = takeSeat(key, gateway.traffic, snapshot.server);
    const context = { id, request, startedAtMs, key, attribution, admission, isReported: false };
    const line = new WebSocketLine({ context, api, gateway, leaveSeat });
    if (model !== undefined) await line.connect(model);
    reportAccepted(context, line, gateway);
    return { kind: 'accepted', line, headers: headersOf(context, line) };
  } catch (error) {
    leaveSeat();
    const plan = model && { model };
    const context = { id, request, startedAtMs, key, attribution, plan, admission, isReported: false };
    return { kind: 'refused', answer: refuse(error, context, gateway) };
  }
}

/** Refuses requests that the runtime cannot answer as a handshake (RFC 6455 §4.2.1). */
function requireHandshake({ method, headers }: ClientRequest): void {
  const isWhole = headers.has('sec-websocket-key') && headers.get('sec-websocket-version') === '13';
  if (method === 'GET' && isWhole) return;
  throw new Refusal('websocket_not_supported', {}, { headers: { 'sec-websocket-version': '13' } });
}

function reportAccepted(
  { id, request, startedAtMs, key, attribution, admission }: RequestContext,
  { provider, model }: WebSocketLine,
  gateway: SocketGateway,
): void {
  const { clock } = gateway;
  admission.settle({ wasServed: provider !== undefined, inputTokens: 0, outputTokens: 0 });
  gateway.emit({
    type: 'request-ended',
    requestId: id,
    ending: 'complete',
    method: request.method,
    endpoint: endpointOf(request.path),
    model: model?.name,
    servedAs: model?.rotation,
    provider: provider?.provider.name,
    keyName: key?.name,
    ...attribution,
    clientAddress: request.clientAddress,
    status: 101,
    code: undefined,
    history: provider?.execution.history ?? [],
    usage: undefined,
    isUsageEstimated: false,
    isStreamed: false,
    overheadMs: undefined,
    startedAtMs,
    firstByteAtMs: undefined,
    endedAtMs: clock.nowMs(),
  });
}

/**
 * Builds the response header. It always sets a sub-protocol, because the runtime would otherwise choose one, perhaps
 * the one with the key.
 */
function headersOf(
  {
    id,
    request,
    admission,
  }: { readonly id: string; readonly request: ClientRequest; readonly admission: Admission },
  { provider }: WebSocketLine,
): Readonly<Record<string, string>> {
  const offered = offeredProtocols(request.headers);
  const chosen = provider === undefined ? offered[0] : offered.find((one) => one === provider.protocol);
  return {
    ...admission.headers,
    'x-llm-proxy-request-id': id,
    'x-request-id': id,
    'sec-websocket-protocol': chosen ?? '',
  };
}
