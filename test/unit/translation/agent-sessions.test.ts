import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { carry } from '../../../src/translation/carriage/carry.ts';
import { createFrameReader } from '../../../src/translation/carriage/event-stream.ts';
import type { ClientApi, ProviderApi } from '../../../src/translation/conversation.ts';
import type { Exchange, Target } from '../../../src/translation/exchange.ts';
import { readRequest, type Translation, translationFor } from '../../../src/translation/pair.ts';

/**
 * Agent sessions between every client API and every provider API. The provider is strict: it refuses unknown fields,
 * calls without results, and thoughts whose signature did not come back unchanged.
 */
let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
});
afterAll(() => simulator.stop());

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of four APIs, read where their documents put things
type Json = Record<string, any>;

/** How a client sends a request, and how it continues after an answer. */
interface Client {
  readonly path: string;
  readonly first: () => Json;
  readonly calls: (answer: Json) => readonly Json[];
  readonly next: (body: Json, answer: Json) => Json;
}

const SCHEMA = { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] };
const OUTPUT = 'hi-from-tool';

const CLIENTS: Readonly<Record<string, Client>> = {
  chat: {
    path: '/v1/chat/completions',
    first: () => ({
      model: 'm',
      reasoning_effort: 'medium',
      messages: [{ role: 'user', content: 'Say hi' }],
      tools: [{ type: 'function', function: { name: 'bash', parameters: SCHEMA } }],
    }),
    calls: (answer) => answer['choices'][0].message.tool_calls ?? [],
    next: (body, answer) => {
      const { message } = answer['choices'][0];
      const results = message.tool_calls.map(({ id }: Json) => ({
        role: 'tool',
        tool_call_id: id,
        content: OUTPUT,
      }));
      return { ...body, messages: [...body['messages'], message, ...results] };
    },
  },
  responses: {
    path: '/v1/responses',
    first: () => ({
      model: 'm',
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'medium', summary: 'auto' },
      input: [{ role: 'user', content: 'Say hi' }],
      tools: [{ type: 'function', name: 'bash', parameters: SCHEMA, strict: false }],
    }),
    calls: (answer) => answer['output'].filter(({ type }: Json) => type === 'function_call'),
    next: (body, answer) => {
      const results = CLIENTS['responses']
        ?.calls(answer)
        .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: OUTPUT }));
      return { ...body, input: [...body['input'], ...answer['output'], ...(results ?? [])] };
    },
  },
  messages: {
    path: '/v1/messages',
    first: () => ({
      model: 'm',
      max_tokens: 4000,
      thinking: { type: 'adaptive' },
      messages: [{ role: 'user', content: 'Say hi' }],
      tools: [{ name: 'bash', input_schema: SCHEMA }],
    }),
    calls: (answer) => answer['content'].filter(({ type }: Json) => type === 'tool_use'),
    next: (body, answer) => {
      const results = CLIENTS['messages']
        ?.calls(answer)
        .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: OUTPUT }));
      const turns = [
        { role: 'assistant', content: answer['content'] },
        { role: 'user', content: results },
      ];
      return { ...body, messages: [...body['messages'], ...turns] };
    },
  },
  gemini: {
    path: '/v1beta/models/m:generateContent',
    first: () => ({
      contents: [{ role: 'user', parts: [{ text: 'Say hi' }] }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
      tools: [{ functionDeclarations: [{ name: 'bash', parametersJsonSchema: SCHEMA }] }],
    }),
    calls: (answer) =>
      answer['candidates'][0].content.parts.filter(({ functionCall }: Json) => functionCall !== undefined),
    next: (body, answer) => {
      const results = CLIENTS['gemini']?.calls(answer).map(({ functionCall: { id, name } }) => ({
        functionResponse: { id, name, response: { output: OUTPUT } },
      }));
      return {
        ...body,
        contents: [...body['contents'], answer['candidates'][0].content, { role: 'user', parts: results }],
      };
    },
  },
};

interface Provider {
  readonly api: ProviderApi;
  readonly model: string;
  readonly dialect?: Target['dialect'];
  readonly carriage?: Target['carriage'];
  readonly path: string;
  readonly streamPath: string;
}

const VERTEX = '/v1/projects/p/locations/global/publishers';
const PROVIDERS: Readonly<Record<string, Provider>> = {
  chat: {
    api: 'chat',
    model: 'gpt-4.1',
    dialect: 'openai',
    path: '/v1/chat/completions',
    streamPath: '/v1/chat/completions',
  },
  'chat of a model that reasons': {
    api: 'chat',
    model: 'gpt-5.6',
    dialect: 'openai',
    path: '/v1/chat/completions',
    streamPath: '/v1/chat/completions',
  },
  responses: {
    api: 'responses',
    model: 'gpt-5.6',
    dialect: 'openai',
    path: '/v1/responses',
    streamPath: '/v1/responses',
  },
  messages: { api: 'messages', model: 'claude-opus-5-5', path: '/v1/messages', streamPath: '/v1/messages' },
  'messages at Vertex AI': {
    api: 'messages',
    model: 'claude-opus-5-5',
    carriage: 'vertex',
    path: `${VERTEX}/anthropic/models/claude-opus-5-5:rawPredict`,
    streamPath: `${VERTEX}/anthropic/models/claude-opus-5-5:streamRawPredict`,
  },
  'messages at Bedrock': {
    api: 'messages',
    model: 'anthropic.claude-opus-5-5',
    carriage: 'bedrock',
    path: '/model/anthropic.claude-opus-5-5/invoke',
    streamPath: '/model/anthropic.claude-opus-5-5/invoke-with-response-stream',
  },
  gemini: {
    api: 'gemini',
    model: 'gemini-3-pro',
    path: '/v1beta/models/gemini-3-pro:generateContent',
    streamPath: '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
  },
  converse: {
    api: 'converse',
    model: 'amazon.nova-pro-v1:0',
    path: '/model/amazon.nova-pro-v1%3A0/converse',
    streamPath: '/model/amazon.nova-pro-v1%3A0/converse-stream',
  },
  'converse of Claude': {
    api: 'converse',
    model: 'anthropic.claude-opus-5-5',
    path: '/model/anthropic.claude-opus-5-5/converse',
    streamPath: '/model/anthropic.claude-opus-5-5/converse-stream',
  },
};

