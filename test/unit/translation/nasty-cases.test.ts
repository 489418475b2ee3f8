import { describe, expect, test } from 'bun:test';
import { MediaWriter } from '../../../src/translation/bedrock-converse/write-media.ts';
import type { ClientApi, Media, ProviderApi } from '../../../src/translation/conversation.ts';
import { translationFor } from '../../../src/translation/pair.ts';
import { cpuMs } from '../cpu-time.ts';
import { playRequest } from './request-play.ts';
import { exchangeFor } from './stream-play.ts';

const USER = { role: 'user', content: 'x' };
const TOOLS = [{ type: 'function', function: { name: 'f' } }];
const chat = (more: object): object => ({ model: 'm', messages: [USER], ...more });

describe('results that do not say which call they answer', () => {
  const call = (name: string) => ({ type: 'function', function: { name, arguments: '{}' } });
  const calls = { role: 'assistant', content: null, tool_calls: [call('f'), call('g'), call('f')] };
  const answers = async (...results: object[]) => {
    const messages = [USER, calls, ...results.map((result) => ({ role: 'tool', ...result }))];
    const { body, losses } = await playRequest(['chat', 'responses'], chat({ messages, tools: TOOLS }));
    const items = body['input'] as { type: string; call_id: string; output: string }[];
    const outputs = items.filter(({ type }) => type === 'function_call_output');
    return { outputs: outputs.map(({ call_id, output }) => [call_id, output]), losses };
  };

  test('answer the calls in order', async () => {
    const { outputs, losses } = await answers({ content: 'a' }, { content: 'b' }, { content: 'c' });
    expect(outputs).toEqual([
      ['call_g_0', 'a'],
      ['call_g_1', 'b'],
      ['call_g_2', 'c'],
    ]);
    expect(losses).toEqual(['repaired messages[2]', 'repaired messages[3]', 'repaired messages[4]']);
  });

  test('leave the calls to those that do, and what is left is no result', async () => {
    const results = ['a', 'b', 'c'].map((content) => ({ content, tool_call_id: '' }));
    const { outputs } = await answers({ content: 'last', tool_call_id: 'call_g_2' }, ...results);
    expect(outputs).toEqual([
      ['call_g_0', 'a'],
      ['call_g_1', 'b'],
      ['call_g_2', 'last'],
    ]);
  });

  test('of the Responses API do so too', async () => {
    const input = [
      USER,
      { type: 'function_call', name: 'f', arguments: '{}' },
      { type: 'function_call_output', output: 'r' },
    ];
    const { body } = await playRequest(['responses', 'chat'], { model: 'm', input });
    expect((body['messages'] as object[]).at(-1)).toEqual({
      role: 'tool',
      tool_call_id: 'call_g_0',
      content: 'r',
    });
  });
});

test.each<readonly [ClientApi, ProviderApi, object]>([
  ['chat', 'gemini', chat({ stop: '' })],
  ['chat', 'responses', chat({ stop: [''] })],
  ['messages', 'chat', { model: 'm', max_tokens: 9, messages: [USER], stop_sequences: [''] }],
])('an empty stop sequence is dropped: %s to %s', async (from, to, body) => {
  const { text, losses, unsuitable } = await playRequest([from, to], body);
  expect(unsuitable).toBeUndefined();
  expect(text).not.toContain('stop');
  expect(losses).toHaveLength(1);
});

test('a schema in Google’s form becomes JSON Schema', async () => {
  const parameters = {
    type: 'OBJECT',
    nullable: true,
    properties: {
      a: { type: 'ARRAY', items: { type: 'STRING', minLength: '1' }, minItems: '2', maxItems: '3' },
      b: { type: 'NUMBER', minimum: 1 },
    },
    propertyOrdering: ['b', 'a', 'none'],
  };
  const tools = [{ functionDeclarations: [{ name: 'f', parameters }] }];
  for (const to of ['chat', 'messages', 'converse'] as const) {
    const { text } = await playRequest(['gemini', to], { contents: [{ parts: [{ text: 'x' }] }], tools });
    expect(text).toContain(
      '{"type":"object","properties":{"b":{"type":"number","minimum":1},"a":{"type":"array","items":{"type":"string","minLength":1},"minItems":2,"maxItems":3}}}',
    );
  }
});

