import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { wholePiece } from '../../../src/translation/held-text.ts';
import { createExchange, type Target } from '../../../src/translation/exchange.ts';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import { messagesAnswer, messagesEvents } from './conversations.ts';
import { clientEvents } from './golden-case.ts';
import { chunk, exchangeFor, type Play, playStream } from './stream-play.ts';

const CODEX = { input: 'x', include: ['reasoning.encrypted_content'] };
const TO_CHAT: Play = { from: 'responses', to: 'chat', request: CODEX };
const TO_MESSAGES: Play = { from: 'responses', to: 'messages', request: CODEX };

interface Told {
  readonly type: string;
  readonly sequence_number: number;
  readonly item?: Record<string, unknown>;
  readonly delta?: string;
  readonly response?: Record<string, unknown> & { readonly output: readonly unknown[] };
}

const told = (events: readonly { readonly data: unknown }[]): Told[] =>
  events.map(({ data }) => data as Told);

describe('a stream for a Responses client', () => {
  test('ends with the same response as a whole answer, with each item once and whole', async () => {
    const exchange = await exchangeFor({ ...TO_MESSAGES, target: { model: 'claude-opus-4-8' } });
    const translation = await translationFor('responses', 'messages', exchange.target);
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(messagesAnswer, (answer) => {
        const whole = translation.answer(JSON.stringify(answer), exchange);
        const stream = translation.stream(exchange);
        let text = '';
        for (const event of messagesEvents(answer)) {
          for (const bytes of stream.push('', encoder.encode(JSON.stringify(event))).bytes)
            text += new TextDecoder().decode(wholePiece(bytes));
        }
        const events = clientEvents(text);
        const all = told(events);
        expect(events.map(({ event }) => event)).toEqual(all.map(({ type }) => type));
        expect(all.map(({ sequence_number }) => sequence_number)).toEqual([...all.keys()]);
        const response = all.at(-1)?.response;
        const done = all.filter(({ type }) => type === 'response.output_item.done');
        expect(done.map(({ item }) => item)).toEqual([...(response?.output ?? [])] as Record<
          string,
          unknown
        >[]);
        expect(response).toEqual(whole.kind === 'answer' ? JSON.parse(whole.body) : undefined);
      }),
    );
  });

  test('a failed response contains finished items but not an open one', async () => {
    const exchange = await exchangeFor(TO_MESSAGES);
    const stream = (await translationFor('responses', 'messages', exchange.target)).stream(exchange);
    const push = (event: object) => stream.push('', new TextEncoder().encode(JSON.stringify(event)));
    const block = (index: number, text: string) => {
      push({ type: 'content_block_start', index, content_block: { type: 'text', text } });
      push({ type: 'content_block_stop', index });
    };
    push({ type: 'message_start', message: { model: 'c' } });
    block(0, 'One.');
    const last = stream.fail({ kind: 'overloaded', message: 'Busy.' });
    const events = told(clientEvents(new TextDecoder().decode(last)));
    expect(events.map(({ type }) => type)).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.failed',
    ]);
    expect(events.at(-1)?.response).toMatchObject({
      status: 'failed',
      error: { code: 'server_is_overloaded', message: 'Busy.' },
      output: [{ id: 'msg_g_0', status: 'completed' }],
    });
  });

  test('an immediate failure follows response.created', async () => {
    const exchange = await exchangeFor(TO_CHAT);
    const stream = (await translationFor('responses', 'chat', exchange.target)).stream(exchange);
    const error = { kind: 'rate_limit', message: 'Slow down.', retryAfter: '7' } as const;
    const events = told(clientEvents(new TextDecoder().decode(stream.fail(error))));
    expect(events.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
      ['response.created', 0],
      ['response.failed', 1],
    ]);
    expect(events[1]?.response?.['error']).toEqual({
      code: 'rate_limit_exceeded',
      message: 'Slow down. Please try again in 7s.',
    });
  });

  test.each([
    [{ kind: 'context_length', message: 'x' }, 'context_length_exceeded'],
    [{ kind: 'billing', message: 'x' }, 'insufficient_quota'],
    [{ kind: 'server', message: 'x' }, 'server_error'],
    [{ kind: 'invalid', message: 'x' }, 'invalid_prompt'],
    [{ kind: 'upstream', code: 'upstream_truncated', message: 'x' }, 'upstream_truncated'],
  ] as const)('the error %j has the code %s', async (error, code) => {
    const exchange = await exchangeFor(TO_CHAT);
    const stream = (await translationFor('responses', 'chat', exchange.target)).stream(exchange);
    const events = told(clientEvents(new TextDecoder().decode(stream.fail(error))));
    expect(events.at(-1)?.response?.['error']).toMatchObject({ code });
  });

  test('a truncated call is incomplete, and those before it are complete', async () => {
    const call = (index: number, json: string) =>
      chunk({ tool_calls: [{ index, id: `c${index}`, function: { name: 'f', arguments: json } }] });
    const events = [call(0, '{}'), call(1, '{"a":'), chunk({}, 'length')];
    const played = await playStream(
      { ...TO_CHAT, request: { ...CODEX, tools: [{ type: 'function', name: 'f' }] } },
      events,
    );
    const last = told(played.events).at(-1);
    expect(last?.response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [
        { type: 'function_call', call_id: 'c0', status: 'completed', arguments: '{}' },
        { type: 'function_call', call_id: 'c1', status: 'incomplete', arguments: '{"a":' },
      ],
    });
  });

  test('a truncated whole answer ends with an incomplete item', async () => {
    const exchange = await exchangeFor(TO_CHAT);
    const message = { reasoning_content: 'Hm.', content: 'Half' };
    const body = JSON.stringify({ choices: [{ message, finish_reason: 'length' }] });
    const answer = (await translationFor('responses', 'chat', exchange.target)).answer(body, exchange);
    if (answer.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(answer.body)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ type: 'reasoning' }, { type: 'message', status: 'incomplete' }],
      usage: { input_tokens: 0, output_tokens_details: { reasoning_tokens: 0 } },
    });
    expect(exchange.losses.all()).toContainEqual(
      expect.objectContaining({ path: 'usage', what: 'approximated' }),
    );
  });

  test('the input of a freeform tool never splits a character', async () => {
    const tools = [{ type: 'custom', name: 'patch' }];
    const pieces = ['{"input":"a\\ud83d', '\\ude00', 'b\\ud83d"}'];
    const events = [
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'patch', arguments: '' } }] }),
      ...pieces.map((json) => chunk({ tool_calls: [{ index: 0, function: { arguments: json } }] })),
      chunk({}, 'stop'),
    ];
    const played = await playStream({ ...TO_CHAT, request: { ...CODEX, tools } }, events);
    const deltas = told(played.events).filter(({ type }) => type.endsWith('input.delta'));
    expect(deltas.map(({ delta }) => delta)).toEqual(['a', '😀', 'b\ud83d']);
  });

  test('reasoning keeps its seal only for a client that requests it', async () => {
    const events = [
      { type: 'message_start', message: {} },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: 'Hm.', signature: 'S' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ];
    const without = await playStream({ ...TO_MESSAGES, request: { input: 'x' } }, events);
    const item = { id: 'rs_g_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] };
    expect(told(without.events).at(-1)?.response?.output).toEqual([item]);
    expect(without.losses).toContain('dropped reasoning');
    const kept = await playStream(TO_MESSAGES, events);
    expect(told(kept.events).at(-1)?.response?.output).toEqual([
      { ...item, encrypted_content: expect.stringMatching(/^llmp1\.an\./) },
    ]);
  });

  test('the signature of a Gemini call is an item immediately before it', async () => {
    const extra_content = { google: { thought_signature: 'Sig=' } };
    const call = { index: 0, id: 'c', function: { name: 'f', arguments: '{}' }, extra_content };
    const played = await playStream(TO_CHAT, [
      chunk({ content: 'Hi' }),
      chunk({ tool_calls: [call] }),
      chunk({}, 'stop'),
    ]);
    expect(told(played.events).at(-1)?.response?.output).toMatchObject([
      { type: 'message', id: 'msg_g_0' },
      {
        type: 'reasoning',
        id: 'rs_g_1',
        summary: [],
        encrypted_content: expect.stringMatching(/^llmp1\.ge\./),
      },
      { type: 'function_call', id: 'fc_g_2', call_id: 'c' },
    ]);
  });

  test('an answer that is too long to be repeated breaks', async () => {
    const exchange = await exchangeFor(TO_CHAT);
    const stream = (await translationFor('responses', 'chat', exchange.target)).stream(exchange);
    const event = new TextEncoder().encode(JSON.stringify(chunk({ content: 'x'.repeat(8 * 1024 * 1024) })));
    let over: unknown;
    for (let index = 0; index < 9; index++) over ??= stream.push('', event).over;
    expect(over).toMatchObject({ code: 'upstream_invalid' });
  });
});

