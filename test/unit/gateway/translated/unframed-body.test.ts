import { EventStreamCodec } from '@smithy/eventstream-codec';
import { expect, test } from 'bun:test';
import { unframedReply } from '../../../../src/gateway/translated/unframed-body.ts';
import { readerSource } from '../../../../src/lib/reader-source.ts';

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(bytes as Uint8Array<ArrayBuffer>),
  (text) => new TextEncoder().encode(text),
);

function frame(payload: string): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: 'chunk' },
    },
    body: new TextEncoder().encode(payload),
  });
}

function source(...frames: readonly Uint8Array[]) {
  const { body } = new Response(Buffer.concat(frames));
  const headers = new Headers({ 'content-type': 'application/vnd.amazon.eventstream' });
  const reply = {
    kind: 'reply' as const,
    status: 200,
    headers,
    body: body === null ? null : readerSource(body.getReader()),
  };
  const unframed = unframedReply(reply, 'req_1').body;
  if (unframed === null) throw new Error('there is no body');
  return unframed;
}

test('a frame becomes the event that Anthropic would send', async () => {
  const { value } = await source(frame(JSON.stringify({ bytes: btoa('{"type":"ping"}') }))).read();
  expect(new TextDecoder().decode(value)).toBe('event: ping\ndata: {"type":"ping"}\n\n');
});

test.each(['{}', 'garbage', '{"bytes":"***"}', '{"bytes":"W10="}'])(
  'a frame that contains no event breaks the stream off: %s',
  async (payload) => {
    expect(source(frame(payload)).read()).rejects.toThrow('damaged');
    expect(await source(frame(payload)).pipe(() => undefined)).toBe('broken');
  },
);
