import { expect, test } from 'bun:test';
import type { ByteSink } from '../../../src/gateway/body/pipe.ts';
import { countedSink } from '../../../src/gateway/limits/counted-sink.ts';
import { FREE_ADMISSION } from '../../../src/limits/admission.ts';

test('every byte of a stream is counted, with its framing or without, and reaches the client', () => {
  let [counted, sent] = [0, 0];
  const write = (bytes: Uint8Array): undefined => void (sent += bytes.byteLength);
  const admission = { ...FREE_ADMISSION, grow: (bytes: number) => void (counted += bytes) };
  const plain: ByteSink = { write };
  const framed: ByteSink = { write, writeFramed: write };

  void countedSink(plain, admission).write(new Uint8Array(3));
  expect('writeFramed' in countedSink(plain, admission)).toBe(false);
  const sink = countedSink(framed, admission);
  void sink.write(new Uint8Array(4));
  void sink.writeFramed?.(new Uint8Array(5));
  expect([counted, sent]).toEqual([12, 12]);
  expect(countedSink(framed, FREE_ADMISSION)).toBe(framed);
});
