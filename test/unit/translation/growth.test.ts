import { expect, test } from 'bun:test';
import { translationFor } from '../../../src/translation/pair.ts';
import { chunk, exchangeFor, type Play } from './stream-play.ts';

const PLAYS: readonly (readonly [string, Play, (piece: string) => object, object])[] = [
  ['text', { from: 'messages', to: 'chat' }, (content) => chunk({ content }), chunk({ content: 'a' })],
  [
    'arguments of a call',
    { from: 'messages', to: 'chat', request: { tools: [{ name: 'f' }] } },
    (piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
    chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a":"' } }] }),
  ],
  [
    'arguments of a waiting call',
    { from: 'messages', to: 'chat', request: { tools: [{ name: 'f' }] } },
    (piece) => chunk({ tool_calls: [{ index: 1, function: { arguments: piece } }] }),
    chunk({
      tool_calls: [
        { index: 0, id: 'c', function: { name: 'f', arguments: '{"a":"' } },
        { index: 1, id: 'd', function: { name: 'f', arguments: '{"a":"' } },
      ],
    }),
  ],
  [
    'text for Responses',
    { from: 'responses', to: 'chat' },
    (content) => chunk({ content }),
    chunk({ content: 'a' }),
  ],
  [
    'the input of a freeform tool',
    { from: 'responses', to: 'chat', request: { tools: [{ type: 'custom', name: 'f' }] } },
    (piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
    chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"input":"' } }] }),
  ],
  [
    'text of Responses',
    { from: 'chat', to: 'responses' },
    (delta) => ({ type: 'response.output_text.delta', output_index: 0, content_index: 0, delta }),
    { type: 'response.created', response: {} },
  ],
  [
    'thinking of a Chat client',
    { from: 'chat', to: 'messages' },
    (thinking) => ({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } }),
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
  ],
];

test.each(PLAYS)('a stream of %s costs in proportion to its events', async (_what, play, piece, first) => {
  const exchange = await exchangeFor(play);
  const translation = await translationFor(play.from, play.to, exchange.target);
  const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const cost = (events: number): number => {
    const stream = translation.stream(exchange);
    const next = encode(piece('x'));
    stream.push('', encode(first));
    const start = process.cpuUsage();
    for (let index = 0; index < events; index++) stream.push('', next);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  cost(20_000);
  const short = Math.min(cost(5000), cost(5000), cost(5000));
  const long = Math.min(cost(50_000), cost(50_000), cost(50_000));
  // Quadratic growth would be a factor of 100.
  expect(long / Math.max(1, short)).toBeLessThan(40);
});
