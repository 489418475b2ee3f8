import { expect, test } from 'bun:test';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import type { StreamStep } from '../../../src/translation/stream-translation.ts';
import { exchangeFor } from './stream-play.ts';

const call = (args: string): string => `{"functionCall":{"name":"f","args":${args}}}`;
const chunk = (parts: string, more = ''): string =>
  `{"candidates":[{"content":{"parts":[${parts}]}${more}}]}`;
const FINISHED = ',"finishReason":"STOP"';

test.each([
  ['a call', chunk(call('{"n":12345678901234567890,"args":{"x":[1]}}'), FINISHED)],
  [
    'calls with and without arguments',
    chunk([call('{}'), '{"functionCall":{"name":"g"}}', call('{"a":"args"}')].join()),
  ],
  ['a call and a text', chunk(`{"text":"\\"args\\":{"},${call('{ "a" : 1 }')}`)],
  ['a list of chunks', `[${chunk('{"text":"a"}')},${chunk(call('{"a":1.5}'), FINISHED)}]`],
  ['malformed arguments', chunk(call('{"a":01}'))],
  ['malformed otherwise', `${chunk(call('{"a":1}'))}]`],
  ['an error', '{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED"}}'],
])('a large event of Gemini is read like a small one: %s', async (_what, event) => {
  const exchange = await exchangeFor({ from: 'chat', to: 'gemini' });
  const translation = await translationFor('chat', 'gemini', exchange.target);
  const read = (push: (stream: ReturnType<typeof translation.stream>) => Iterable<StreamStep>): unknown => {
    const stream = translation.stream(exchange);
    const steps = [...push(stream), stream.atEndOfBytes()];
    const bytes = steps.flatMap((step) =>
      step.bytes.map((piece) => new TextDecoder().decode(wholePiece(piece))),
    );
    return { bytes: bytes.join(''), over: steps.at(-1)?.over };
  };
  const large = read((stream) => stream.pushLarge('', event));
  expect(large).toEqual(read((stream) => [stream.push('', new TextEncoder().encode(event))]));
});

test('others get a turn while a large event is read', async () => {
  const exchange = await exchangeFor({ from: 'chat', to: 'gemini' });
  const stream = (await translationFor('chat', 'gemini', exchange.target)).stream(exchange);
  const event = chunk(call(`{"a":[${'1,'.repeat(300_000)}1]}`));
  const steps = [...stream.pushLarge('', event)];
  expect(steps.findIndex(({ bytes }) => bytes.length > 0)).toBeGreaterThan(3);
});
