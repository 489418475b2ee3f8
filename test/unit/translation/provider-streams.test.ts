import { describe, expect, test } from 'bun:test';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { asMessage, exchangeFor, type Play, playStream } from './stream-play.ts';

const RESPONSES = { input: 'x', messages: undefined, tools: [{ type: 'web_search' }] };
const play = (from: ClientApi, to: ProviderApi): Play =>
  from === 'responses' ? { from, to, request: RESPONSES } : { from, to };

type Frame = readonly [name: string, data: unknown];

/** The client's bytes for a provider's events, how the stream is over, and its losses. */
async function streamed(pair: Play, frames: readonly Frame[]) {
  const exchange = await exchangeFor(pair);
  const stream = (await translationFor(pair.from, pair.to, exchange.target)).stream(exchange);
  const steps = frames.map(([name, data]) =>
    stream.push(name, Buffer.from(typeof data === 'string' ? data : JSON.stringify(data))),
  );
  const last = stream.atEndOfBytes();
  const bytes = [...steps, last].flatMap((step) => step.bytes);
  return {
    text: bytes.map((piece) => (piece instanceof Uint8Array ? Buffer.from(piece) : piece.whole())).join(''),
    over: last.over,
    usage: stream.usage(),
    losses: exchange.losses.all().map(({ what, path }) => `${what} ${path}`),
  };
}

/** The last response of a Responses client's stream. */
function responseIn(text: string): {
  output: { content: { text: string; annotations: { url: string }[] }[] }[];
} {
  const data = text.split('\ndata: ').at(-1) ?? '';
  return (JSON.parse(data) as { response: ReturnType<typeof responseIn> }).response;
}

