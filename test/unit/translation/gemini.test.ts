import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { createExchange, type Target } from '../../../src/translation/exchange.ts';
import { geminiClient } from '../../../src/translation/gemini/client.ts';
import { readAnswer } from '../../../src/translation/gemini/read-answer.ts';
import { readRequest } from '../../../src/translation/gemini/read-request.ts';
import { createStreamReader } from '../../../src/translation/gemini/read-stream.ts';
import { writeRequest } from '../../../src/translation/gemini/write-request.ts';
import { writeJson } from '../../../src/translation/json.ts';

const TARGET: Target = {
  provider: 'p1',
  api: 'gemini',
  carriage: undefined,
  model: 'gemini-3.5-flash',
  dialect: 'generic',
  policy: 'warn',
};
const PATH = '/v1beta/models/smart:generateContent';

function conversation(body: unknown, path = PATH) {
  const reading = readRequest(JSON.stringify(body), { requestId: 'req_test', path });
  if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
  return reading.conversation;
}

const exchangeOf = (body: unknown) =>
  createExchange(conversation(body), TARGET, { requestId: 'req_test', now: 1 });

describe('a request of a Gemini client', () => {
  test('is read in snake case and in camel case alike', () => {
    const camel = {
      systemInstruction: { parts: [{ text: 'S.' }] },
      contents: [
        { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'aGk=' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { big_number: 1 } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: 'ok' } } }] },
      ],
      generationConfig: { maxOutputTokens: 5, topK: 3, thinkingConfig: { thinkingLevel: 'low' } },
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
    };
    const snake = {
      system_instruction: { parts: [{ text: 'S.' }] },
      contents: [
        { role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'aGk=' } }] },
        { role: 'model', parts: [{ function_call: { name: 'f', args: { big_number: 1 } } }] },
        { role: 'user', parts: [{ function_response: { name: 'f', response: { result: 'ok' } } }] },
      ],
      generation_config: { max_output_tokens: 5, top_k: 3, thinking_config: { thinking_level: 'low' } },
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
    };
    expect(conversation(snake)).toEqual(conversation(camel));
  });

  test('names its model in the path, percent-encoded or with slashes and colons', () => {
    const contents = [{ parts: [{ text: 'hi' }] }];
    const modelOf = (path: string) => conversation({ contents }, path).model;
    expect(modelOf('/v1beta/models/qwen3%3A8b:generateContent')).toBe('qwen3:8b');
    expect(modelOf('/v1/models/qwen3:8b:streamGenerateContent?alt=sse')).toBe('qwen3:8b');
    expect(modelOf('/v1beta/models/meta/llama:generateContent')).toBe('meta/llama');
  });

  test('pairs responses without ids with calls by name, in order', () => {
    const { turns } = conversation({
      contents: [
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'a', args: {} } },
            { functionCall: { name: 'b', args: {} } },
            { functionCall: { name: 'a', args: {} } },
          ],
        },
        {
          role: 'user',
          parts: ['b', 'a', 'a'].map((name) => ({ functionResponse: { name, response: { n: 1 } } })),
        },
      ],
    });
    const ids = (turns[0]?.parts ?? []).map((part) => (part.kind === 'call' ? part.id : ''));
    const answered = (turns[1]?.parts ?? []).map((part) => (part.kind === 'result' ? part.callId : ''));
    const [first = '', second = '', third = ''] = ids;
    expect(answered).toEqual([second, first, third]);
  });

  test('is refused with a path if it is not a conversation', () => {
    const refusal = (body: unknown) => readRequest(JSON.stringify(body), { requestId: 'r', path: PATH });
    expect(refusal({})).toMatchObject({ kind: 'invalid', path: 'contents' });
    expect(refusal({ contents: [{ role: 'wizard', parts: [] }] })).toMatchObject({
      path: 'contents[0].role',
    });
    expect(refusal({ contents: [{ parts: [7] }] })).toMatchObject({ path: 'contents[0].parts[0]' });
    expect(readRequest('{', { requestId: 'r', path: PATH })).toMatchObject({ kind: 'invalid' });
  });
});

