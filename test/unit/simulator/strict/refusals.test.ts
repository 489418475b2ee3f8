import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../../../src/simulator/simulator.ts';

let simulator: Simulator;
let lenient: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  lenient = await startSimulator();
});
afterAll(async () => {
  await simulator.stop();
  await lenient.stop();
});

async function post(
  url: string,
  path: string,
  body: unknown,
  headers = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer k', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

type Body = Readonly<Record<string, unknown>>;
type Case = readonly [rule: string, patch: Body, message: string];

/** Each patch turns a valid body into one that the provider refuses with this message. */
function refuses(path: string, valid: Body, cases: readonly Case[]): void {
  test('accepts a valid body', async () => {
    expect(await post(simulator.url, path, valid)).toMatchObject({ status: 200 });
  });
  test.each(cases)('refuses %s', async (_, patch, message) => {
    const { status, text } = await post(simulator.url, path, { ...valid, ...patch });
    expect(status).toBe(400);
    expect(text.replaceAll('\\"', '"')).toContain(message);
  });
}

const user = { role: 'user', content: 'hi' };

describe('chat', () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const calling = { role: 'assistant', content: null, tool_calls: [call] };
  const result = { role: 'tool', tool_call_id: 'call_1', name: 'f', content: 'x' };
  const valid = { model: 'gpt-4.1', messages: [user, calling, result], tools };
  refuses('/v1/chat/completions', valid, [
    ['an unknown field', { top_k: 1 }, "Unknown parameter: 'top_k'."],
    ['no messages', { messages: undefined }, "Missing required parameter: 'messages'."],
    [
      'an unknown member of a message',
      { messages: [{ ...user, x: 1 }] },
      "Unknown parameter: 'messages[0].x'.",
    ],
    ['a wrong type', { messages: 'hi' }, "Invalid type for 'messages': expected an array."],
    [
      'a role that does not exist',
      { messages: [{ role: 'robot', content: '' }] },
      "Invalid value for 'messages[0].role'.",
    ],
    [
      'a call without its result',
      { messages: [user, calling, user] },
      'did not have response messages: call_1',
    ],
    [
      'a call without its result at the end',
      { messages: [user, calling] },
      'did not have response messages: call_1',
    ],
    [
      'a result without its call',
      { messages: [user, result] },
      "must be a response to a preceding message with 'tool_calls'",
    ],
    [
      'an id that is too long',
      { messages: [user, { ...calling, tool_calls: [{ ...call, id: 'x'.repeat(41) }] }] },
      'messages[1].tool_calls[0].id',
    ],
    [
      'a name with a dot',
      { tools: [{ type: 'function', function: { name: 'a.b' } }] },
      'tools[0].function.name',
    ],
    [
      'stream options without a stream',
      { stream_options: { include_usage: true } },
      "only allowed when 'stream' is enabled",
    ],
    [
      'a choice without tools',
      { tools: undefined, tool_choice: 'auto' },
      "only allowed when 'tools' are specified",
    ],
    ['more than four stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'at most 4'],
    ['an effort of a model that does not reason', { reasoning_effort: 'low' }, 'reasoning_effort'],
    [
      'max_tokens of a reasoning model',
      { model: 'o3', max_tokens: 5 },
      "Use 'max_completion_tokens' instead",
    ],
    [
      'a temperature of a reasoning model',
      { model: 'o3', temperature: 0.5 },
      'not supported with this model',
    ],
    ['tools of a model that accepts them only in Responses', { model: 'gpt-5.6' }, '/v1/chat/completions'],
  ]);
});

describe('responses', () => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' };
  const result = { type: 'function_call_output', call_id: 'call_1', output: 'x' };
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }];
  refuses('/v1/responses', { model: 'gpt-5.6', input: [user, call, result], tools }, [
    ['messages of chat', { messages: [user] }, "Unknown parameter: 'messages'."],
    ['no input', { input: undefined }, "Missing required parameter: 'input'."],
    ['a tool of chat', { tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools[0].name'],
    [
      'a tool without strict',
      { tools: [{ type: 'function', name: 'f', parameters: {} }] },
      "'tools[0].strict'",
    ],
    ['a call without its output', { input: [user, call] }, 'No tool output found for function call call_1.'],
    ['an output without its call', { input: [user, result] }, 'No tool call found'],
    [
      'an output text of the user',
      { input: [{ role: 'user', content: [{ type: 'output_text', text: 'x' }] }] },
      'input[0].content[0].type',
    ],
    [
      'reasoning that was not stored',
      { input: [user, { type: 'reasoning', id: 'rs_1', summary: [] }, { role: 'assistant', content: 'x' }] },
      'Items are not persisted',
    ],
    [
      'reasoning of another account',
      { input: [user, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'eA==' }] },
      'could not be verified',
    ],
    ['fewer than 16 tokens', { max_output_tokens: 15 }, 'Expected a value >= 16'],
    [
      'reasoning of a model that does not reason',
      { model: 'gpt-4.1', reasoning: { effort: 'low' } },
      'not supported with this model',
    ],
    [
      'encrypted content of a model that does not reason',
      { model: 'gpt-4.1', include: ['reasoning.encrypted_content'] },
      'Encrypted content is not supported',
    ],
  ]);
});

