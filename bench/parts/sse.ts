import { createSseSplitter, splitEvents } from '../../src/lib/sse.ts';
import { bestMicros } from '../measure/best-of.ts';

/** Measures the cost of splitting a stream, per chunk of different shapes. Run: bun bench/parts/sse.ts */
const delta = JSON.stringify({
  id: 'chatcmpl-9xYz0123456789',
  object: 'chat.completion.chunk',
  created: 1_735_000_000,
  model: 'gpt-4o-mini',
  system_fingerprint: 'fp_0123456789',
  usage: null,
  choices: [{ index: 0, delta: { content: ' word' }, logprobs: null, finish_reason: null }],
});
const event = bytesOf(`data: ${delta}\n\n`);
const block = bytesOf(`data: ${delta}\n\n`.repeat(60));
const cut = block.subarray(0, block.length - 100);

const createOnce = createSseSplitter(1e9);
print('push, one whole event', 200_000, () => createOnce.push(event));
print('push, 60 whole events', 50_000, () => createOnce.push(block));
print('splitEvents, one event', 200_000, () => splitEvents(event));
print('splitEvents, 60 events', 5_000, () => splitEvents(block));
print('push, 60 events cut in the last', 5_000, () => {
  const splitter = createSseSplitter(1e9);
  splitter.push(cut);
  splitter.push(block.subarray(block.length - 100));
});
print('one 10 MB event in 64 KB chunks', 5, () => feed(new Uint8Array(10_000_000).fill(0x78), 65_536));
print('one 1 MB event, byte by byte', 5, () => feed(new Uint8Array(1_000_000).fill(0x78), 1));

function feed(body: Uint8Array, step: number): void {
  const splitter = createSseSplitter(1e9);
  for (let at = 0; at < body.length; at += step) splitter.push(body.subarray(at, at + step));
  splitter.push(bytesOf('\n\n'));
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function print(name: string, times: number, work: () => unknown): void {
  console.log(`${name.padEnd(36)}${bestMicros(work, times).toFixed(2).padStart(12)} µs`);
}
