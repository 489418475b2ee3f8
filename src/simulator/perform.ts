import { type Answer, wholeBody } from './answer.ts';
import { BodyWriter } from './body-writer.ts';
import { encodeWhole } from './encoder.ts';
import { createEventWriter, type EventWriter } from './event-writer.ts';
import type { Connection } from './http/connection.ts';
import { headBytes } from './http/response-head.ts';
import type { RequestHead } from './http/request-head.ts';
import type { Item } from './item.ts';

/**
 * How long a RST waits after the preceding bytes: a peer that receives both at once may discard the bytes, and the cut
 * would be in the wrong place.
 */
const RESET_GRACE_MS = 25;

/**
 * Plays an answer on a connection. Returns undefined if that is done, otherwise a promise that resolves when it is done
 * or the connection has ended.
 */
export function perform(
  answer: Answer,
  connection: Connection,
  request: RequestHead,
): Promise<void> | undefined {
  const encoded = encodedAtOnce(answer);
  const body = isPlain(encoded) && encoded.length !== undefined ? wholeBody(encoded) : undefined;
  if (body === undefined || !request.keepAlive) return play(encoded, connection, request);
  return connection.send(Buffer.concat([headBytes(encoded, request), bodyFor(request, body)]));
}

/** Compresses a complete body at once, so that its length can be declared. */
function encodedAtOnce(answer: Answer): Answer {
  const body = answer.encoding === undefined ? undefined : wholeBody(answer);
  if (body === undefined || answer.encoding === undefined) return answer;
  const bytes = encodeWhole(body, answer.encoding);
  return { ...answer, encoding: undefined, items: [{ kind: 'body', bytes }], length: bytes.length };
}

/** Whether nothing has to be awaited, so that a single write suffices. */
function isPlain(answer: Answer): boolean {
  return (
    answer.lead.length + answer.tail.length === 0 &&
    answer.pieces === undefined &&
    answer.idleCloseMs === undefined
  );
}

function bodyFor(request: RequestHead, body: Uint8Array): Uint8Array {
  return request.method === 'HEAD' ? new Uint8Array() : body;
}

async function play(answer: Answer, connection: Connection, request: RequestHead): Promise<void> {
  const writer = new BodyWriter(answer, connection, request.chunkedAllowed);
  const events = createEventWriter(answer.framing, answer.style);
  const stage: Stage = { answer, connection, writer, events };
  for (const item of answer.lead) {
    await act(item, stage);
    if (!connection.isOpen) return;
  }
  writer.wire(headBytes(answer, request));
  if (request.method !== 'HEAD') await playItems(stage);
  await writer.end();
  for (const item of answer.tail) {
    await act(item, stage);
    await writer.flush();
    if (!connection.isOpen) return;
  }
  if (!request.keepAlive || (answer.length === undefined && !request.chunkedAllowed)) connection.close();
  else if (answer.idleCloseMs !== undefined) connection.closeWhenIdle(answer.idleCloseMs);
}

interface Stage {
  readonly answer: Answer;
  readonly connection: Connection;
  readonly writer: BodyWriter;
  readonly events: EventWriter;
}

/** Plays the body. The pace follows the clock rather than pauses, so that delays do not accumulate. */
async function playItems(stage: Stage): Promise<void> {
  const { answer, connection, writer } = stage;
  const startedAt = performance.now();
  let tokens = 0;
  for (const item of answer.items) {
    const isToken = item.kind === 'event' && item.part === 'content';
    if (isToken && answer.paceMs > 0) {
      await writer.flush();
      await connection.sleep(Math.max(0, startedAt + tokens * answer.paceMs - performance.now()));
    }
    if (isToken) tokens++;
    const pending = act(item, stage);
    if (pending !== undefined) await pending;
    if (!connection.isOpen) return;
  }
}

function act(item: Item, { connection, writer, events }: Stage): Promise<void> | undefined {
  switch (item.kind) {
    case 'event':
      return writer.body(events.event(item));
    case 'comment':
      return writer.body(events.comment(item.text));
    case 'half': {
      const bytes = events.event(item.of);
      const middle = bytes.length >> 1;
      return writer.body(item.which === 'first' ? bytes.subarray(0, middle) : bytes.subarray(middle));
    }
    case 'body':
      return writer.body(item.bytes);
    case 'wire':
      writer.wire(item.bytes);
      return undefined;
    case 'wait':
      return writer.flush().then(() => connection.sleep(item.ms));
    case 'hold':
      return writer.flush().then(() => connection.closed());
    case 'close':
      return writer.flush().then(() => connection.close());
    case 'reset':
      return resetAfterFlush(connection, writer);
  }
}

async function resetAfterFlush(connection: Connection, writer: BodyWriter): Promise<void> {
  await writer.flush();
  if (writer.hasWritten) await connection.sleep(RESET_GRACE_MS);
  connection.reset();
}
