import { describe, expect, test } from 'bun:test';
import { asMessage, chunk, playStream, type Play } from './stream-play.ts';

const PLAY: Play = {
  from: 'messages',
  to: 'chat',
  request: {
    tools: [
      { name: 'f', input_schema: { type: 'object' } },
      { name: 'longer_name', input_schema: { type: 'object' } },
    ],
  },
};

const call = (given: object) => chunk({ tool_calls: [given] });
const started = (index: number | undefined, id: string | undefined, name: string, args: unknown = '') => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  function: { name, arguments: args },
});
const END = [chunk({}, 'tool_calls'), '[DONE]'];

async function played(...events: unknown[]) {
  return asMessage(await playStream(PLAY, [...events, ...END]));
}

describe('calls in a Chat stream', () => {
  test('several calls in one delta without index and id are separate calls', async () => {
    const both = chunk({
      tool_calls: [
        started(undefined, undefined, 'f', '{"a":1}'),
        started(undefined, undefined, 'f', '{"a":2}'),
      ],
    });
    expect(await played(both)).toEqual({
      content: [
        ['call_g_0', 'f', '{"a":1}'],
        ['call_g_1', 'f', '{"a":2}'],
      ],
      stop: 'tool_use',
    });
  });

  test('an id repeated in each chunk is the same call, whether or not its name is repeated', async () => {
    const pieces = ['{"a"', ':1', '}'].map((json) => call(started(0, 'c1', 'f', json)));
    expect(await played(...pieces)).toEqual({ content: [['c1', 'f', '{"a":1}']], stop: 'tool_use' });
  });

  test('a name in pieces is joined before the call starts', async () => {
    const events = [
      call(started(0, 'c1', 'longer')),
      call(started(0, undefined, '_name')),
      call({ index: 0, function: { arguments: '{}' } }),
    ];
    expect(await played(...events)).toEqual({ content: [['c1', 'longer_name', '{}']], stop: 'tool_use' });
  });

  test('a name in pieces may begin with the name of another tool', async () => {
    const request = {
      tools: ['read', 'read_file'].map((name) => ({ name, input_schema: { type: 'object' } })),
    };
    const events = [
      call(started(0, 'c1', 'read')),
      call(started(0, undefined, '_file')),
      call({ index: 0, function: { arguments: '{}' } }),
    ];
    const play = await playStream({ ...PLAY, request }, [...events, ...END]);
    expect(asMessage(play)).toEqual({ content: [['c1', 'read_file', '{}']], stop: 'tool_use' });
  });

  test('a second call under the id of the first is a call of its own, with an id of its own', async () => {
    const events = [
      call(started(0, 'c1', 'f', '{"a":')),
      call(started(0, 'c1', 'f', '1}')),
      call(started(1, 'c1', 'f', '{"a":')),
      call(started(1, 'c1', 'f', '2}')),
    ];
    expect(await played(...events)).toEqual({
      content: [
        ['c1', 'f', '{"a":1}'],
        ['call_g_1', 'f', '{"a":2}'],
      ],
      stop: 'tool_use',
    });
  });

  test('arguments without index and id belong to the last call', async () => {
    const events = [
      call(started(undefined, 'c1', 'f')),
      call({ function: { arguments: '{"a":' } }),
      call({ function: { arguments: '1}' } }),
    ];
    expect(await played(...events)).toEqual({ content: [['c1', 'f', '{"a":1}']], stop: 'tool_use' });
  });

  test('arguments that are an object keep their digits', async () => {
    const event =
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"n": 9007199254740993}}}]}}]}';
    expect(await played(event)).toEqual({
      content: [['c', 'f', '{"n": 9007199254740993}']],
      stop: 'tool_use',
    });
  });

  test('a call that starts while another is open waits for it, and text after both is a separate block', async () => {
    const events = [
      call(started(0, 'a', 'f')),
      call(started(1, 'b', 'f', '{"x":')),
      chunk({ content: 'tail' }),
      call({ index: 0, function: { arguments: '{"y":1}' } }),
      call({ index: 1, function: { arguments: '2}' } }),
    ];
    expect(await played(...events)).toEqual({
      content: [['a', 'f', '{"y":1}'], ['b', 'f', '{"x":2}'], 'tail'],
      stop: 'tool_use',
    });
  });

  test('white space after a closed call is ignored, more arguments break the stream', async () => {
    const closed = [call(started(0, 'a', 'f', '{}')), call(started(1, 'b', 'f', '{}'))];
    const fine = await playStream(PLAY, [
      ...closed,
      call({ index: 0, function: { arguments: ' \n' } }),
      ...END,
    ]);
    expect(fine.over).toBe('complete');
    const broken = await playStream(PLAY, [
      ...closed,
      call({ index: 0, function: { arguments: '{"again":1}' } }),
      ...END,
    ]);
    expect(broken.over).toMatchObject({ code: 'upstream_invalid' });
    expect(broken.events.map(({ event }) => event)).not.toContain('message_stop');
  });

  test('the legacy function_call is a call with a generated id', async () => {
    const events = [
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{"a":1}' } }),
      chunk({}, 'function_call'),
    ];
    expect(await played(...events)).toEqual({ content: [['call_g_0', 'f', '{"a":1}']], stop: 'tool_use' });
  });
});

