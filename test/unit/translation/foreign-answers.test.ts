import { describe, expect, test } from 'bun:test';
import type { ProviderApi } from '../../../src/translation/conversation.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { isReported } from '../../../src/translation/usage.ts';
import { chunk, exchangeFor, playStream, type Play } from './stream-play.ts';

/** The body that a client gets for a whole answer, and the losses. */
async function whole(play: Play, answer: object) {
  const exchange = await exchangeFor(play);
  const written = (await translationFor(play.from, play.to, exchange.target)).answer(
    JSON.stringify(answer),
    exchange,
  );
  return {
    body: written.kind === 'answer' ? (JSON.parse(written.body) as Record<string, unknown>) : written,
    losses: exchange.losses.all().map(({ what, path }) => `${what} ${path}`),
  };
}

const chatAnswer = (message: object, more: object = {}) => ({
  model: 'm',
  choices: [{ index: 0, message, finish_reason: 'stop', ...more }],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
});

/** A name that every object inherits a member of. */
const INHERITED = 'constructor';

test.each<readonly [ProviderApi, object]>([
  ['chat', { choices: [{ index: 0, message: { content: 'x' }, finish_reason: INHERITED }] }],
  ['messages', { type: 'message', content: [{ type: 'text', text: 'x' }], stop_reason: INHERITED }],
  ['converse', { output: { message: { content: [{ text: 'x' }] } }, stopReason: INHERITED }],
])('a finish reason of %s that every object inherits is unknown', async (to, answer) => {
  const { body, losses } = await whole({ from: 'responses', to }, answer);
  expect(body).toMatchObject({ status: 'completed' });
  expect(losses).toContainEqual(expect.stringMatching(/^approximated .*(?:finish_reason|stop_?[rR]eason)$/));
});

test('a finish reason of Gemini that every object inherits is a failure, as any unknown one', async () => {
  const candidate = { content: { parts: [{ text: 'x' }] }, finishReason: INHERITED };
  const { body } = await whole({ from: 'responses', to: 'gemini' }, { candidates: [candidate] });
  expect(body).toMatchObject({ kind: 'failed' });
});

