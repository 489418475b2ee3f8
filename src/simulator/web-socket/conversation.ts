import type { Connection } from '../http/connection.ts';
import type { HttpRequest } from '../http/request-reader.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { answerEvents, modelIn, sessionCreated, type SocketApi } from './events.ts';
import { acceptKey, closeFrame, type Frame, FrameReader, frameOf, OPCODE } from './frames.ts';
import { readSocketFault, type SocketFault } from './socket-fault.ts';

/** The API of a WebSocket handshake; undefined: not a handshake. */
export function socketApiOf({ headers, path }: HttpRequest): SocketApi | undefined {
  if (headers['upgrade']?.toLowerCase() !== 'websocket') return undefined;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last === 'realtime' || last === 'responses' ? last : undefined;
}

/** The model in the query of a handshake, or ''. */
export function socketModel({ target }: HttpRequest): string {
  const at = target.indexOf('?');
  const query = new URLSearchParams(at === -1 ? '' : target.slice(at));
  return query.get('model') ?? query.get('deployment') ?? '';
}

let conversations = 0;

/** Serves a client over a WebSocket. Resolves when the connection has ended. */
export async function converse(request: HttpRequest, connection: Connection, api: SocketApi): Promise<void> {
  const id = String(++conversations);
  const model = socketModel(request);
  const reader = new FrameReader();
  let fault = readSocketFault(model);
  let responses = 0;
  const send = (event: JsonObject): void =>
    void connection.send(frameOf(OPCODE.text, Buffer.from(JSON.stringify(event))));
  const take = (frame: Frame): void => {
    if (frame.opcode === OPCODE.ping) void connection.send(frameOf(OPCODE.pong, frame.payload));
    if (frame.opcode === OPCODE.close) {
      void connection.send(frameOf(OPCODE.close, frame.payload));
      connection.close();
    }
    if (frame.opcode !== OPCODE.text) return;
    const message = parse(frame.payload);
    const named = modelIn(message);
    if (named !== undefined) fault = readSocketFault(named);
    const isRequest = message['type'] === 'response.create';
    const events = answerEvents(api, message, `${id}_${responses + 1}`);
    if (isRequest && fault !== undefined) return play(fault, { connection, send, events });
    responses += 1;
    for (const event of events) send(event);
  };
  connection.takeOver((bytes) => reader.push(bytes).forEach(take));
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
  void connection.send(
    Buffer.from(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${
        protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`
      }Sec-WebSocket-Accept: ${acceptKey(request.headers['sec-websocket-key'] ?? '')}\r\n\r\n`,
    ),
  );
  if (api === 'realtime') send(sessionCreated(id, model));
  await connection.closed();
}

interface Stage {
  readonly connection: Connection;
  readonly send: (event: JsonObject) => void;
  /** The events without the fault. */
  readonly events: readonly JsonObject[];
}

function play(fault: SocketFault, { connection, send, events }: Stage): void {
  switch (fault.name) {
    case 'ws-silence':
      return;
    case 'ws-stall':
      events.slice(0, -1).forEach(send);
      return;
    case 'ws-cut':
      connection.reset();
      return;
    case 'ws-close':
      void connection.send(closeFrame(fault.code, 'The mock closes.'));
      return;
    case 'ws-huge':
      send({ type: 'response.output_text.delta', delta: 'x'.repeat(fault.bytes) });
      return;
    case 'ws-refuse':
  }
}

function parse(payload: Buffer): JsonObject {
  try {
    const value = JSON.parse(payload.toString()) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