describe('the end of a Chat stream', () => {
  const ends = async (...events: unknown[]) => {
    const result = await playStream(PLAY, events);
    return { over: result.over, stop: asMessage(result).stop, losses: result.losses };
  };

  test('the first finish counts, and so does content in its chunk and after it', async () => {
    const result = await playStream(PLAY, [
      chunk({ content: 'a' }, 'length'),
      chunk({ content: 'b' }, 'stop'),
      '[DONE]',
    ]);
    expect(asMessage(result)).toEqual({ content: ['ab'], stop: 'max_tokens' });
  });

  test('[DONE] without a finish is a normal end, a missing end is not', async () => {
    expect(await ends(chunk({ content: 'a' }), '[DONE]')).toMatchObject({
      over: 'complete',
      stop: 'end_turn',
    });
    expect(await ends(chunk({ content: 'a' }))).toMatchObject({ over: { code: 'upstream_truncated' } });
  });

  test.each([
    ['stop', { stop_reason: 'END' }, 'stop_sequence'],
    ['stop', { stop_reason: 128_009 }, 'end_turn'],
    ['stop', { matched_stop: 'END' }, 'stop_sequence'],
    ['eos', {}, 'end_turn'],
    ['model_length', {}, 'max_tokens'],
    ['sensitive', {}, 'refusal'],
  ])('%s %j is %s', async (word, more, stop) => {
    expect(await ends(chunk({ content: 'a' }), chunk({}, word, more), '[DONE]')).toMatchObject({
      over: 'complete',
      stop,
    });
  });

  test('an unknown finish reason is a normal end with a loss; a failure breaks the stream', async () => {
    const unknown = await ends(chunk({ content: 'a' }, 'bored', {}), {
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    });
    expect(unknown).toEqual({
      over: 'complete',
      stop: 'end_turn',
      losses: ['approximated choices[0].finish_reason'],
    });
    expect(await ends(chunk({ content: 'a' }), chunk({}, 'error'))).toMatchObject({
      over: { kind: 'upstream', code: 'upstream_invalid' },
    });
  });

  test('a refusal of the model counts as one, whatever the finish reason', async () => {
    expect(await ends(chunk({ refusal: 'No.' }), chunk({}, 'stop'), '[DONE]')).toMatchObject({
      stop: 'refusal',
    });
  });

  test('an error in place of a chunk keeps its kind', async () => {
    expect(
      await ends(chunk({ content: 'a' }), { error: { message: 'Overloaded', code: 'overloaded' } }),
    ).toMatchObject({
      over: { kind: 'overloaded', message: 'Overloaded' },
    });
  });
});