describe('a Messages provider', () => {
  const event = (data: { type: string }): Frame => [data.type, data];
  const begin = (index: number, content_block: object) =>
    event({ type: 'content_block_start', index, content_block } as never);
  const delta = (index: number, given: object) =>
    event({ type: 'content_block_delta', index, delta: given } as never);
  const stop = (index: number) => event({ type: 'content_block_stop', index } as never);
  const text = (index: number, given: string) => delta(index, { type: 'text_delta', text: given });
  const json = (index: number, partial_json: string) =>
    delta(index, { type: 'input_json_delta', partial_json });
  const call = (index: number, id: string) => begin(index, { type: 'tool_use', id, name: 'f', input: {} });
  const start = event({ type: 'message_start', message: { usage: { input_tokens: 1 } } } as never);
  const end = [
    event({ type: 'message_delta', delta: { stop_reason: 'tool_use' } } as never),
    event({ type: 'message_stop' }),
  ];

  test.each<readonly [string, readonly Frame[], readonly string[]]>([
    [
      'ends a text after the next call has begun',
      [
        begin(0, { type: 'text', text: '' }),
        text(0, 'a'),
        call(1, 'one'),
        stop(0),
        json(1, '{"k":1}'),
        stop(1),
      ],
      ['{"k":1}'],
    ],
    [
      'gives each call the same index',
      [call(0, 'one'), json(0, '{"k":1}'), stop(0), call(0, 'two'), json(0, '{"k":2}'), stop(0)],
      ['{"k":1}', '{"k":2}'],
    ],
    [
      'ends no call, and gives each the same index',
      [call(0, 'one'), json(0, '{"k":1}'), call(0, 'two'), json(0, '{"k":2}')],
      ['{"k":1}', '{"k":2}'],
    ],
  ])('that %s loses no arguments', async (_, frames, expected) => {
    const { text: sent, over } = await streamed(play('chat', 'messages'), [start, ...frames, ...end]);
    expect(over ?? 'complete').toBe('complete');
    const pieces = [...sent.matchAll(/"arguments":("(?:[^"\\]|\\.)*")/g)].map(
      ([, piece]) => JSON.parse(piece ?? '') as string,
    );
    expect(pieces.filter((piece) => piece !== '')).toEqual([...expected]);
  });

  const thinking = [
    begin(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'hm' }),
  ];
  const signing = (index: number, given: string): Frame =>
    delta(index, { type: 'signature_delta', signature: given });
  const signature = signing(0, 'sig');
  const answered = [begin(1, { type: 'text', text: '' }), text(1, 'a')];
  const detail = '"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig"}]';

  test.each<readonly [string, readonly Frame[]]>([
    ['after the block', [...thinking, stop(0), signature, ...answered, stop(1)]],
    ['in the next block', [...thinking, stop(0), ...answered, signature, stop(1)]],
    ['when the next block is over', [...thinking, ...answered, stop(1), signature, stop(0)]],
    [
      'once, among signatures of other blocks and again',
      [...thinking, stop(0), ...answered, signing(1, 'no'), signature, signing(0, 'no'), stop(1)],
    ],
    [
      'behind a block without a signature',
      [begin(7, { type: 'thinking', thinking: 'eh' }), stop(7), ...thinking, stop(0), ...answered, signature],
    ],
  ])('that signs its thinking %s keeps the signature for a Chat client', async (_, frames) => {
    const { text: sent, over } = await streamed(play('chat', 'messages'), [start, ...frames, ...end]);
    expect([over ?? 'complete', sent.split(detail).length]).toEqual(['complete', 2]);
    const exchange = await exchangeFor(play('chat', 'messages'));
    const collector = (await translationFor('chat', 'messages', exchange.target)).collector(exchange);
    for (const [name, data] of [start, ...frames, ...end])
      collector.push(name, Buffer.from(JSON.stringify(data)));
    const whole = collector.answer();
    expect(whole.kind === 'answer' && whole.body).toContain(detail);
  });

  test.each(['responses', 'gemini'] as const)(
    'that signs its thinking in the next block loses the signature for a client of %s, which is told',
    async (from) => {
      const frames = [start, ...thinking, stop(0), ...answered, signature, stop(1), ...end];
      const more = {
        ...RESPONSES,
        include: ['reasoning.encrypted_content'],
        contents: [{ parts: [{ text: 'x' }] }],
      };
      const pair: Play = { from, to: 'messages', request: more };
      const late = await streamed(pair, frames);
      expect(late.losses).toContain('dropped content[0]');
      expect(late.text).not.toContain('llmp1.');
      const inTime = [start, ...thinking, stop(0), signature, ...answered, stop(1), ...end];
      expect((await streamed(pair, inTime)).text).toContain('llmp1.an.');
    },
  );

  test('that cites before the text of the block cites that text', async () => {
    const citation = { type: 'web_search_result_location', url: 'https://a', title: 'A', cited_text: 'b' };
    const { text: sent } = await streamed(play('responses', 'messages'), [
      start,
      begin(0, { type: 'text', text: '' }),
      text(0, 'first '),
      stop(0),
      begin(1, { type: 'text', text: '', citations: [] }),
      delta(1, { type: 'citations_delta', citation }),
      text(1, 'second'),
      stop(1),
      ...end,
    ]);
    const parts = responseIn(sent).output.map(({ content }) => content[0]);
    expect(parts).toMatchObject([
      { text: 'first ', annotations: [] },
      { text: 'second', annotations: [{ url: 'https://a', start_index: 0, end_index: 6 }] },
    ]);
  });
});

test.each<readonly [ProviderApi, readonly Frame[]]>([
  ['messages', [['', { type: 'message_delta', delta: { stop_reason: 'end_turn' } }]]],
  ['gemini', [['', { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 'STOP' }] }]]],
])('a stream of %s may end with the last word of Chat', async (to, frames) => {
  const { text, over } = await streamed(play('chat', to), [...frames, ['', '[DONE]']]);
  expect([over, text]).toEqual(['complete', expect.stringContaining('"finish_reason":"stop"')]);
});

