import { scanObject } from '../../src/lib/json/json-scan.ts';
import { bestMicros } from '../measure/best-of.ts';

/** Measures the time to find the model in request bodies, against parsing them. Run: bun bench/parts/json-scan.ts */
const prose = 'The quick brown fox jumps over the lazy dog, again and again. ';
const quoting = 'The quick brown fox says "hello" to the lazy dog,\nagain and again. ';
const code = 'const x = "abc";\n  foo("bar", \'q\');\n';

const bodies: readonly (readonly [string, string])[] = [
  ['1 KB, 1 message', chat(text(prose, 1_000))],
  ['100 KB, 1 message', chat(text(prose, 100_000))],
  ['100 KB, 200 messages', chat(...Array.from({ length: 200 }, () => text(prose, 500)))],
  ['100 KB, code full of \\" and \\n', chat(text(code, 100_000))],
  ['100 KB, a quote now and then', chat(text(quoting, 100_000))],
  ['100 KB, Chinese', chat(text('今天天气很好，我们去公园散步。', 33_000))],
  ['1 MB, 1 message', chat(text(prose, 1_000_000))],
  ['1 MB, 2,000 messages', chat(...Array.from({ length: 2_000 }, () => text(prose, 500)))],
  [
    '1 MB, array of token numbers',
    JSON.stringify({ model: 'm', input: Array.from({ length: 170_000 }, (_, i) => i) }),
  ],
];

console.log(`${'body'.padEnd(34)}${'scan µs'.padStart(10)}${'JSON.parse µs'.padStart(16)}`);
for (const [name, json] of bodies) {
  const body = new TextEncoder().encode(json);
  const scan = micros(() => scanObject(body, ['model', 'stream', 'stream_options']), body.length);
  const parse = micros(() => JSON.parse(new TextDecoder().decode(body)), body.length);
  console.log(`${name.padEnd(34)}${scan.toFixed(2).padStart(10)}${parse.toFixed(2).padStart(16)}`);
}

function chat(...contents: readonly string[]): string {
  const messages = contents.map((content) => ({ role: 'user', content }));
  return JSON.stringify({ model: 'gpt-4o-mini', messages, temperature: 0.7, stream: true });
}

function text(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

/** Repeats until 50 MB are processed, within bounds. */
function micros(work: () => unknown, bytes: number): number {
  return bestMicros(work, Math.max(20, Math.min(5_000, Math.floor(50_000_000 / bytes))));
}