const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} };
const answered = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }] };
const own = [{ name: 'f', input_schema: { type: 'object' } }];
const used = { role: 'assistant', content: [use] };
const message = { max_tokens: 100, messages: [user, used, answered], tools: own };

const MESSAGE_RULES: readonly Case[] = [
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
  ['an unknown field', { top: 1 }, 'top: Extra inputs are not permitted'],
  ['a first turn of the assistant', { messages: [used, answered] }, 'first message must use the "user" role'],
  [
    'an empty text',
    { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] },
    'messages.0.content.0',
  ],
  [
    'a blank text',
    { messages: [{ role: 'user', content: [{ type: 'text', text: ' \n' }] }] },
    'non-whitespace text',
  ],
  ['an empty content', { messages: [{ role: 'user', content: '' }] }, 'non-empty content'],
  [
    'a call without its result',
    { messages: [user, used, user] },
    'without `tool_result` blocks immediately after: toolu_1',
  ],
  [
    'a result without its call',
    { messages: [user, { role: 'assistant', content: 'x' }, answered] },
    'unexpected `tool_use_id`',
  ],
  [
    'a result after a text',
    { messages: [user, used, { role: 'user', content: [{ type: 'text', text: 'x' }, ...answered.content] }] },
    'must come before other content',
  ],
  [
    'a signature of another provider',
    {
      messages: [
        user,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'x', signature: '' },
            { type: 'text', text: 'x' },
          ],
        },
        user,
      ],
    },
    'Invalid `signature`',
  ],
  [
    'a union at the top of a schema',
    { tools: [{ name: 'f', input_schema: { type: 'object', anyOf: [] } }] },
    'oneOf, allOf, or anyOf',
  ],
  ['two tools with one name', { tools: [...own, ...own] }, 'Tool names must be unique'],
  ['a choice without tools', { tools: undefined, tool_choice: { type: 'auto' } }, 'while providing tools'],
  [
    'a budget that is too small',
    { thinking: { type: 'enabled', budget_tokens: 5 } },
    'greater than or equal to 1024',
  ],
  [
    'a budget beyond max_tokens',
    { thinking: { type: 'enabled', budget_tokens: 2000 } },
    'must be greater than `thinking.budget_tokens`',
  ],
];

describe('messages', () => {
  refuses('/v1/messages', { model: 'claude', ...message }, [
    ...MESSAGE_RULES,
    ['no model', { model: undefined }, 'model: Field required'],
  ]);
});

describe('messages at Vertex AI', () => {
  const path = '/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-5-5:rawPredict';
  refuses(path, { anthropic_version: 'vertex-2023-10-16', ...message }, [
    ...MESSAGE_RULES,
    ['a model in the body', { model: 'claude' }, 'model: Extra inputs are not permitted'],
    ['no version', { anthropic_version: undefined }, 'anthropic_version: Field required'],
    [
      'a URL of an image',
      {
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://x' } }] }],
      },
      'URL sources',
    ],
    ['a system message', { messages: [user, { role: 'system', content: 'x' }] }, "'user' or 'assistant'"],
  ]);
});

describe('messages at Bedrock', () => {
  refuses('/model/anthropic.claude/invoke', { anthropic_version: 'bedrock-2023-05-31', ...message }, [
    ...MESSAGE_RULES,
    ['a stream in the body', { stream: true }, 'stream: Extra inputs are not permitted'],
    ['a version of another platform', { anthropic_version: 'vertex-2023-10-16' }, 'anthropic_version'],
  ]);
});

