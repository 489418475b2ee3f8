import { protocolFor } from '../../src/protocols/by-path.ts';
import { splitEvents } from '../../src/lib/sse.ts';
import { bestMicros } from '../measure/best-of.ts';

/** Measures the cost of following a stream, per event, for each way open to a relay. Run: bun bench/parts/skim.ts */
const chunk = JSON.stringify({
  id: 'chatcmpl-9xYz0123456789',
  object: 'chat.completion.chunk',
  created: 1_735_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  system_fingerprint: 'fp_0123456789',
  usage: null,
  choices: [{ index: 0, delta: { content: ' word' }, logprobs: null, finish_reason: null }],
});
const one = new TextEncoder().encode(`data: ${chunk}\n\n`);
const many = new TextEncoder().encode(`data: ${chunk}\n\n`.repeat(50));
const data = new TextEncoder().encode(chunk);

const reader = protocolFor('/v1/chat/completions').readStream();
reader.read('', data);
print('skim, one event a block', 1, () => reader.skim(one));
print('skim, 50 events a block', 50, () => reader.skim(many));
print('read each of a block, following', 50, () => {
  for (const event of splitEvents(many)) reader.read(event.name, event.data);
});
print('read, first content (parses)', 1, () =>
  protocolFor('/v1/chat/completions').readStream().read('', data),
);
print('JSON.parse of each', 1, () => JSON.parse(new TextDecoder().decode(data)));

function print(name: string, events: number, work: () => unknown): void {
  const times = Math.ceil(100_000 / events);
  const best = bestMicros(work, times, 7) / events;
  console.log(`${name.padEnd(36)}${best.toFixed(2).padStart(8)} µs an event`);
}
