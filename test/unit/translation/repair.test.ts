import { expect, test } from 'bun:test';
import type { Part, Text, ToolCall, ToolResult, Turn } from '../../../src/translation/conversation.ts';
import { createLossList } from '../../../src/translation/losses.ts';
import { arranged, type Arrangement, joinedMessages } from '../../../src/translation/repair.ts';
import { cpuMs } from '../cpu-time.ts';

const HOW: Arrangement = { merge: true, userFirst: 'never', system: 'keep', adapt: (part) => [part] };
const text = (text: string): Text => ({ kind: 'text', text, path: '' });
const call = (id: string, name = 'f'): ToolCall => {
  return { kind: 'call', id, name, arguments: '{}', form: 'function', path: '' };
};
const result = (callId: string, parts: ToolResult['parts'] = [], name?: string): ToolResult => {
  return { kind: 'result', callId, name, parts, isError: undefined, path: '' };
};
const turn = (role: Turn['role'], ...parts: readonly Part[]): Turn => ({ role, parts, path: '' });
const arrange = (turns: readonly Turn[], how: Partial<Arrangement> = {}) => {
  const losses = createLossList();
  const told = arranged(turns, { ...HOW, ...how }, losses).map(({ role, parts }) => {
    const words = parts.map((part) => {
      if (part.kind === 'call') return `call ${part.id}`;
      return part.kind === 'result' ? `result ${part.callId}` : part.kind === 'text' ? part.text : part.kind;
    });
    return `${role}: ${words.join(', ')}`;
  });
  return { told, losses: losses.all().length };
};

test('assistant turns whose calls are answered behind them are one step, and system turns go behind the results', () => {
  const step = [
    turn('assistant', text('A'), call('a')),
    turn('system', text('S')),
    turn('assistant', call('b')),
    turn('user', result('b')),
    turn('user', result('a'), text('go')),
  ];
  for (const merge of [true, false])
    expect(arrange(step, { merge })).toEqual({
      told: ['assistant: A, call a, call b', 'user: result a, result b, go', 'system: S'],
      losses: 0,
    });
});

test('assistant turns stay apart if nobody answers the earlier calls', () => {
  const turns = [turn('assistant', call('a')), turn('assistant', call('b')), turn('user', result('b'))];
  expect(arrange(turns)).toEqual({
    told: ['assistant: call a', 'user: result a', 'assistant: call b', 'user: result b'],
    losses: 1,
  });
  // A client that counts its ids anew in each turn.
  const same = [turn('assistant', call('a')), turn('assistant', call('a')), turn('user', result('a'))];
  expect(arrange(same).told).toEqual([
    'assistant: call a',
    'user: result a',
    'assistant: call a_2',
    'user: result a_2',
  ]);
});

test.each<readonly [string, (count: number) => readonly Turn[]]>([
  [
    'results of one call',
    (count) => [
      turn('assistant', call('a')),
      ...Array.from({ length: count }, () => turn('user', result('a', [text('x')]))),
    ],
  ],
  [
    'results without an id',
    (count) => [
      turn('assistant', ...Array.from({ length: count }, (_, at) => call(`c${at}`, `f${at}`))),
      turn(
        'user',
        ...Array.from({ length: count }, (_, at) => result('', [], at % 2 ? undefined : `f${at}`)),
      ),
    ],
  ],
  [
    'calls of one id',
    (count) => [
      turn('assistant', ...Array.from({ length: count }, () => call('c'))),
      turn('user', ...Array.from({ length: count }, () => result('c'))),
    ],
  ],
])('%s are arranged in time that grows with their number', (_what, turnsOf) => {
  const cost = (count: number) => {
    const turns = turnsOf(count);
    return cpuMs(() => arranged(turns, HOW, createLossList()));
  };
  const short = Math.min(cost(400), cost(400), cost(400));
  // 50 times as many: quadratic growth makes it 180 times as much or more, and the fixed costs of linear growth 8.
  expect(cost(20_000) / Math.max(2, short)).toBeLessThan(70);
});

test('as many parts as a request may have are one message', () => {
  const one = text('x');
  const many: Turn = { role: 'user', parts: Array.from({ length: 900_000 }, () => one), path: '' };
  expect(arranged([turn('user', text('x')), many], HOW, createLossList())[0]?.parts).toHaveLength(900_001);
  const message = { role: 'user', content: Array.from({ length: 900_000 }, () => ({})) };
  expect(joinedMessages([message, message], 'content')[0]?.content).toHaveLength(1_800_000);
});
