import { describe, expect, test } from 'bun:test';
import { readRequest, translationFor } from '../../../src/translation/pair.ts';
import { playRequest } from './request-play.ts';
import { chunk, exchangeFor, playStream } from './stream-play.ts';

const TO_CHAT = ['completions', 'chat'] as const;

describe('a request to the legacy completions API', () => {
  test('keeps everything that Chat has too', async () => {
    const { body, losses } = await playRequest(TO_CHAT, {
      model: 'm',
      prompt: ['Once'],
      max_tokens: 5,
      stop: 'x',
      n: 2,
      best_of: 1,
      suffix: '',
      echo: false,
      logprobs: 3,
      temperature: 0.5,
      seed: 1,
      user: 'u',
    });
    expect(body).toEqual({
      model: 'gpt-x',
      messages: [{ role: 'user', content: 'Once' }],
      max_tokens: 5,
      stop: ['x'],
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      temperature: 0.5,
      seed: 1,
      user: 'u',
    });
    expect(losses).toEqual([]);
  });

  test.each([
    [{ prompt: ['a', 'b'] }, 'prompt'],
    [{ prompt: [[1, 2]] }, 'prompt'],
    [{ prompt: null }, 'prompt'],
    [{ prompt: 'a', suffix: 'b' }, 'suffix'],
    [{ prompt: 'a', best_of: 3 }, 'best_of'],
    [{ prompt: 'a', max_tokens: 0, echo: true, logprobs: 1 }, 'max_tokens'],
    [{ prompt: 'a', n: 2, stream: true }, 'n'],
  ])('%j requests something that no other API has', async (body, path) => {
    expect((await playRequest(TO_CHAT, { model: 'm', ...body })).unsuitable).toBe(path);
  });

  test.each([[{}], [{ prompt: 7 }], [{ prompt: {} }]])('%j is not a valid request', async (body) => {
    const reading = await readRequest('completions', JSON.stringify(body), { requestId: 'req_g', path: '' });
    expect(reading).toMatchObject({ kind: 'invalid', path: 'prompt' });
  });
});

describe('an answer of the legacy completions API', () => {
  const logprobs = {
    content: [
      { token: ' up', logprob: -0.5, bytes: null, top_logprobs: [{ token: ' up', logprob: -0.5 }] },
      { token: 'on', logprob: -1, bytes: null, top_logprobs: [{ token: 'in', logprob: -0.9 }] },
    ],
  };
  const WRITTEN = {
    tokens: [' up', 'on'],
    token_logprobs: [-0.5, -1],
    top_logprobs: [{ ' up': -0.5 }, { in: -0.9 }],
    text_offset: [4, 7],
  };
  const request = { prompt: 'Once', echo: true, logprobs: 1, messages: undefined };

  test('starts with the prompt, counts offsets from it, and has one choice each', async () => {
    const exchange = await exchangeFor({
      from: 'completions',
      to: 'chat',
      request: { ...request, stream: false },
    });
    const translation = await translationFor('completions', 'chat', exchange.target);
    const choice = {
      message: { content: ' upon', reasoning_content: 'Hm.' },
      finish_reason: 'stop',
      logprobs,
    };
    const other = { message: { content: ' more' }, finish_reason: 'content_filter' };
    const answer = translation.answer(JSON.stringify({ choices: [choice, other] }), exchange);
    if (answer.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(answer.body)).toEqual({
      id: 'cmpl-g',
      object: 'text_completion',
      created: 1,
      model: 'gpt-x',
      choices: [
        { index: 0, text: 'Once upon', logprobs: WRITTEN, finish_reason: 'stop' },
        { index: 1, text: 'Once more', logprobs: null, finish_reason: 'content_filter' },
      ],
    });
    const losses = exchange.losses.all().map(({ what, path }) => `${what} ${path}`);
    expect(losses).toEqual(['approximated echo', 'dropped reasoning']);
  });

  test('streams the prompt as the first chunk and the usage as the last', async () => {
    const streamed = { ...request, stream_options: { include_usage: true } };
    const { events, over } = await playStream({ from: 'completions', to: 'chat', request: streamed }, [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: ' up' }, null, { logprobs: { content: logprobs.content.slice(0, 1) } }),
      chunk({ content: 'on' }, 'length', { logprobs: { content: logprobs.content.slice(1) } }),
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } },
      '[DONE]',
    ]);
    expect(over).toBe('complete');
    const base = { id: 'cmpl-g', object: 'text_completion', created: 1, model: 'gpt-x', usage: null };
    const choice = (text: string, probabilities: unknown, finish_reason: string | null = null) => ({
      ...base,
      choices: [{ index: 0, text, logprobs: probabilities, finish_reason }],
    });
    const one = (index: number) =>
      Object.fromEntries(Object.entries(WRITTEN).map(([key, list]) => [key, list.slice(index, index + 1)]));
    expect(events.map(({ data }) => data)).toEqual([
      choice('Once', null),
      choice(' up', one(0)),
      choice('on', one(1)),
      choice('', null, 'length'),
      { ...base, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      '[DONE]',
    ]);
  });
});
