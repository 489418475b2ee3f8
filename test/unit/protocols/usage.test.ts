import { describe, expect, test } from 'bun:test';
import type { Usage } from '../../../src/protocols/protocol.ts';
import { AnswerBody } from '../../../src/protocols/answer-body.ts';
import { mergeReports, usageFrom, usageIn } from '../../../src/protocols/usage.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Input, output, total, cached and reasoning tokens. */
function tokens(...counts: readonly (number | undefined)[]): Usage {
  const [inputTokens, outputTokens, totalTokens, cachedTokens, reasoningTokens] = counts;
  return { inputTokens, outputTokens, totalTokens, cachedTokens, reasoningTokens };
}

describe('the usage of', () => {
  test.each<[string, object, Usage]>([
    [
      'OpenAI chat',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 12 },
      },
      tokens(100, 20, 120, 64, 12),
    ],
    [
      'DeepSeek',
      {
        prompt_tokens: 30,
        completion_tokens: 5,
        total_tokens: 35,
        prompt_cache_hit_tokens: 16,
        prompt_cache_miss_tokens: 14,
      },
      tokens(30, 5, 35, 16),
    ],
    [
      'Responses',
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 8 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 64 },
        total_tokens: 123,
      },
      tokens(36, 87, 123, 8, 64),
    ],
    [
      'Anthropic, whose cached input comes on top',
      {
        input_tokens: 10,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 1_000,
        output_tokens: 5,
      },
      { ...tokens(1_110, 5, 1_115, 1_000), parts: { cacheWrite: 100 } },
    ],
    [
      'Gemini, whose thoughts come on top',
      {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 2,
        candidatesTokenCount: 20,
        thoughtsTokenCount: 5,
        cachedContentTokenCount: 4,
        totalTokenCount: 37,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 7 },
          { modality: 'AUDIO', tokenCount: 3 },
        ],
      },
      {
        ...tokens(12, 25, 37, 4, 5),
        parts: { audioInput: 3, imageInput: undefined, audioOutput: undefined, imageOutput: undefined },
      },
    ],
    ['Gemini, which began', { promptTokenCount: 10, totalTokenCount: 10 }, tokens(10, undefined, 10)],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, tokens(8, undefined, 8)],
    ['one without a total', { prompt_tokens: 8, completion_tokens: 2 }, tokens(8, 2, 10)],
    ['a ranking, which has only a total', { total_tokens: 8 }, tokens(8, 0, 8)],
    ['one without an input', { completion_tokens: 2, total_tokens: 10 }, tokens(8, 2, 10)],
    ['one without an output', { input_tokens: 8, total_tokens: 10 }, tokens(8, 2, 10)],
    [
      'Gemini without an output',
      { promptTokenCount: 10, thoughtsTokenCount: 0, totalTokenCount: 10 },
      tokens(10, 0, 10, undefined, 0),
    ],
    ['one with a total that is too small', { prompt_tokens: 8, total_tokens: 5 }, tokens(8, undefined, 5)],
    [
      'one with an empty answer',
      { prompt_tokens: 8, completion_tokens: 0, total_tokens: 8 },
      tokens(8, 0, 8),
    ],
    [
      'one with null and text for numbers',
      { prompt_tokens: '8', completion_tokens: 3, total_tokens: null, prompt_tokens_details: null },
      tokens(undefined, 3),
    ],
  ])('%s', (_, report, expected) => {
    expect(usageFrom(report)).toEqual(expected);
  });

  test('anything but an object with numbers in it is none', () => {
    for (const report of [undefined, null, [], [1], 'x', 5, {}, { prompt_tokens: null }]) {
      expect(usageFrom(report)).toBeUndefined();
    }
  });

  test('the cost by the word of the provider is read', () => {
    const tokens = { prompt_tokens: 1, completion_tokens: 1 };
    const costs = [0.00012345, 0, { total_cost: 0.006 }, -1, 'x', null, 1e300];
    expect(costs.map((cost) => usageFrom({ ...tokens, cost })?.reportedNano)).toEqual([
      123_450,
      0,
      6_000_000,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a report of zeros is a report', () => {
    const zeros = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    for (const report of [
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      { input_tokens: 0, output_tokens: 0 },
      { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
    ])
      expect(usageFrom(report)).toMatchObject(zeros);
  });

  test.each([-1, 1.5, Number.NaN, 1e300, true])('a count of %p is not believed', (value) => {
    expect(usageFrom({ prompt_tokens: value, completion_tokens: 2 })?.inputTokens).toBeUndefined();
  });

  test.each([
    { prompt_tokens: 1e12, completion_tokens: 2, total_tokens: 9 },
    { prompt_tokens: 7, completion_tokens: -2 },
    { input_tokens: 7, output_tokens: 1_789_999_999 },
    { promptTokenCount: 7, candidatesTokenCount: 1e21, totalTokenCount: 9 },
    { promptTokenCount: 7, thoughtsTokenCount: 1e10, totalTokenCount: 9 },
  ])('with an impossible count, nothing of %j is believed', (report) => {
    expect(usageFrom(report)).toBeUndefined();
  });
});

describe('in a complete answer', () => {
  test('usage is found at the top, and nowhere else', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    expect(usageIn(new AnswerBody(bytesOf({ choices: [{ usage: { prompt_tokens: 9 } }], usage })))).toEqual(
      tokens(1, 2, 3),
    );
    expect(usageIn(new AnswerBody(bytesOf({ choices: [{ usage }] })))).toBeUndefined();
    expect(usageIn(new AnswerBody(bytesOf({ usage: null })))).toBeUndefined();
    expect(usageIn(new AnswerBody(bytesOf({ id: 'x', x_groq: { usage } })))).toEqual(tokens(1, 2, 3));
  });

  test('nothing is found where it is no JSON object', () => {
    expect(usageIn(new AnswerBody(new TextEncoder().encode('{"usage":{"prompt_tokens":1}')))).toBeUndefined();
    expect(usageIn(new AnswerBody(bytesOf([1])))).toBeUndefined();
  });
});

test('a later report completes an earlier one, and neither null nor 0 undoes a number', () => {
  const merged = mergeReports(
    { input_tokens: 25, output_tokens: 1, extra: 0 },
    { input_tokens: 0, output_tokens: 15, extra: 4 },
  );
  expect(merged).toEqual({ input_tokens: 25, output_tokens: 15, extra: 4 });
  expect(mergeReports(undefined, { output_tokens: 0 })).toEqual({ output_tokens: 0 });
});