test('Gemini’s newer response format is the older one for others', async () => {
  const schema = { type: 'object', properties: {} };
  const body = (responseFormat: unknown): object => ({
    contents: [{ parts: [{ text: 'x' }] }],
    generationConfig: { responseFormat },
  });
  const { body: written } = await playRequest(
    ['gemini', 'chat'],
    body([{ text: { mimeType: 'application/json', schema } }]),
  );
  expect(written['response_format']).toMatchObject({ json_schema: { schema } });
  const { unsuitable } = await playRequest(['gemini', 'chat'], body([{ image: {} }]));
  expect(unsuitable).toBe('generationConfig.responseFormat');
  const plain = await playRequest(['gemini', 'chat'], body([{ text: { mimeType: 'text/plain' } }]));
  expect([plain.body['response_format'], plain.losses]).toEqual([undefined, []]);
  const free = await playRequest(['gemini', 'chat'], body([{ text: { mimeType: 'application/json' } }]));
  expect(free.body['response_format']).toEqual({ type: 'json_object' });
  for (const other of [{ text: { mimeType: 'text/x' } }, { text: {}, audio: {} }])
    expect((await playRequest(['gemini', 'chat'], body([other]))).unsuitable).toBe(
      'generationConfig.responseFormat',
    );
});

test('a field that is null or has its default value is no loss', async () => {
  const source = { type: 'base64', media_type: 'image/png', data: 'AA==' };
  const call = { type: 'tool_use', id: 'c', name: 'f', input: {}, toolset_name: null };
  const found = { type: 'search_result', source: 's', title: 't', content: [] };
  const content = [
    { type: 'image', source, transformations: null },
    { ...found, citations: { enabled: false } },
  ];
  const messages = [
    { role: 'user', content },
    { role: 'assistant', content: [{ ...call, caller: { type: 'direct' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'x', toolset_name: null }] },
  ];
  const ofMessages = await playRequest(['messages', 'chat'], { max_tokens: 9, messages });
  expect(ofMessages.losses.filter((loss) => !loss.endsWith('content[1]'))).toEqual([]);
  const functionCall = { id: 'c', name: 'f', args: {}, willContinue: null };
  const functionResponse = { id: 'c', name: 'f', response: {}, scheduling: null };
  const contents = [
    { role: 'user', parts: [{ text: 'x', thought: false, videoMetadata: null }] },
    { role: 'model', parts: [{ functionCall, thoughtSignature: null }] },
    { role: 'user', parts: [{ functionResponse }] },
  ];
  expect((await playRequest(['gemini', 'chat'], { contents })).losses).toEqual([]);
  const calls = { call_id: 'c', caller: { type: 'direct' }, async: false };
  const file = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' };
  const input = [
    { role: 'user', content: [{ ...file, detail: 'auto' }] },
    { type: 'function_call', name: 'f', arguments: '{}', ...calls },
    { type: 'function_call_output', output: 'x', ...calls },
  ];
  expect((await playRequest(['responses', 'chat'], { input })).losses).toEqual([]);
});

test('an unknown part and stop sequences that the model does not accept make a route unsuitable', async () => {
  const parts = [{ newData: { x: 1 }, videoMetadata: { fps: 1 } }, { text: 'a' }];
  expect((await playRequest(['gemini', 'chat'], { contents: [{ parts }] })).unsuitable).toBe(
    'contents[0].parts[0]',
  );
  const asked = { messages: [{ role: 'user', content: 'x' }], stop: ['a'] };
  const model = 'openai.gpt-oss-120b-1:0';
  expect((await playRequest(['chat', 'converse'], asked, { model })).unsuitable).toBe('stop');
});

test('results without an id answer the calls in order, and one too many is told as a text', async () => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', content: 'first' },
    { role: 'tool', content: 'second' },
  ];
  const { body, losses } = await playRequest(['chat', 'messages'], { messages, stop: [' ', 'a'] });
  const content = [
    { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'first' }] },
    { type: 'text', text: '[result of an earlier tool call ]\nsecond' },
  ];
  expect((body['messages'] as object[]).at(-1)).toEqual({ role: 'user', content });
  expect(body['stop_sequences']).toEqual(['a']);
  expect(losses.slice(-3)).toEqual(['repaired messages[2]', 'repaired messages[3]', 'dropped stop']);
});

