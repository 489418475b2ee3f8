import { expect, test } from 'bun:test';
import { AnswerBody } from '../../../src/protocols/answer-body.ts';
import { protocolNamed } from '../../../src/protocols/by-path.ts';
import { metersOf } from '../../../src/prices/meters.ts';
import { usageIn } from '../../../src/protocols/usage.ts';
import { readProviderEvent } from '../../../src/protocols/web-socket/provider-event.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const chat = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const responses = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };

test.each([
  ['small', ''],
  ['large', 'x'.repeat(10_000)],
])("a %s answer's service tier counts, which OpenAI reports beside the usage", (_, content) => {
  const tierOf = (tier?: string): string | undefined =>
    usageIn(new AnswerBody(bytes({ choices: [content], usage: chat, service_tier: tier })))?.parts
      ?.serviceTier;
  expect([tierOf('priority'), tierOf('flex'), tierOf('default'), tierOf()]).toEqual([
    'priority',
    'flex',
    undefined,
    undefined,
  ]);
});

test('a report without details counts its web searches and its tier', () => {
  const partsOf = (more: object) =>
    usageIn(new AnswerBody(bytes({ usage: { ...responses, ...more } })))?.parts;
  expect(partsOf({ server_tool_use: { web_search_requests: 2 } })).toMatchObject({ webSearches: 2 });
  expect(partsOf({ service_tier: 'priority' })).toMatchObject({ serviceTier: 'priority' });
  expect(partsOf({})).toBeUndefined();
});

test('the service tier of a stream counts', () => {
  const choices = protocolNamed('openai-chat').readStream();
  choices.read('', bytes({ choices: [{ delta: { content: 'x' } }], service_tier: 'flex' }));
  choices.read('', bytes({ choices: [], usage: chat, service_tier: 'flex' }));
  expect(choices.usage()?.parts?.serviceTier).toBe('flex');
  const reader = protocolNamed('openai-responses').readStream();
  const response = { id: 'resp_1', usage: responses, service_tier: 'priority', output: [] };
  reader.read('', bytes({ type: 'response.completed', response }));
  expect(reader.usage()).toMatchObject({ inputTokens: 3, parts: { serviceTier: 'priority' } });
  const event = readProviderEvent(JSON.stringify({ type: 'response.completed', response }));
  expect(event).toMatchObject({ kind: 'ended', usage: { parts: { serviceTier: 'priority' } } });
});

test("the Realtime API's details are read, and cached sound is a part of both", () => {
  const usage = usageIn(
    new AnswerBody(
      bytes({
        usage: {
          input_tokens: 132,
          output_tokens: 121,
          total_tokens: 253,
          input_token_details: {
            text_tokens: 119,
            audio_tokens: 13,
            cached_tokens: 64,
            cached_tokens_details: { text_tokens: 54, audio_tokens: 10 },
          },
          output_token_details: { text_tokens: 30, audio_tokens: 91 },
        },
      }),
    ),
  );
  const { inputTokens: input = 0, outputTokens: output = 0, cachedTokens: cached, parts } = usage ?? {};
  expect(metersOf({ ...parts, input, output, cached })).toMatchObject({
    input: 65,
    cached: 54,
    cached_audio: 10,
    audio_input: 3,
    output: 30,
    audio_output: 91,
  });
});