describe('Gemini', () => {
  const asked = { role: 'user', parts: [{ text: 'hi' }] };
  const part = {
    functionCall: { name: 'f', args: {} },
    thoughtSignature: 'skip_thought_signature_validator',
  };
  const called = { role: 'model', parts: [part] };
  const response = { role: 'user', parts: [{ functionResponse: { name: 'f', response: { output: 'x' } } }] };
  const tools = [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT' } }] }];
  refuses('/v1beta/models/gemini-3-pro:generateContent', { contents: [asked, called, response], tools }, [
    ['an unknown field', { messages: [] }, 'Unknown name "messages": Cannot find field.'],
    ['one within', { generationConfig: { max: 1 } }, `Unknown name "max" at 'generationConfig'`],
    ['no contents', { contents: [] }, 'contents'],
    [
      'JSON Schema in parameters',
      { tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'object', $schema: 'x' } }] }] },
      'Unknown name "$schema"',
    ],
    [
      'a call without a signature',
      { contents: [asked, { role: 'model', parts: [{ functionCall: part.functionCall }] }, response] },
      'missing a thought_signature',
    ],
    [
      'a signature of another provider',
      { contents: [asked, { role: 'model', parts: [{ ...part, thoughtSignature: 'eA==' }] }, response] },
      'Thought signature is not valid',
    ],
    [
      'fewer responses than calls',
      { contents: [asked, { role: 'model', parts: [part, part] }, response] },
      'number of function response parts',
    ],
    [
      'a response of another name',
      {
        contents: [
          asked,
          called,
          { role: 'user', parts: [{ functionResponse: { name: 'g', response: {} } }] },
        ],
      },
      'number of function response parts',
    ],
    [
      'calls after a model turn',
      { contents: [asked, { role: 'model', parts: [{ text: 'x' }] }, called, response] },
      'immediately after a user turn',
    ],
    [
      'a part of two kinds',
      { contents: [{ role: 'user', parts: [{ text: 'x', inlineData: { mimeType: 'a/b', data: 'eA==' } }] }] },
      'exactly one of',
    ],
    [
      'a schema without its media type',
      { generationConfig: { responseJsonSchema: {} } },
      'must be application/json',
    ],
    [
      'more than five stops',
      { generationConfig: { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] } },
      'at most 5',
    ],
    [
      'two forms of thinking',
      { generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
      'only one of',
    ],
    [
      'allowed names in the mode AUTO',
      { toolConfig: { functionCallingConfig: { mode: 'AUTO', allowedFunctionNames: ['f'] } } },
      'mode ANY',
    ],
  ]);

  test('snake case is accepted too', async () => {
    const body = { contents: [asked], generation_config: { max_output_tokens: 5, stop_sequences: ['x'] } };
    expect(await post(simulator.url, '/v1/models/g:generateContent', body)).toMatchObject({ status: 200 });
  });

  test.each([
    ['embedContent', { content: 'x' }],
    ['batchEmbedContents', { requests: [{ content: { parts: [{ text: 'x' }] } }] }],
    ['countTokens', { prompt: 'x' }],
  ])('%s refuses what is no request of it', async (verb, body) => {
    expect(await post(simulator.url, `/v1beta/models/g:${verb}`, body)).toMatchObject({ status: 400 });
  });
});

test('Vertex AI refuses more texts than a model embeds in one request', async () => {
  const path = '/v1/projects/p/locations/l/publishers/google/models/gemini-embedding-001:predict';
  const instances = [{ content: 'a' }, { content: 'b' }];
  expect(await post(simulator.url, path, { instances: instances.slice(1) })).toMatchObject({ status: 200 });
  const { status, text } = await post(simulator.url, path, { instances });
  expect([status, text.includes('1 instance(s) is allowed per prediction. Actual: 2')]).toEqual([400, true]);
});