test('a conversation from Gemini to Gemini is unchanged', () => {
  const body = {
    systemInstruction: { parts: [{ text: 'S.' }] },
    contents: [
      { role: 'user', parts: [{ text: 'x' }, { inlineData: { mimeType: 'application/pdf', data: 'aGk=' } }] },
      {
        role: 'model',
        parts: [
          {
            functionCall: { id: 'c1', name: 'f', args: { n: 1234567890123456 } },
            thoughtSignature: 'c2ln',
          },
        ],
      },
      { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'f', response: { output: 'ok' } } }] },
    ],
    tools: [
      { functionDeclarations: [{ name: 'f', description: 'F', parametersJsonSchema: { type: 'object' } }] },
    ],
    generationConfig: { maxOutputTokens: 9, temperature: 0.5, stopSequences: ['A'] },
  };
  expect(JSON.parse(writeJson(writeRequest(exchangeOf(body))))).toEqual(body);
});

test('an appended turn leaves the translated prefix unchanged, so that prompt caches stay warm', () => {
  const turn = fc.record({ role: fc.constantFrom('user', 'model'), text: fc.string({ minLength: 1 }) });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), (turns) => {
      const contents = turns.map(({ role, text }) => ({ role, parts: [{ text: `${text}.` }] }));
      const write = (list: readonly unknown[]) =>
        writeJson(writeRequest(exchangeOf({ contents: list }))['contents']).slice(0, -1);
      const other = contents.at(-1)?.role === 'user' ? 'model' : 'user';
      const longer = write([...contents, { role: other, parts: [{ text: 'next' }] }]);
      expect(longer.startsWith(write(contents))).toBe(true);
    }),
  );
});

test('readers never throw, whatever their input', () => {
  const exchange = exchangeOf({ contents: [{ parts: [{ text: 'x' }] }] });
  const json = fc.oneof(fc.json(), fc.string(), geminiLike());
  fc.assert(
    fc.property(json, fc.array(json), (whole, events) => {
      readRequest(whole, { requestId: 'req_x', path: PATH });
      readAnswer(whole, exchange);
      const reader = createStreamReader(exchange);
      for (const event of events) reader.push('', new TextEncoder().encode(event));
      reader.atEndOfBytes();
    }),
    { numRuns: 500 },
  );
});

/** JSON with random values for the members that the readers use. */
function geminiLike() {
  const anything = fc.jsonValue({ maxDepth: 2 });
  const part = fc.record(
    {
      text: anything,
      thought: anything,
      thoughtSignature: anything,
      functionCall: fc.oneof(anything, fc.record({ name: anything, args: anything, id: anything })),
      functionResponse: anything,
      inlineData: anything,
    },
    { requiredKeys: [] },
  );
  const content = fc.oneof(
    anything,
    fc.record({ role: anything, parts: fc.oneof(anything, fc.array(part)) }),
  );
  const candidate = fc.record(
    {
      content,
      finishReason: anything,
      index: anything,
      logprobsResult: anything,
      groundingMetadata: anything,
    },
    { requiredKeys: [] },
  );
  return fc
    .record(
      {
        contents: fc.oneof(anything, fc.array(content)),
        candidates: fc.oneof(anything, fc.array(candidate)),
        usageMetadata: anything,
        promptFeedback: anything,
        error: anything,
        tools: anything,
        toolConfig: anything,
        generationConfig: anything,
        systemInstruction: anything,
      },
      { requiredKeys: [] },
    )
    .map((body) => JSON.stringify(body));
}

test('the keep-alive of a stream is an event that all Google libraries read', () => {
  // The libraries for JavaScript and Go fail at anything that does not begin with `data:`, including comments and empty
  // lines.
  expect(geminiClient.keepAlive).toMatch(/^data: \{\}(?:\n\n|\r\r|\r\n\r\n)$/);
});
