/**
 * Measures the cost of translating a request, without a network: a long history with many tools, for each pair of APIs, and how the
 * time grows with the arguments of calls. Run: bun bench/parts/translation.ts
 */
import type { ProviderApi } from '../../src/translation/conversation.ts';
import type { Target } from '../../src/translation/exchange.ts';
import { readRequest, translationFor } from '../../src/translation/pair.ts';
import { bestMicros } from '../measure/best-of.ts';

const CLIENTS = {
  chat: chatHistory,
  responses: responsesHistory,
  messages: messagesHistory,
  gemini: geminiHistory,
} as const;
const PROVIDERS: readonly ProviderApi[] = ['chat', 'responses', 'messages', 'gemini', 'converse'];
const PATHS: Readonly<Record<string, string>> = { gemini: '/v1beta/models/bench:generateContent' };
const TURNS = 200;
const PROSE = 'The quick brown fox says "hello" to the lazy dog,\nagain and again. ';

interface Shape {
  /** Bytes of text in each turn. */
  readonly text: number;
  /** Bytes of arguments in the call of each turn. */
  readonly args: number;
}

for (const [client, history] of Object.entries(CLIENTS) as [
  keyof typeof CLIENTS,
  (shape: Shape) => object,
][]) {
  const body = JSON.stringify(history({ text: 4_000, args: 700 }));
  console.log(`${client}: ${TURNS} turns, 60 tools, ${(body.length / 1e6).toFixed(2)} MB`);
  for (const api of PROVIDERS) {
    if (api === client) continue;
    const ms = await translated(client, api, body, 10);
    console.log(
      `  → ${api.padEnd(10)} ${ms.toFixed(1).padStart(6)} ms   ${((ms * 1e6) / body.length).toFixed(1)} ns a byte`,
    );
  }
}

for (const [client, api] of [
  ['messages', 'chat'],
  ['chat', 'messages'],
  ['responses', 'gemini'],
  ['gemini', 'converse'],
] as const) {
  console.log(`${client} → ${api}, by the arguments of calls`);
  for (const megabytes of [0.5, 1, 2, 4, 8]) {
    const body = JSON.stringify(CLIENTS[client]({ text: 10, args: (megabytes * 1e6) / (TURNS / 4) }));
    const ms = await translated(client, api, body, 3);
    console.log(
      `  ${String(megabytes).padStart(4)} MB ${ms.toFixed(1).padStart(6)} ms   ${((ms * 1e6) / body.length).toFixed(1)} ns a byte`,
    );
  }
}

/** Milliseconds to read a client's body and to write it for a provider. */
async function translated(
  client: keyof typeof CLIENTS,
  api: ProviderApi,
  body: string,
  times: number,
): Promise<number> {
  const target: Target = {
    provider: 'bench',
    api,
    carriage: undefined,
    model: api === 'messages' ? 'claude-sonnet-4-5' : 'bench',
    dialect: 'generic',
    policy: 'warn',
  };
  const translation = await translationFor(client, api, target);
  const facts = { requestId: 'req_bench', now: 1 };
  const once = (): void => {
    const reading = translation.client.readRequest(body, {
      requestId: 'req_bench',
      path: PATHS[client] ?? '',
    });
    if (reading.kind === 'invalid') throw new Error(`${reading.path}: ${reading.message}`);
    const written = translation.request(reading.conversation, facts);
    if (written.kind !== 'written') throw new Error(`${written.loss.path} was refused`);
  };
  await readRequest(client, body, { requestId: 'req_bench', path: PATHS[client] ?? '' });
  once();
  return bestMicros(once, times) / 1000;
}

function chatHistory({ text, args }: Shape): object {
  const messages: object[] = [{ role: 'system', content: 'Be brief.' }];
  for (let turn = 0; turn < TURNS / 4; turn++) {
    const id = `call_${turn}`;
    messages.push(
      { role: 'user', content: prose(text) },
      {
        role: 'assistant',
        content: prose(text),
        tool_calls: [
          { id, type: 'function', function: { name: `tool_${turn % 60}`, arguments: argumentsOf(args) } },
        ],
      },
      { role: 'tool', tool_call_id: id, content: prose(text * 2) },
      { role: 'assistant', content: prose(text) },
    );
  }
  const tools = Array.from({ length: 60 }, (_, index) => ({
    type: 'function',
    function: { name: `tool_${index}`, description: prose(200), parameters: parameters() },
  }));
  return { model: 'bench', messages, tools };
}

function messagesHistory({ text, args }: Shape): object {
  const messages: object[] = [];
  for (let turn = 0; turn < TURNS / 4; turn++) {
    const id = `toolu_${turn}`;
    messages.push(
      { role: 'user', content: prose(text) },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: prose(text) },
          { type: 'tool_use', id, name: `tool_${turn % 60}`, input: JSON.parse(argumentsOf(args)) },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: prose(text * 2) }] },
      { role: 'assistant', content: [{ type: 'text', text: prose(text) }] },
    );
  }
  messages.push({ role: 'user', content: 'Go on.' });
  const tools = Array.from({ length: 60 }, (_, index) => ({
    name: `tool_${index}`,
    description: prose(200),
    input_schema: parameters(),
  }));
  return { model: 'bench', max_tokens: 1024, system: 'Be brief.', messages, tools };
}

function responsesHistory({ text, args }: Shape): object {
  const input: object[] = [];
  for (let turn = 0; turn < TURNS / 4; turn++) {
    const call_id = `call_${turn}`;
    input.push(
      { role: 'user', content: [{ type: 'input_text', text: prose(text) }] },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: prose(text), annotations: [] }],
      },
      { type: 'function_call', call_id, name: `tool_${turn % 60}`, arguments: argumentsOf(args) },
      { type: 'function_call_output', call_id, output: prose(text * 2) },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: prose(text), annotations: [] }],
      },
    );
  }
  const tools = Array.from({ length: 60 }, (_, index) => ({
    type: 'function',
    name: `tool_${index}`,
    description: prose(200),
    parameters: parameters(),
  }));
  return { model: 'bench', instructions: 'Be brief.', input, tools };
}

function geminiHistory({ text, args }: Shape): object {
  const contents: object[] = [];
  for (let turn = 0; turn < TURNS / 4; turn++) {
    const name = `tool_${turn % 60}`;
    contents.push(
      { role: 'user', parts: [{ text: prose(text) }] },
      {
        role: 'model',
        parts: [{ text: prose(text) }, { functionCall: { name, args: JSON.parse(argumentsOf(args)) } }],
      },
      { role: 'user', parts: [{ functionResponse: { name, response: { output: prose(text * 2) } } }] },
      { role: 'model', parts: [{ text: prose(text) }] },
    );
  }
  contents.push({ role: 'user', parts: [{ text: 'Go on.' }] });
  const functionDeclarations = Array.from({ length: 60 }, (_, index) => ({
    name: `tool_${index}`,
    description: prose(200),
    parametersJsonSchema: parameters(),
  }));
  return { contents, tools: [{ functionDeclarations }] };
}

function prose(length: number): string {
  return PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length);
}

function argumentsOf(length: number): string {
  return JSON.stringify({ path: '/tmp/a', edits: [{ line: 1, text: prose(length) }] });
}

function parameters(): object {
  return {
    type: 'object',
    properties: {
      path: { type: 'string', description: prose(100) },
      edits: {
        type: 'array',
        items: { type: 'object', properties: { line: { type: 'integer' }, text: { type: 'string' } } },
      },
    },
    required: ['path'],
  };
}