describe('Converse', () => {
  const asked = { role: 'user', content: [{ text: 'hi' }] };
  const called = { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'f', input: {} } }] };
  const result = { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'x' }] } }] };
  const spec = { toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } };
  const document = { document: { format: 'pdf', name: 'a b', source: { bytes: 'eA==' } } };
  refuses(
    '/model/amazon.nova/converse',
    { messages: [asked, called, result], toolConfig: { tools: [spec] } },
    [
      ['an unknown field', { stream: true }, 'extraneous key [stream]'],
      ['roles that do not alternate', { messages: [asked, asked] }, 'alternate'],
      ['a first turn of the assistant', { messages: [called, result] }, 'alternate'],
      [
        'a call without its result',
        { messages: [asked, called, asked] },
        'Expected toolResult blocks for the following Ids: t1',
      ],
      ['a result without its call', { messages: [result] }, 'exceeds the number of toolUse blocks'],
      ['calls without tools', { toolConfig: undefined }, 'toolConfig field must be defined'],
      ['no tools', { toolConfig: { tools: [] } }, 'at least 1'],
      ['a blank text', { messages: [{ role: 'user', content: [{ text: ' ' }] }] }, 'is blank'],
      [
        'a block of two kinds',
        { messages: [{ role: 'user', content: [{ text: 'x', cachePoint: { type: 'default' } }] }] },
        'exactly one of',
      ],
      [
        'a document without a text',
        { messages: [{ role: 'user', content: [document] }] },
        'A text block is required',
      ],
      [
        'a document with a dot in its name',
        {
          messages: [
            { role: 'user', content: [{ text: 'x' }, { document: { ...document.document, name: 'a.pdf' } }] },
          ],
        },
        'document.name',
      ],
      [
        'two documents with one name',
        { messages: [{ role: 'user', content: [{ text: 'x' }, document, document] }] },
        'must be unique',
      ],
      [
        'a URL of an image',
        { messages: [{ role: 'user', content: [{ image: { format: 'png', source: { url: 'x' } } }] }] },
        'extraneous key',
      ],
      [
        'a signature of another provider',
        {
          messages: [
            asked,
            {
              role: 'assistant',
              content: [
                { reasoningContent: { reasoningText: { text: 'x', signature: 'eA==' } } },
                { text: 'x' },
              ],
            },
            asked,
          ],
        },
        'Invalid `signature`',
      ],
      [
        'a schema that is not a JSON string',
        { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{' } } } } },
        'valid JSON',
      ],
    ],
  );
});

describe('a request to Bedrock', () => {
  const body = { messages: [{ role: 'user', content: [{ text: 'hi' }] }] };
  const time = '20260101T000000Z';
  const scope = 'Credential=AKID/20260101/eu-central-1/bedrock/aws4_request';
  const signed = (names: string, more = scope): string =>
    `AWS4-HMAC-SHA256 ${more}, SignedHeaders=${names}, Signature=${'0'.repeat(64)}`;
  test.each([
    [
      'with a signature of another service',
      { authorization: signed('host;x-amz-date', scope.replace('bedrock', 's3')), 'x-amz-date': time },
    ],
    ['without a time', { authorization: signed('host;x-amz-date') }],
    ['of another day', { authorization: signed('host;x-amz-date'), 'x-amz-date': '20260102T000000Z' }],
    ['whose host is not signed', { authorization: signed('x-amz-date'), 'x-amz-date': time }],
    [
      'whose token is not signed',
      { authorization: signed('host;x-amz-date'), 'x-amz-date': time, 'x-amz-security-token': 't' },
    ],
    [
      'whose body has another hash',
      {
        authorization: signed('host;x-amz-content-sha256;x-amz-date'),
        'x-amz-date': time,
        'x-amz-content-sha256': 'a'.repeat(64),
      },
    ],
  ])('%s is refused with 403', async (_, headers) => {
    expect(await post(simulator.url, '/model/m/converse', body, headers)).toMatchObject({ status: 403 });
  });

  test('is accepted with a valid signature', async () => {
    const headers = { authorization: signed('host;x-amz-date'), 'x-amz-date': time };
    expect(await post(simulator.url, '/model/m/converse', body, headers)).toMatchObject({ status: 200 });
  });
});

test("OpenAI's and Anthropic's APIs accept anything if the simulator is not strict", async () => {
  const body = { model: 'm', messages: [], nobody_knows: 1 };
  expect(await post(lenient.url, '/v1/chat/completions', body)).toMatchObject({ status: 200 });
  expect(await post(lenient.url, '/v1/messages', body)).toMatchObject({ status: 200 });
  expect(await post(lenient.url, '/v1beta/models/m:generateContent', body)).toMatchObject({ status: 400 });
});