test.each<readonly [ProviderApi, object]>([
  ['chat', { prompt_tokens: 1e12, completion_tokens: 2 }],
  ['responses', { input_tokens: 7, output_tokens: 1e21 }],
  ['messages', { input_tokens: 7, output_tokens: -1 }],
  ['gemini', { promptTokenCount: 7, candidatesTokenCount: 2, thoughtsTokenCount: 1e10 }],
  ['converse', { inputTokens: 1e10, outputTokens: 2 }],
])('a report of %s with an impossible count is none: %j', async (to, usage) => {
  const answers: Readonly<Record<ProviderApi, object>> = {
    chat: { ...chatAnswer({ content: 'x' }), usage },
    responses: { status: 'completed', output: [], usage },
    messages: { type: 'message', content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn', usage },
    gemini: {
      candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
      usageMetadata: usage,
    },
    converse: { output: { message: { content: [{ text: 'x' }] } }, stopReason: 'end_turn', usage },
  };
  const exchange = await exchangeFor({ from: to === 'chat' ? 'messages' : 'chat', to });
  const { provider } = await translationFor(exchange.conversation.api, to, exchange.target);
  const reading = provider.readAnswer(JSON.stringify(answers[to]), exchange);
  expect(reading.kind === 'answer' && isReported(reading.answer.usage)).toBe(false);
  expect(reading.kind).toBe('answer');
});

describe('a Chat provider', () => {
  test('that sends an empty finish reason in each chunk has not finished', async () => {
    const { over } = await playStream({ from: 'messages', to: 'chat' }, [
      chunk({ content: 'a' }, ''),
      chunk({ content: 'b' }, ''),
    ]);
    expect(over).toMatchObject({ code: 'upstream_truncated' });
  });

  test('that tells its failure in the choice is quoted', async () => {
    const error = { message: 'The model is overloaded', type: 'overloaded_error' };
    const { over } = await playStream({ from: 'messages', to: 'chat' }, [
      chunk({ content: 'a' }),
      chunk({}, 'error', { error }),
    ]);
    expect(over).toMatchObject({ kind: 'overloaded', message: error.message });
    const { body } = await whole({ from: 'messages', to: 'chat' }, chatAnswer({}, { error }));
    expect(body).toMatchObject({ kind: 'failed', error: { message: error.message } });
  });

  test('that answers with images or audio too loses them, and that is reported', async () => {
    const message = {
      content: [
        { type: 'text', text: 'x' },
        { type: 'image_url', image_url: { url: 'data:' } },
      ],
      images: [{}],
      audio: { id: 'a' },
    };
    const lost = (path: string) => ['.images', '.audio', '.content[1]'].map((end) => `dropped ${path}${end}`);
    const { losses } = await whole({ from: 'messages', to: 'chat' }, chatAnswer(message));
    expect(losses).toEqual(lost('choices[0].message'));
    const streamed = await playStream({ from: 'messages', to: 'chat' }, [
      chunk(message, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    ]);
    expect(streamed.losses).toEqual(lost('choices[0].delta'));
  });
});

test.each<readonly [ProviderApi, object, string]>([
  [
    'messages',
    { content: [{ type: 'text', text: 'x', citations: [{ type: 'page_location', document_index: 0 }] }] },
    'dropped content[0].citations',
  ],
  [
    'responses',
    {
      output: [
        {
          type: 'message',
          content: [
            { type: 'output_text', text: 'x', annotations: [{ type: 'file_citation', file_id: 'f' }] },
          ],
        },
      ],
    },
    'dropped output[0].content.annotations',
  ],
  [
    'converse',
    {
      stopReason: 'end_turn',
      output: {
        message: {
          content: [
            {
              citationsContent: { content: [{ text: 'x' }], citations: [{ location: { documentPage: {} } }] },
            },
          ],
        },
      },
    },
    'dropped output.message.content[0].citationsContent',
  ],
])('citations of documents from %s are lost, and that is reported', async (to, answer, loss) => {
  expect((await whole({ from: 'chat', to }, answer)).losses).toContain(loss);
});

test('an error of vLLM’s older form is an error, in a stream too', async () => {
  const error = { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 };
  const told = { kind: 'invalid', message: 'too long' };
  expect((await playStream({ from: 'messages', to: 'chat' }, [error])).over).toMatchObject(told);
  expect((await whole({ from: 'messages', to: 'chat' }, error)).body).toMatchObject({ error: told });
});

test('the answers beside the first in a stream are lost, and that is reported', async () => {
  const part = { content: { parts: [{ text: 'x' }] } };
  const candidates = [
    { index: 1, ...part },
    { ...part, finishReason: 'STOP' },
  ];
  expect((await playStream({ from: 'chat', to: 'gemini' }, [{ candidates }])).losses).toEqual([
    'dropped candidates[1]',
  ]);
  const usage = { prompt_tokens: 1, completion_tokens: 1 };
  const choices = [
    { index: 0, delta: { content: 'x' }, finish_reason: 'stop' },
    { index: 1, delta: {} },
  ];
  expect((await playStream({ from: 'messages', to: 'chat' }, [{ choices, usage }])).losses).toEqual([
    'dropped choices[1]',
  ]);
});

test('several chunks of Gemini in one event are read in order', async () => {
  const chunk = (text: string, more: object = {}) => ({
    candidates: [{ content: { parts: [{ text }] }, ...more }],
  });
  const { events, over } = await playStream({ from: 'chat', to: 'gemini' }, [
    [chunk('a'), chunk('b', { finishReason: 'STOP' })],
  ]);
  expect([JSON.stringify(events).includes('"content":"b"'), over]).toEqual([true, 'complete']);
});

describe('sources of Gemini', () => {
  const request = { tools: [{ type: 'web_search' }], input: 'x', messages: undefined };
  const play = { from: 'responses', to: 'gemini', request } as const;
  const grounding = (...supports: object[]) => ({
    groundingChunks: [{ web: { uri: 'https://a', title: 'A' } }],
    groundingSupports: supports.map((segment) => ({ segment, groundingChunkIndices: [0] })),
  });
  const candidate = (parts: object[], more: object = {}) => ({
    candidates: [{ content: { parts }, index: 0, ...more }],
  });

  test('reach a Responses client in a stream, each once, at their places in its text', async () => {
    const first = { startIndex: 0, endIndex: 4 };
    const { events } = await playStream(play, [
      candidate([{ text: 'é' }]),
      candidate([{ text: 'é b' }], { groundingMetadata: grounding(first) }),
      candidate([{ text: '' }], {
        finishReason: 'STOP',
        groundingMetadata: grounding(first, { startIndex: 5, endIndex: 6 }),
      }),
    ]);
    const added = events
      .filter(({ event }) => event === 'response.output_text.annotation.added')
      .map(({ data }) => (data as { annotation: object }).annotation);
    expect(added).toEqual([
      { type: 'url_citation', url: 'https://a', title: 'A', start_index: 0, end_index: 2 },
      { type: 'url_citation', url: 'https://a', title: 'A', start_index: 3, end_index: 4 },
    ]);
  });

  test('belong to the part that they name, and may be places on a map', async () => {
    const { groundingChunks: pages, ...supports } = grounding({ endIndex: 3 }, { partIndex: 2, endIndex: 2 });
    const answer = candidate([{ text: 'thought', thought: true }, { text: 'one' }, { text: 'two' }], {
      finishReason: 'STOP',
      groundingMetadata: { groundingChunks: pages.map(({ web: maps }) => ({ maps })), ...supports },
    });
    const { body } = await whole(play, answer);
    const output = (body as { output: { content?: { annotations: { end_index: number }[] }[] }[] }).output;
    const ends = output.map(({ content }) => content?.[0]?.annotations.map(({ end_index }) => end_index));
    expect(ends).toEqual([undefined, [3], [2]]);
  });
});

test('a tool without arguments that stands for JSON gives the same, whole and streamed', async () => {
  const request = {
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
  };
  const play: Play = { from: 'chat', to: 'messages', request, target: { model: 'claude-3-5-sonnet' } };
  const block = { type: 'tool_use', id: 't', name: 'json_response', input: {} };
  const { body } = await whole(play, { content: [block], stop_reason: 'tool_use' });
  expect(body).toMatchObject({ choices: [{ message: { content: '{}' }, finish_reason: 'stop' }] });
  const { events } = await playStream(play, [
    { type: 'message_start', message: {} },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    { type: 'message_stop' },
  ]);
  expect(JSON.stringify(events)).toContain('"content":"{}"');
});

describe('a refusal of Claude', () => {
  const stop_details = { type: 'refusal', category: 'cyber', explanation: 'No.' };
  const answer = { content: [{ type: 'text', text: 'a' }], stop_reason: 'refusal', stop_details };
  const frames = [
    { type: 'message_start', message: {} },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'refusal', stop_details } },
    { type: 'message_stop' },
  ];
  const request = { messages: undefined, input: 'x' };

  test('is explained to a Responses client in a part of its own, whole and streamed', async () => {
    const output = [
      { content: [{ type: 'output_text', text: 'a' }] },
      { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] },
    ];
    const response = { status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output };
    const { body, losses } = await whole({ from: 'responses', to: 'messages', request }, answer);
    expect(body).toMatchObject(response);
    expect(losses).toContain('dropped stop_details.category');
    expect(losses).not.toContain('dropped stop_details.explanation');
    const streamed = await playStream({ from: 'responses', to: 'messages', request }, frames);
    expect(streamed.events.at(-1)?.data).toMatchObject({ response });
  });

  test('is explained once by a model that refuses in its own words', async () => {
    const chat = chatAnswer({ refusal: 'Never.' });
    const { body } = await whole({ from: 'responses', to: 'chat', request }, chat);
    expect(body).toMatchObject({ output: [{ content: [{ refusal: 'Never.' }] }] });
  });

  test('is told as a loss where the client’s API has no place for its explanation', async () => {
    const completion = { from: 'completions', to: 'messages', request: { prompt: 'x' } } as const;
    const lost = ['category', 'explanation'].map((name) => `dropped stop_details.${name}`);
    expect((await whole(completion, answer)).losses).toEqual(expect.arrayContaining(lost));
    expect((await playStream(completion, frames)).losses).toEqual(expect.arrayContaining(lost));
    for (const from of ['chat', 'gemini'] as const) {
      const request = { contents: [{ parts: [{ text: 'x' }] }] };
      const { losses: told } = await whole({ from, to: 'messages', request }, answer);
      expect(told.filter((loss) => loss.includes('stop_details'))).toEqual(['dropped stop_details.category']);
    }
    const blocked = { promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'Blocked.' } };
    const { losses } = await whole({ from: 'messages', to: 'gemini' }, blocked);
    expect(losses).toContain('dropped finishMessage');
  });
});

test('tokens that a Messages server reports only by the time that they are cached count as input', async () => {
  const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 };
  const usage = { input_tokens: 10, output_tokens: 3, cache_creation_input_tokens: null, cache_creation };
  const answer = { content: [{ type: 'text', text: 'a' }], stop_reason: 'end_turn', usage };
  expect((await whole({ from: 'chat', to: 'messages' }, answer)).body).toMatchObject({
    usage: { prompt_tokens: 13, prompt_tokens_details: { cache_write_tokens: 3 } },
  });
});

test('a whole answer for a client of Messages that asked for a stream begins with its usage', async () => {
  const exchange = await exchangeFor({ from: 'messages', to: 'chat' });
  const { answerAsStream } = await translationFor('messages', 'chat', exchange.target);
  const choices = [{ message: { content: 'a' }, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 7, completion_tokens: 2 };
  const streamed = answerAsStream(JSON.stringify({ choices, usage }), exchange);
  const text = streamed.kind === 'failed' ? '' : Buffer.concat(streamed.bytes).toString();
  expect(text).toMatch(/^event: message_start\n.*"input_tokens":7/);
});
