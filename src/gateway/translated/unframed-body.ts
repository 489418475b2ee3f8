import { copyOfFields, type Fields } from '../../lib/http/fields.ts';
import { carriedEvent, eventText } from '../../translation/carriage/bedrock-events.ts';
import { createFrameReader } from '../../translation/carriage/event-stream.ts';
import { messagesErrorBody } from '../../translation/errors.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { writeJson } from '../../translation/json.ts';
import type { Reply } from '../classification.ts';
import type { Backpressure, ByteSource } from '../ports.ts';

/** Whether a body is an Amazon event stream. */
export function isFrames(headers: Fields): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('application/vnd.amazon.eventstream') ?? false;
}

/**
 * Converts Bedrock's stream of a Claude model to the one that Anthropic would send. Each Amazon frame contains one
 * event. A malformed frame breaks the stream off, and an exception becomes an error event.
 */
export function unframedReply(reply: Reply, requestId: string): Reply {
  if (reply.body === null || !isFrames(reply.headers)) return reply;
  const headers = copyOfFields(reply.headers);
  headers.set('content-type', 'text/event-stream');
  headers.delete('content-length');
  return { ...reply, headers, body: unframed(reply.body, requestId) };
}

function unframed(source: ByteSource, requestId: string): ByteSource {
  const frames = createFrameReader();
  const eventsOf = (chunk: Uint8Array): Uint8Array | 'broken' => {
    const read = frames.push(chunk);
    if (read === 'broken') return 'broken';
    const texts: Uint8Array[] = [];
    for (const frame of read) {
      const event = carriedEvent(frame);
      if (event.kind === 'event') texts.push(eventText(event.name, event.data));
      else if (event.kind === 'unreadable') return 'broken';
      else if (event.kind === 'error') texts.push(errorEvent(event.error, requestId));
    }
    return Buffer.concat(texts);
  };
  return {
    async read() {
      for (;;) {
        const { done, value } = await source.read();
        if (done || value === undefined) return { done: true };
        const events = eventsOf(value);
        if (events === 'broken') throw new Error('a frame is damaged');
        if (events.byteLength > 0) return { done: false, value: events };
      }
    },
    async pipe(take) {
      let isBroken = false;
      const ending = await source.pipe((chunk): Backpressure => {
        const events = eventsOf(chunk);
        isBroken = events === 'broken';
        if (events === 'broken') return 'stop';
        return events.byteLength === 0 ? undefined : take(events);
      });
      return isBroken ? 'broken' : ending;
    },
    cancel: () => source.cancel(),
  };
}

function errorEvent(error: HubError, requestId: string): Uint8Array {
  return eventText('error', new TextEncoder().encode(writeJson(messagesErrorBody(error, requestId))));
}