interface Written {
  readonly translation: Translation;
  readonly exchange: Exchange;
  readonly body: string | Uint8Array;
}

async function write(clientApi: string, provider: Provider, body: Json): Promise<Written> {
  const api = clientApi as ClientApi;
  const path = CLIENTS[clientApi]?.path ?? '';
  const reading = await readRequest(api, JSON.stringify(body), { requestId: 'req_1', path });
  if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
  const { model, carriage } = provider;
  const target: Target = {
    api: provider.api,
    provider: 'p',
    model,
    carriage,
    dialect: provider.dialect ?? 'generic',
    policy: 'warn',
  };
  const translation = await translationFor(api, provider.api, target);
  const written = translation.request(reading.conversation, { requestId: 'req_1', now: 1 });
  if (written.kind === 'unsuitable') throw new Error(`unsuitable: ${written.loss.path} ${written.loss.why}`);
  const { exchange } = written;
  if (carriage === undefined || provider.api !== 'messages')
    return { translation, exchange, body: written.body };
  const bytes = carry(Buffer.from(written.body), { model, carriage }, { operation: 'generate' }).body;
  return { translation, exchange, body: bytes };
}

async function send(path: string, body: string | Uint8Array): Promise<Buffer> {
  const response = await fetch(simulator.url + path, {
    method: 'POST',
    headers: {
      authorization: 'Bearer k',
      'content-type': 'application/json',
      'x-mock-fault': 'agent?calls=2&thoughts=4',
    },
    body: typeof body === 'string' ? body : Buffer.from(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200)
    throw new Error(`${response.status} ${bytes.toString()}\nfor ${Buffer.from(body as string).toString()}`);
  return bytes;
}

async function answer(clientApi: string, provider: Provider, body: Json): Promise<Json> {
  const { translation, exchange, body: sent } = await write(clientApi, provider, body);
  const text = (await send(provider.path, sent)).toString();
  const written = translation.answer(text, exchange);
  if (written.kind === 'failed') throw new Error(JSON.stringify(written));
  return JSON.parse(written.body) as Json;
}

/** The events of a stream, by name and data. */
function eventsIn(provider: Provider, bytes: Buffer): readonly (readonly [string, Uint8Array])[] {
  if (provider.api === 'converse') {
    const frames = createFrameReader().push(bytes);
    return frames === 'broken' ? [] : frames.map(({ name, payload }) => [name, payload]);
  }
  if (provider.carriage === 'bedrock') {
    const frames = createFrameReader().push(bytes);
    const chunks =
      frames === 'broken'
        ? []
        : frames.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as Json);
    return chunks.map(({ bytes: one }) => {
      const data = Buffer.from(one as string, 'base64');
      return [(JSON.parse(data.toString()) as Json)['type'] as string, data];
    });
  }
  return bytes
    .toString()
    .split(/\r?\n\r?\n/)
    .filter(Boolean)
    .map((event) => [
      /^event: (.*)$/m.exec(event)?.[1] ?? '',
      Buffer.from(/^data: (.*)$/m.exec(event)?.[1] ?? ''),
    ]);
}

const pairs = Object.keys(CLIENTS).flatMap((client) =>
  Object.entries(PROVIDERS)
    .filter(([, { api }]) => api !== client)
    .map(([name, provider]) => [client, name, provider] as const),
);

describe.each(pairs)('a client of %s at %s', (clientApi, _, provider) => {
  const client = CLIENTS[clientApi];
  if (client === undefined) throw new Error('no such client');

  test('receives calls, returns their results, and completes', async () => {
    const first = client.first();
    const called = await answer(clientApi, provider, first);
    expect(client.calls(called)).toHaveLength(2);
    expect(JSON.stringify(client.calls(called))).toContain('echo hi-from-tool');
    const second = await answer(clientApi, provider, client.next(first, called));
    expect(client.calls(second)).toHaveLength(0);
  });

  test('receives whole streams', async () => {
    const first = client.first();
    const called = await answer(clientApi, provider, first);
    for (const body of [first, client.next(first, called)]) {
      const {
        translation,
        exchange,
        body: sent,
      } = await write(clientApi, provider, { ...body, ...(clientApi !== 'gemini' && { stream: true }) });
      const inBody =
        ['chat', 'responses'].includes(provider.api) ||
        (provider.api === 'messages' && provider.carriage !== 'bedrock');
      const streaming = inBody
        ? JSON.stringify({ ...(JSON.parse(Buffer.from(sent as string).toString()) as Json), stream: true })
        : sent;
      const stream = translation.stream(exchange);
      let over: unknown;
      for (const [name, data] of eventsIn(provider, await send(provider.streamPath, streaming)))
        over ??= stream.push(name, data).over;
      over ??= stream.atEndOfBytes().over;
      expect(over).toBe('complete');
    }
  });
});
