import { describe, expect, test } from 'bun:test';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { CallIds } from '../../../src/translation/ids.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { playRequest } from './request-play.ts';
import { exchangeFor, playStream } from './stream-play.ts';

describe('ids that are told apart', () => {
  test('are derived from the given one, and never from one that is taken', () => {
    const ids = new CallIds();
    expect(['a', 'a', 'a_2', 'a', 'a_2', 'b'].map((id) => ids.unused(id))).toEqual([
      'a',
      'a_2',
      'a_2_2',
      'a_3',
      'a_2_3',
      'b',
    ]);
  });

  test('take linear time', () => {
    const ids = new CallIds();
    const all = Array.from({ length: 100_000 }, () => ids.unused('call_0'));
    expect(new Set(all).size).toBe(all.length);
  });
});

const call = (id: string, city: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: JSON.stringify({ city }) },
});
const result = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content });

describe('a history whose server counts its calls anew in each answer', () => {
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: null, tool_calls: [call('call_0', 'Oslo'), call('call_0', 'Rome')] },
    result('call_0', 'cold'),
    result('call_0', 'warm'),
    { role: 'assistant', content: null, tool_calls: [call('call_0', 'Bonn')] },
    result('call_0', 'rain'),
  ];

  test.each([
    ['messages', /"(?:id|tool_use_id)":"([^"]+)"/g],
    ['converse', /"toolUseId":"([^"]+)"/g],
    ['gemini', /"id":"([^"]+)"/g],
    ['responses', /"call_id":"([^"]+)"/g],
  ] as const)('has one id for each call and its result: %s', async (api, pattern) => {
    const { text, losses } = await playRequest(['chat', api], { messages });
    const ids = [...text.matchAll(pattern)].map(([, id]) => id);
    expect(ids).toEqual(['call_0', 'call_0_2', 'call_0', 'call_0_2', 'call_0_3', 'call_0_3']);
    expect(text.indexOf('cold')).toBeLessThan(text.indexOf('warm'));
    expect(losses).toContain('repaired messages[1].tool_calls[1]');
    expect(losses).toContain('repaired messages[4].tool_calls[0]');
  });
});

describe('an answer with one id for two calls', () => {
  const functionCall = (city: string) => ({ functionCall: { id: 'c1', name: 'weather', args: { city } } });
  const body = {
    candidates: [
      { content: { parts: [functionCall('Oslo'), functionCall('Rome')] }, finishReason: 'STOP', index: 0 },
    ],
  };
  const play = { from: 'messages', to: 'gemini' } as const;

  test('has two ids, whole and streamed', async () => {
    const exchange = await exchangeFor(play);
    const whole = (await translationFor('messages', 'gemini', exchange.target)).answer(
      JSON.stringify(body),
      exchange,
    );
    const { events } = await playStream(play, [body]);
    for (const text of [whole.kind === 'answer' ? whole.body : '', JSON.stringify(events)])
      expect([...text.matchAll(/"id":"(c1[^"]*)"/g)].map(([, id]) => id)).toEqual(['c1', 'c1_2']);
  });
});

test('calls of Converse without ids get the same ones, whole and streamed', async () => {
  const play = { from: 'chat', to: 'converse' } as const;
  const exchange = await exchangeFor(play);
  const translation = await translationFor('chat', 'converse', exchange.target);
  const toolUse = { name: 'weather', input: {} };
  const message = { role: 'assistant', content: [{ text: 'So' }, { toolUse }, { toolUse }] };
  const whole = translation.answer(JSON.stringify({ output: { message }, stopReason: 'tool_use' }), exchange);
  const stream = translation.stream(exchange);
  const frames: [string, object][] = [
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'So' } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { name: 'weather' } } }],
    ['contentBlockStop', { contentBlockIndex: 1 }],
    ['contentBlockStart', { contentBlockIndex: 2, start: { toolUse: { name: 'weather' } } }],
    ['contentBlockStop', { contentBlockIndex: 2 }],
    ['messageStop', { stopReason: 'tool_use' }],
  ];
  const streamed = frames
    .flatMap(([name, frame]) => stream.push(name, new TextEncoder().encode(JSON.stringify(frame))).bytes)
    .map((piece) => new TextDecoder().decode(wholePiece(piece)))
    .join('');
  for (const text of [whole.kind === 'answer' ? whole.body : '', streamed])
    expect([...text.matchAll(/"id":"(call_[^"]*)"/g)].map(([, id]) => id)).toEqual(['call_g_0', 'call_g_1']);
});
