import { EventStreamCodec } from '@smithy/eventstream-codec';
import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { isSteep } from '../../architecture/growth.ts';
import { createFrameReader, type Frame } from '../../../src/translation/carriage/event-stream.ts';

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes as never)),
  (text) => new TextEncoder().encode(text),
);

/** A frame as the codec of the AWS SDK for JavaScript encodes it. */
function encoded(headers: Readonly<Record<string, string>>, payload: string): Uint8Array {
  return codec.encode({
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }]),
    ),
    body: new TextEncoder().encode(payload),
  });
}

const event = (name: string, payload: string): Uint8Array =>
  encoded({ ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' }, payload);

const shown = ({ type, name, payload }: Frame) => ({
  type,
  name,
  payload: new TextDecoder().decode(payload),
});

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

describe('frames of an event stream', () => {
  test('are read as the AWS SDK writes them, cut anywhere', () => {
    const frames = fc.array(
      fc.tuple(fc.stringMatching(/^[a-zA-Z]{1,20}$/), fc.string({ maxLength: 300, unit: 'grapheme' })),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.nat(2000), { maxLength: 12 }), (events, cuts) => {
        const bytes = concat(events.map(([name, payload]) => event(name, payload)));
        const reader = createFrameReader();
        const read: Frame[] = [];
        const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].toSorted(
          (a, b) => a - b,
        );
        for (let index = 1; index < places.length; index += 1) {
          const got = reader.push(bytes.slice(places[index - 1], places[index]));
          if (got === 'broken') throw new Error('broken');
          read.push(...got);
        }
        expect(read.map(shown)).toEqual(events.map(([name, payload]) => ({ type: 'event', name, payload })));
        expect(reader.isInside()).toBe(false);
      }),
    );
  });

  test('report an exception by its type', () => {
    const bytes = encoded({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{}');
    expect(createFrameReader().push(bytes)).toMatchObject([
      { type: 'exception', name: 'throttlingException' },
    ]);
  });

  test('break the stream if any byte changes, and stay broken', () => {
    const bytes = event('contentBlockDelta', '{"delta":{"text":"Hi"}}');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      const reader = createFrameReader();
      expect([at, reader.push(changed)]).toEqual([at, 'broken']);
      expect(reader.push(bytes)).toBe('broken');
    }
  });

  test('longer than 16 MiB break the stream before their bytes are buffered', () => {
    const prelude = new Uint8Array(12);
    const view = new DataView(prelude.buffer);
    view.setUint32(0, 17 * 1024 * 1024);
    view.setUint32(8, Bun.hash.crc32(prelude.subarray(0, 8)));
    expect(createFrameReader().push(prelude)).toBe('broken');
  });

  test('that arrive a byte at a time take linear time', () => {
    const read = (size: number): void => {
      const bytes = event('x', 'a'.repeat(size));
      const reader = createFrameReader();
      for (let at = 0; at < bytes.length; at++) reader.push(bytes.subarray(at, at + 1));
    };
    expect(isSteep(read)).toBe(false);
  });
});