describe('usage and reasoning in a Chat stream', () => {
  const usageOf = async (...events: unknown[]) => {
    const { events: told } = await playStream(PLAY, [
      chunk({ content: 'a' }),
      ...events,
      chunk({}, 'stop'),
      '[DONE]',
    ]);
    const last = told.findLast(({ event }) => event === 'message_delta')?.data as {
      usage: Record<string, unknown>;
    };
    return [last.usage['input_tokens'], last.usage['cache_read_input_tokens'], last.usage['output_tokens']];
  };

  test('usage is read from each server’s place, and never added up', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } };
    expect(await usageOf({ choices: [], usage })).toEqual([6, 4, 3]);
    expect(await usageOf({ choices: [], x_groq: { usage } })).toEqual([6, 4, 3]);
    expect(await usageOf(chunk({ content: 'b' }, null, { usage }))).toEqual([6, 4, 3]);
    const early = { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 4 } };
    expect(
      await usageOf(
        { choices: [], usage: early },
        { choices: [], usage: { ...usage, prompt_tokens_details: null, prompt_tokens: 0 } },
      ),
    ).toEqual([6, 4, 3]);
  });

  test('reasoning is a block before the text, under any of its names', async () => {
    for (const delta of [
      { reasoning_content: 'Hm' },
      { reasoning: 'Hm' },
      { reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] },
      { reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] },
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] },
    ]) {
      const result = await playStream(PLAY, [
        chunk(delta),
        chunk({ content: 'So' }),
        chunk({}, 'stop'),
        '[DONE]',
      ]);
      expect(asMessage(result).content).toEqual([{ thinking: 'Hm', signature: '' }, 'So']);
    }
  });
});

test.each([
  [
    'the id and the name come after arguments',
    [{ function: { arguments: '{"a"' } }, { id: 'x', function: { name: 'f', arguments: ':1}' } }],
    'x',
  ],
  [
    'the id comes after the name',
    [{ function: { name: 'f' } }, { id: 'x', function: { arguments: '{"a":1}' } }],
    undefined,
  ],
] as const)('%s: it is one call', async (_, pieces, id) => {
  const deltas = pieces.map((piece) => chunk({ tool_calls: [{ index: 0, ...piece }] }));
  const events = [...deltas, chunk({}, 'tool_calls'), '[DONE]'];
  const request = { tools: [{ name: 'f', input_schema: { type: 'object' } }] };
  const played = await playStream({ from: 'messages', to: 'chat', request }, events);
  expect(asMessage(played).content).toEqual([[id ?? expect.any(String), 'f', '{"a":1}']]);
});

test('a call that never gets a name is told as it came, and a name beside a late id begins another', async () => {
  const call = (piece: object) => chunk({ tool_calls: [{ index: 0, ...piece }] });
  const play = (...events: unknown[]) =>
    playStream({ from: 'messages', to: 'chat' }, [...events, chunk({}, 'tool_calls'), '[DONE]']);
  const nameless = await play(call({ id: 'x', function: { arguments: '{}' } }));
  expect(asMessage(nameless).content).toEqual([['x', '', '{}']]);
  const two = await play(
    call({ function: { name: 'f', arguments: '{}' } }),
    call({ id: 'x', function: { name: 'g', arguments: '{}' } }),
  );
  expect(asMessage(two).content).toEqual([
    [expect.any(String), 'f', '{}'],
    ['x', 'g', '{}'],
  ]);
});

test('a surrogate pair that is divided between two events arrives whole', async () => {
  const deltas = ['a\ud83d', '\ude00\ud83d', '\ude00', '\ud83d'].map((content) => chunk({ content }));
  const { events } = await playStream({ from: 'messages', to: 'chat' }, [
    ...deltas,
    chunk({}, 'stop'),
    '[DONE]',
  ]);
  const texts = events.flatMap(({ data }) => (data as { delta?: { text?: string } }).delta?.text ?? []);
  // The last half has no other.
  expect(texts).toEqual(['a', '\ud83d\ude00', '\ud83d\ude00', '\ud83d']);
});