describe('a stream of a Responses provider', () => {
  const CHAT: Target = {
    provider: 'p1',
    api: 'responses',
    carriage: undefined,
    model: 'gpt-5-6',
    dialect: 'generic',
    policy: 'warn',
  };
  const PLAY: Play = { from: 'chat', to: 'responses', target: CHAT };
  const message = (...content: unknown[]) => ({ type: 'message', id: 'm', content });
  const part = (text: string) => ({ type: 'output_text', text, annotations: [] });
  const completed = { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } };
  const deltas = async (events: readonly object[]) => {
    const played = await playStream(PLAY, events);
    expect(played.over).toBe('complete');
    return played.events
      .flatMap(({ data }) => (data as { choices?: { delta: object }[] }).choices ?? [])
      .map(({ delta }) => delta)
      .slice(1, -1);
  };

  test.each([
    [
      'only in done events',
      [
        { type: 'response.output_item.done', output_index: 0, item: message(part('A'), part('B')) },
        completed,
      ],
    ],
    [
      'only in the last response',
      [
        {
          type: 'response.completed',
          response: { status: 'completed', output: [message(part('A'), part('B'))] },
        },
      ],
    ],
    [
      'in deltas for one part, and in an item for the other',
      [
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'A' },
        { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'A' },
        { type: 'response.output_item.done', output_index: 0, item: message(part('A'), part('B')) },
        {
          type: 'response.completed',
          response: { status: 'completed', output: [message(part('A'), part('B'))] },
        },
      ],
    ],
  ])('a text that arrives %s is emitted once', async (_how, events) => {
    expect(await deltas(events)).toEqual([{ content: 'A' }, { content: 'B' }]);
  });

  test('items without a place are emitted once, although the last response repeats them', async () => {
    const output = [message(part('A')), message(part('B'))];
    const events = [
      { type: 'response.output_text.delta', item_id: 'm', content_index: 0, delta: 'A' },
      { type: 'response.output_item.done', item: message(part('A')) },
      { type: 'response.output_item.done', item: { ...message(part('B')), id: 'n' } },
      { type: 'response.completed', response: { status: 'completed', output } },
    ];
    expect(await deltas(events)).toEqual([{ content: 'A' }, { content: 'B' }]);
  });

  test('items that share one place are emitted one after the other', async () => {
    const item = (word: string, given: object) => ({
      type: `response.output_item.${word}`,
      output_index: 0,
      item: given,
    });
    const call = { type: 'function_call', id: 'f', call_id: 'c', name: 'f', arguments: '' };
    const events = [
      item('added', message()),
      { type: 'response.output_text.delta', output_index: 0, item_id: 'm', content_index: 0, delta: 'A' },
      item('done', message(part('A'))),
      item('added', call),
      { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'x', delta: '{"a":1}' },
      item('done', { ...call, arguments: '{"a":1}' }),
      completed,
    ];
    const pieces = [
      { content: 'A' },
      { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
    ];
    expect(await deltas(events)).toEqual(pieces);
    // The last response names the call by another id, at the place of both items.
    const output = [{ ...call, call_id: 'd', arguments: '{"a":1,"b":2}' }];
    const last = { type: 'response.completed', response: { status: 'completed', output } };
    expect(await deltas([...events.slice(0, -2), last])).toEqual(pieces);
  });

  const call = { type: 'function_call', id: 'f', call_id: 'c', name: 'f', arguments: '{"a":1}' };
  const added = (output_index: number, item: object) => ({
    type: 'response.output_item.added',
    output_index,
    item,
  });
  const text = (delta: string) => ({ type: 'response.output_text.delta', output_index: 0, delta });
  test.each<readonly [string, readonly object[], readonly object[]]>([
    ['has not begun', [added(0, message()), text('A')], [message(part('A')), call]],
    ['only begins', [text('A'), added(1, { ...call, arguments: '' })], [message(part('A')), call]],
    ['stands at another place', [text('A')], [{ type: 'reasoning', summary: [] }, message(part('A')), call]],
    ['follows a text that stops early', [added(0, message()), text('')], [message(part('A')), call]],
  ])('a call that %s before the last response is in it', async (_how, events, output) => {
    const response = { status: 'completed', output };
    const pieces = await deltas([...events, { type: 'response.completed', response }]);
    expect(pieces.map((piece) => JSON.stringify(piece)).join('')).toBe(
      [
        { content: 'A' },
        { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] },
        { tool_calls: [{ index: 0, function: { arguments: call.arguments } }] },
      ]
        .map((piece) => JSON.stringify(piece))
        .join(''),
    );
  });

  test('the parts of a summary are separated, and the text after it is ignored', async () => {
    const events = [
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'A' },
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'raw' },
      { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 1, text: 'B' },
      completed,
    ];
    expect(await deltas(events)).toEqual([
      { reasoning_content: 'A' },
      { reasoning_content: '\n\n' },
      { reasoning_content: 'B' },
    ]);
  });

  test.each([
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'Slow.' }, 'rate_limit'],
    [{ type: 'error', error: { code: 'context_length_exceeded', message: 'Long.' } }, 'context_length'],
    [
      { type: 'response.failed', response: { error: { code: 'server_is_overloaded', message: 'x' } } },
      'overloaded',
    ],
    [{ type: 'response.failed', response: { error: null } }, 'server'],
    [{ type: 'response.incomplete', response: { incomplete_details: { reason: 'steered' } } }, 'upstream'],
  ])('%j is a failure', async (event, kind) => {
    const { over } = await playStream(PLAY, [event]);
    expect(over).toMatchObject({ kind });
  });

  test('keep-alives and unknown events are ignored, and a stream without its final event is truncated', async () => {
    const { over, events } = await playStream(PLAY, [
      { type: 'keepalive' },
      { type: 'response.new.thing' },
      '[DONE]',
    ]);
    expect([events, over]).toEqual([[], expect.objectContaining({ code: 'upstream_truncated' })]);
  });

  test('a stream has the same content as a whole answer', async () => {
    const reading = await readRequest(
      'chat',
      JSON.stringify({ messages: [], stream: true, logprobs: true }),
      { requestId: 'req_g', path: '' },
    );
    if (reading.kind === 'invalid') throw new Error(reading.message);
    const exchange = createExchange(reading.conversation, CHAT, { requestId: 'req_g', now: 1 });
    const logprobs = [{ token: 'Hi', logprob: -1, bytes: [72, 105], top_logprobs: [] }];
    const annotations = [
      { type: 'url_citation', url: 'https://a', title: 'A', start_index: 0, end_index: 2 },
    ];
    const output = [
      { type: 'reasoning', id: 'rs', summary: [{ text: 'One' }, { text: 'Two' }], encrypted_content: 'E' },
      message({ ...part('Hi'), annotations, logprobs }, { type: 'refusal', refusal: 'No.' }),
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"n": 12345678901234567890}' },
      { type: 'web_search_call', id: 'w' },
    ];
    const usage = { input_tokens: 3, output_tokens: 4 };
    const translation = await translationFor('chat', 'responses', CHAT);
    const whole = translation.answer(JSON.stringify({ status: 'completed', output, usage }), exchange);
    const collector = translation.collector(exchange);
    const push = (event: object) => collector.push('', new TextEncoder().encode(JSON.stringify(event)));
    output.forEach((item, output_index) => push({ type: 'response.output_item.done', output_index, item }));
    push({ type: 'response.completed', response: { status: 'completed', output: [], usage } });
    const streamed = collector.answer();
    if (whole.kind !== 'answer' || streamed.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(streamed.body)).toEqual(JSON.parse(whole.body));
    expect(exchange.losses.all().map(({ path }) => path)).toContain('output[3]');
  });
});