describe('a Gemini provider', () => {
  const chunk = (more: object, usageMetadata: object = {}): Frame => [
    '',
    { candidates: [{ content: { parts: [{ text: 'a' }] }, ...more }], usageMetadata },
  ];

  test('that reports each count once is counted whole', async () => {
    const { usage } = await streamed(play('chat', 'gemini'), [
      chunk({}, { promptTokenCount: 5, thoughtsTokenCount: 50 }),
      chunk({ finishReason: 'STOP' }, { candidatesTokenCount: 12, toolUsePromptTokenCount: 3 }),
    ]);
    expect(usage).toMatchObject({ input: 8, output: 62, reasoning: 50 });
  });

  test.each([
    [{ groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a' } }] } }, 'groundingMetadata'],
    [
      {
        groundingMetadata: {
          groundingChunks: [{ retrievedContext: { uri: 'gs://a' } }],
          groundingSupports: [{ segment: { endIndex: 1 }, groundingChunkIndices: [0] }],
        },
      },
      'groundingMetadata',
    ],
    [{ citationMetadata: { citations: [{ uri: 'https://a' }] } }, 'citationMetadata'],
    [{ citationMetadata: { citationSources: [{ uri: 'https://a' }] } }, 'citationMetadata'],
  ])('whose sources have no place %j is told to lose them', async (more, where) => {
    const [, answer] = chunk({ finishReason: 'STOP', ...more });
    const { losses } = await streamed(play('responses', 'gemini'), [['', answer]]);
    const exchange = await exchangeFor(play('responses', 'gemini'));
    (await translationFor('responses', 'gemini', exchange.target)).answer(JSON.stringify(answer), exchange);
    expect(losses).toContain(`dropped candidates[0].${where}`);
    expect(exchange.losses.all().map(({ path }) => path)).toContain(`candidates[0].${where}`);
  });
});

test('an error of Messages without an inner object, and an empty finish reason of Gemini, are what they say', async () => {
  const { over } = await streamed(play('chat', 'messages'), [['', { type: 'error', message: 'Broken.' }]]);
  expect(over).toMatchObject({ kind: 'server', message: 'Broken.' });
  const candidate = (finishReason: string, text: string): Frame => [
    '',
    { candidates: [{ content: { parts: [{ text }] }, finishReason }] },
  ];
  const { text } = await streamed(play('chat', 'gemini'), [candidate('', 'a'), candidate('STOP', 'b')]);
  expect([text.includes('"content":"b"'), text.includes('"finish_reason":"stop"')]).toEqual([true, true]);
});

describe('a Converse provider', () => {
  const at = (contentBlockIndex: number, more: object): object => ({ contentBlockIndex, ...more });
  const delta = (index: number, given: object): Frame => ['contentBlockDelta', at(index, { delta: given })];
  const end: readonly Frame[] = [
    ['messageStop', { stopReason: 'end_turn' }],
    ['metadata', { usage: { inputTokens: 1, outputTokens: 1 } }],
  ];

  test('that signs its reasoning late loses no signature for a Chat client', async () => {
    const reasoning = (given: object) => delta(0, { reasoningContent: given });
    const begun = [reasoning({ text: 'hm' }), delta(1, { text: 'a' })];
    const call = ['contentBlockStart', at(1, { start: { toolUse: { toolUseId: 'c', name: 'f' } } })] as const;
    for (const frames of [
      [begun[0]!, reasoning({ signature: 'sig' }), begun[1]!],
      [begun[0]!, reasoning({ signature: 'sig' }), call],
      [...begun, reasoning({ signature: 'sig' }), ['contentBlockStop', at(0, {})] as const],
    ]) {
      const { text } = await streamed(play('chat', 'converse'), [...frames, ...end]);
      const detail = '"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig"}]';
      expect(text.split(detail)).toHaveLength(2);
      const isLate = frames.length > 3;
      for (const from of ['responses', 'messages'] as const) {
        const { losses } = await streamed(play(from, 'converse'), [...frames, ...end]);
        expect([from, losses.includes('dropped output.message.content[0]')]).toEqual([from, isLate]);
      }
      const told = await streamed(play('responses', 'converse'), [...frames, ...end]);
      expect(responseIn(told.text).output).toMatchObject([
        { type: 'reasoning' },
        { type: frames.includes(call) ? 'function_call' : 'message' },
      ]);
    }
  });

  test('that redacts its reasoning keeps it whole, wherever its block ends', async () => {
    const redacted = delta(0, { reasoningContent: { redactedContent: 'cmVk' } });
    const [stop, text] = [['contentBlockStop', at(0, {})] as const, delta(1, { text: 'a' })];
    const details: (string | undefined)[] = [];
    for (const frames of [
      [redacted, stop, text],
      [redacted, text, stop],
    ]) {
      const { text: sent } = await streamed(play('chat', 'converse'), [...frames, ...end]);
      details.push(/"reasoning_details":\[.*?\]/.exec(sent)?.[0]);
    }
    expect(details[0]).toContain('reasoning.encrypted');
    expect(details[1]).toBe(details[0]);
  });

  test('that runs a tool itself does not ask the client to', async () => {
    const toolUse = { toolUseId: 't', name: 'nova_grounding', type: 'server_tool_use' };
    const { text, losses, over } = await streamed(play('chat', 'converse'), [
      ['contentBlockStart', at(0, { start: { toolUse } })],
      delta(0, { toolUse: { input: '{"q":1}' } }),
      ['contentBlockStop', at(0, {})],
      ['contentBlockStart', at(1, { start: { toolResult: { toolUseId: 't' } } })],
      ['contentBlockStop', at(1, {})],
      ['contentBlockStart', at(2, { start: {} })],
      delta(2, { text: 'found' }),
      ...end,
    ]);
    expect([text.includes('tool_calls'), text.includes('found'), over ?? 'complete']).toEqual([
      false,
      true,
      'complete',
    ]);
    expect(losses.slice(-2)).toEqual([0, 1].map((index) => `dropped output.message.content[${index}]`));
    const exchange = await exchangeFor(play('chat', 'converse'));
    const content = [{ toolUse: { ...toolUse, input: {} } }, { text: 'found' }];
    const whole = (await translationFor('chat', 'converse', exchange.target)).answer(
      JSON.stringify({ stopReason: 'end_turn', output: { message: { content } } }),
      exchange,
    );
    const answer = whole.kind === 'answer' && (JSON.parse(whole.body) as { choices: object[] }).choices[0];
    expect(answer).toMatchObject({ message: { content: 'found' }, finish_reason: 'stop' });
    expect(answer).not.toHaveProperty('message.tool_calls');
  });

  test('that cites before the text of the block, and ends no block, cites that text', async () => {
    const citation = { title: 'A', location: { web: { url: 'https://a' } } };
    const { text } = await streamed(play('responses', 'converse'), [
      delta(0, { text: 'first ' }),
      ['contentBlockStop', at(0, {})],
      delta(1, { citation }),
      delta(1, { text: 'second' }),
      ...end,
    ]);
    const parts = responseIn(text).output.map(({ content }) => content[0]);
    expect(parts).toMatchObject([
      { text: 'first ', annotations: [] },
      { text: 'second', annotations: [{ url: 'https://a' }] },
    ]);
  });
});

describe('the last response of a Responses provider', () => {
  const message = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] });
  const reasoning = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] };
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' };
  const delta = (text: string, output_index = 0) => ({
    type: 'response.output_text.delta',
    output_index,
    delta: text,
  });
  const done = (item: object, output_index = 0) => ({
    type: 'response.output_item.done',
    output_index,
    item,
  });
  const last = (...output: object[]) => ({ type: 'response.completed', response: { output } });

  test.each<readonly [string, readonly object[], readonly unknown[]]>([
    [
      'holds everything',
      [last(reasoning, message('a'), message('b'), call)],
      [{ thinking: 'hm', signature: '' }, 'a', 'b', ['c', 'f', '{}']],
    ],
    [
      'holds a message behind streamed reasoning',
      [done(reasoning), last(reasoning, message('a'))],
      [{ thinking: 'hm', signature: '' }, 'a'],
    ],
    [
      'holds one message more',
      [delta('a'), done(message('a')), last(message('a'), message('b'))],
      ['a', 'b'],
    ],
    ['holds the rest of a text', [delta('a'), last(message('ab'))], ['ab']],
    [
      'repeats a text behind reasoning that was not streamed',
      [delta('a'), last(reasoning, message('a'))],
      ['a'],
    ],
  ])('%s', async (_, events, content) => {
    const play = { from: 'messages', to: 'responses' } as const;
    expect(asMessage(await playStream(play, events)).content).toEqual([...content]);
  });
});