test('a block that is marked twice has one cache point', async () => {
  const cache_control = { type: 'ephemeral' };
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'x', cache_control }] }];
  const body = { model: 'm', max_tokens: 9, cache_control, messages };
  const { body: written } = await playRequest(['messages', 'converse'], body);
  expect(written['messages']).toEqual([
    { role: 'user', content: [{ text: 'x' }, { cachePoint: { type: 'default' } }] },
  ]);
});

test.each([
  ['chat', 'messages', { content: [{ text: 'first' }] }],
  ['gemini', 'messages', { content: [{ text: 'first' }] }],
  ['gemini', 'responses', { output: [{ content: [{ text: 'first' }] }] }],
] as const)(
  'of several answers of %s, a client of %s gets the first by its index',
  async (to, from, written) => {
    const request = { stream: false, ...(from === 'responses' && { messages: undefined, input: 'x' }) };
    const exchange = await exchangeFor({ from, to, request });
    const choice = (index: number, text: string) =>
      to === 'chat'
        ? { index, message: { content: text }, finish_reason: 'stop' }
        : { index, content: { parts: [{ text }] }, finishReason: 'STOP' };
    const list = to === 'chat' ? 'choices' : 'candidates';
    const body = JSON.stringify({ [list]: [choice(1, 'second'), choice(0, 'first')] });
    const answer = (await translationFor(from, to, exchange.target)).answer(body, exchange);
    expect(answer.kind === 'answer' && JSON.parse(answer.body)).toMatchObject(written);
    expect(exchange.losses.all().map(({ what, path }) => `${what} ${path}`)).toContain(`dropped ${list}[0]`);
  },
);

test('a result with a name and no id answers the call of that name', async () => {
  const call = (id: string, name: string) => ({ id, type: 'function', function: { name, arguments: '{}' } });
  const messages = [
    USER,
    { role: 'assistant', tool_calls: [call('a', 'f'), call('b', 'g')] },
    { role: 'tool', name: 'g', content: 'of g' },
    { role: 'function', name: 'f', content: 'of f' },
    { role: 'tool', name: 'h', content: 'of none' },
  ];
  const { body, losses } = await playRequest(['chat', 'responses'], { messages });
  expect((body['input'] as object[]).slice(3)).toEqual([
    { type: 'function_call_output', call_id: 'a', output: 'of f' },
    { type: 'function_call_output', call_id: 'b', output: 'of g' },
    {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: '[result of an earlier tool call h]\nof none' }],
    },
  ]);
  expect(losses).toEqual(['repaired messages[2]', 'repaired messages[3]', 'repaired messages[4]']);
});

describe('a document of text in a result', () => {
  const document = { type: 'document', title: 't', source: { type: 'text', data: 'D' } };
  const source = { type: 'base64', media_type: 'image/png', data: 'AA==' };
  const content = [
    { type: 'image', source },
    document,
    { type: 'text', text: '' },
    { type: 'text', text: 'T' },
  ];
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content }] },
  ];

  test('is part of the text of Gemini’s response, whose parts hold only bytes', async () => {
    const { body } = await playRequest(['messages', 'gemini'], { max_tokens: 9, messages });
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }];
    expect((body['contents'] as { parts: object[] }[]).at(-1)?.parts).toEqual([
      { functionResponse: { id: 'c', name: 'f', response: { output: 't\nD\nT' }, parts } },
    ]);
  });

  test('is part of the text of a tool message, in which empty texts leave no line', async () => {
    const { body } = await playRequest(['messages', 'chat'], { max_tokens: 9, messages });
    expect((body['messages'] as object[])[2]).toMatchObject({ role: 'tool', content: 't\nD\nT' });
  });
});

test.each(['responses', 'messages', 'gemini', 'converse'] as const)(
  'a choice of a tool that the request does not define makes a route unsuitable: %s',
  async (to) => {
    const named = (name: string) => ({ type: 'function', function: { name } });
    const allowed = (name: string) => ({
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [named(name)] },
    });
    for (const choose of [named, allowed]) {
      const asked = (name: string) =>
        playRequest(['chat', to], chat({ tools: TOOLS, tool_choice: choose(name) }));
      expect([(await asked('g')).unsuitable, (await asked('f')).unsuitable]).toEqual([
        'tool_choice',
        undefined,
      ]);
    }
  },
);