test('a character in two deltas, and what JSON escapes, stand whole in the closing events', async () => {
  const call = (args: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: args } }] });
  const { events } = await playStream(TO_CHAT, [
    chunk({ reasoning_content: 'hm "\\' }),
    chunk({ content: '\ud83d' }),
    chunk({ content: '\ude00\n"' }),
    chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a":"\\u00' } }] }),
    call('e9\\n"}'),
    chunk({}, 'tool_calls'),
    '[DONE]',
  ]);
  const response = told(events).at(-1)?.response as { output: Record<string, unknown>[] };
  expect(response.output).toMatchObject([
    { summary: [{ text: 'hm "\\' }] },
    { content: [{ text: '😀\n"' }] },
    { arguments: '{"a":"\\u00e9\\n"}' },
  ]);
});

test('the rest of a text follows when deltas brought only its beginning', async () => {
  const play: Play = { from: 'chat', to: 'responses' };
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"city":"Oslo"}' };
  const summary = [
    { type: 'summary_text', text: 'First this.' },
    { type: 'summary_text', text: 'Then that.' },
  ];
  const { events, over } = await playStream(play, [
    { type: 'response.created', response: { id: 'r', model: 'm' } },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning' } },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'First' },
    { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'First this.' },
    { type: 'response.output_item.done', output_index: 0, item: { type: 'reasoning', summary } },
    { type: 'response.output_item.added', output_index: 1, item: { type: 'message', content: [] } },
    { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Hel' },
    { type: 'response.output_text.done', output_index: 1, content_index: 0, text: 'Hello' },
    {
      type: 'response.output_item.done',
      output_index: 1,
      item: { type: 'message', content: [{ type: 'output_text', text: 'Hello!' }] },
    },
    { type: 'response.output_item.added', output_index: 2, item: { ...call, arguments: '' } },
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"city"' },
    { type: 'response.output_item.done', output_index: 2, item: call },
    { type: 'response.completed', response: { status: 'completed', output: [] } },
  ]);
  const deltas = events.flatMap(({ data }) =>
    ((data as { choices?: { delta: ChatDelta }[] }).choices ?? []).map(({ delta }) => delta),
  );
  expect(deltas.map(({ content }) => content ?? '').join('')).toBe('Hello!');
  expect(deltas.map(({ reasoning_content }) => reasoning_content ?? '').join('')).toBe(
    'First this.\n\nThen that.',
  );
  const args = deltas.map(({ tool_calls }) => tool_calls?.[0]?.function.arguments ?? '').join('');
  expect(args).toBe('{"city":"Oslo"}');
  expect(over).toBe('complete');
});

interface ChatDelta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: { readonly function: { readonly arguments: string } }[];
}