test('a schema of Gemini’s functions has a type', async () => {
  const tools = [{}, { properties: { a: {} } }, { $ref: '#/$defs/a', $defs: {} }, { anyOf: [] }].map(
    (input_schema, index) => ({ name: `f${index}`, input_schema }),
  );
  const { body } = await playRequest(['messages', 'gemini'], { max_tokens: 9, messages: [USER], tools });
  const [list] = body['tools'] as { functionDeclarations: { parametersJsonSchema: { type?: string } }[] }[];
  const types = list?.functionDeclarations.map(({ parametersJsonSchema }) => parametersJsonSchema.type);
  expect(types).toEqual(['object', 'object', 'object', undefined as never]);
});

test('a data URL may have parameters, line breaks, percent signs and any character', async () => {
  const url = (given: string) => ({ type: 'image_url', image_url: { url: `data:image/png${given}` } });
  const content = [
    url(';name=a%20b.png;base64,AA%3D%3D'),
    url(';charset=utf-8;base64,AAAA\r\nAA==\n'),
    { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain,h%C3%A9 100%😀' } },
  ];
  const { body } = await playRequest(['chat', 'messages'], chat({ messages: [{ role: 'user', content }] }));
  const [message] = body['messages'] as { content: { source: { data: string } }[] }[];
  expect(message?.content.map(({ source }) => source.data)).toEqual(['AA==', 'AAAAAA==', 'hé 100%😀']);
});

test.each(['gs://b/x.png', 's3://b/x.png', 'https://generativelanguage.googleapis.com/v1beta/files/x', ''])(
  'a file that only its own cloud can read makes routes of others unsuitable: %s',
  async (fileUri) => {
    for (const mimeType of ['image/png', 'application/pdf']) {
      const contents = [{ parts: [{ fileData: { fileUri, mimeType } }] }];
      for (const to of ['chat', 'responses', 'messages'] as const)
        expect((await playRequest(['gemini', to], { contents })).unsuitable).toBe('contents[0].parts[0]');
    }
  },
);

test('a file of text is a text for Chat, which takes no files but PDF', async () => {
  const file = {
    type: 'input_file',
    filename: 'a.csv',
    file_data: 'data:text/csv;charset=utf-8;base64,YSxi',
  };
  const { body } = await playRequest(['responses', 'chat'], { input: [{ role: 'user', content: [file] }] });
  expect(body['messages']).toEqual([{ role: 'user', content: 'a.csv\na,b' }]);
});

test('a file of text has a format at Converse, whatever its type', async () => {
  const formatOf = async (type: string) => {
    const file = { type: 'input_file', filename: 'a', file_data: `data:${type};base64,e30=` };
    const { text } = await playRequest(['responses', 'converse'], {
      input: [{ role: 'user', content: [file] }],
    });
    return /"format":"(\w+)"/.exec(text)?.[1];
  };
  expect(
    await Promise.all(['text/x-python', 'application/json', 'text/csv', 'font/otf'].map(formatOf)),
  ).toEqual(['txt', 'txt', 'csv', undefined]);
});

test('documents of Converse have different names, whatever the client calls them', async () => {
  const long = 'x'.repeat(300);
  const names = [
    'a.pdf',
    'a.pdf',
    'a 2.pdf',
    'a.pdf',
    `${long}.pdf`,
    `${long}.pdf`,
    'a_b.pdf',
    'a b.pdf',
    '.pdf',
  ];
  const content = names.map((filename) => ({ type: 'file', file: { filename, file_data: 'JVBERi0=' } }));
  const { body } = await playRequest(['chat', 'converse'], chat({ messages: [{ role: 'user', content }] }));
  const [message] = body['messages'] as { content: { document?: { name: string } }[] }[];
  const written = message?.content.flatMap(({ document }) => document?.name ?? []) ?? [];
  expect(written.map((name) => name.replace(/x+/, (run) => `x${run.length}`))).toEqual([
    'a',
    'a 2',
    'a 2 2',
    'a 3',
    'x200',
    'x198 2',
    'a b',
    'a b 2',
    'document',
  ]);
});

test('documents of one name are counted in linear time', async () => {
  const exchange = await exchangeFor({ from: 'chat', to: 'converse' });
  const media: Media = {
    kind: 'document',
    mediaType: 'application/pdf',
    name: 'a.pdf',
    source: { kind: 'bytes', data: 'JVBERi0=' },
    path: 'messages[0]',
  };
  const timeOf = (count: number): number =>
    cpuMs(() => {
      const writer = new MediaWriter(exchange);
      for (let written = 0; written < count; written++) writer.write(media);
    });
  timeOf(100);
  expect(timeOf(10_000)).toBeLessThan(Math.max(20, timeOf(1_000)) * 40);
});

test.each([
  ['audio/mpeg', 'mp3', 'mp3'],
  ['audio/vnd.wave', 'wav', 'wav'],
  ['audio/x-m4a', undefined, 'm4a'],
  ['audio/ogg', undefined, 'ogg'],
])(
  'audio of the type %s has the format %s for OpenAI and %s for Converse',
  async (mimeType, chatFormat, other) => {
    const contents = [{ parts: [{ inlineData: { mimeType, data: 'AA==' } }] }];
    const formatIn = (text: string) => /"format":"(\w+)"/.exec(text)?.[1];
    const openAi = await playRequest(['gemini', 'chat'], { contents }, { dialect: 'openai' });
    expect([formatIn(openAi.text), openAi.unsuitable]).toEqual([
      chatFormat,
      chatFormat === undefined ? 'contents[0].parts[0]' : undefined,
    ]);
    const others = await playRequest(['gemini', 'chat'], { contents }, { dialect: 'generic' });
    expect(others.unsuitable).toBe('contents[0].parts[0]');
    expect(formatIn((await playRequest(['gemini', 'converse'], { contents })).text)).toBe(other);
  },
);

test('arguments that are null are none, in a history and in an answer', async () => {
  const block = { type: 'tool_use', id: 'c', name: 'f', input: null };
  const messages = [USER, { role: 'assistant', content: [block] }];
  const { text } = await playRequest(['messages', 'chat'], { max_tokens: 9, messages });
  expect(text).toContain('"arguments":"{}"');
  const contents = [{ role: 'model', parts: [{ functionCall: { name: 'f', args: null } }] }];
  expect((await playRequest(['gemini', 'chat'], { contents })).text).toContain('"arguments":"{}"');
  for (const [to, answer] of [
    ['messages', { content: [block], stop_reason: 'tool_use' }],
    ['gemini', { candidates: [{ content: { parts: contents[0]?.parts }, finishReason: 'STOP' }] }],
    ['converse', { stopReason: 'tool_use', output: { message: { content: [{ toolUse: { ...block } }] } } }],
  ] as const) {
    const exchange = await exchangeFor({ from: 'chat', to, request: { stream: false } });
    const written = (await translationFor('chat', to, exchange.target)).answer(
      JSON.stringify(answer),
      exchange,
    );
    expect(written.kind === 'answer' && written.body).toContain('"arguments":"{}"');
  }
});

test('a setting of more digits than a double holds is rounded', async () => {
  const asked =
    '{"messages":[{"role":"user","content":"x"}],"temperature":0.69999999999999996,"max_tokens":100.0}';
  const { body, losses } = await playRequest(['chat', 'gemini'], asked);
  expect([body['generationConfig'], losses]).toEqual([{ temperature: 0.7, maxOutputTokens: 100 }, []]);
});

test('an image in a message of the system stays behind its text, and one in the system prompt is told', async () => {
  const url = 'https://e.x/a.png';
  const content = [
    { type: 'input_text', text: 'S' },
    { type: 'input_image', image_url: url, detail: 'auto' },
  ];
  const input = [USER, { role: 'developer', content }, { role: 'developer', content: content.slice(1) }];
  const { body } = await playRequest(['responses', 'chat'], { model: 'm', input });
  const image = { type: 'image_url', image_url: { url, detail: 'auto' } };
  expect((body['messages'] as object[]).slice(1)).toEqual([
    { role: 'user', content: [{ type: 'text', text: '<system>\nS\n</system>' }, image] },
    { role: 'user', content: [image] },
  ]);
  const system = [{ type: 'image', source: { type: 'url', url } }];
  const told = { model: 'm', max_tokens: 9, system, messages: [USER] };
  expect((await playRequest(['messages', 'chat'], told)).unsuitable).toBe('system[0]');
});
