import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { type Api, CHAT, COMPLETIONS, GEMINI, GEMINI_LIST, MESSAGES_API, RESPONSES } from './apis.ts';
import { ask } from './exchange.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

/** Each byte of each stream is a place to cut. A run of the tests takes a few of them; CUTS=all takes all, in half an hour. */
const TAKES_ALL = process.env['CUTS'] === 'all';
const SAMPLE = 16;

const CLIENTS: readonly Api[] = [CHAT, COMPLETIONS, RESPONSES, MESSAGES_API, GEMINI];

interface Provider {
  readonly name: string;
  readonly settings: string;
  readonly model: string;
  /** The request whose answer is played. */
  readonly path: string;
  readonly body: object;
  readonly type: string;
  /** The data that says how the answer ended. */
  readonly finish: RegExp;
  readonly clients: readonly Api[];
}

const MESSAGES = [{ role: 'user', content: 'x' }];
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'x' }] }] };
const BEDROCK = 'provider_type: bedrock, region: eu-central-1, api_key: k, api_base: "URL"';
const EVENTS = 'text/event-stream';
const FRAMES = 'application/vnd.amazon.eventstream';
const CLAUDE = { max_tokens: 99, messages: MESSAGES };
const STOP = /"stop_reason":"tool_use"[^\n]*\}/;

const PROVIDERS: readonly Provider[] = [
  {
    name: 'Chat Completions',
    settings: 'provider_type: openai, apis: [chat], api_base: "URL/v1"',
    model: 'some-model',
    path: '/v1/chat/completions',
    body: { model: 'm', messages: MESSAGES, stream: true, stream_options: { include_usage: true } },
    type: EVENTS,
    finish: /"finish_reason":"tool_calls"[^\n]*/,
    clients: CLIENTS,
  },
  {
    name: 'Responses',
    settings: 'provider_type: openai-responses, api_base: "URL/v1"',
    model: 'gpt-4.1',
    path: '/v1/responses',
    body: { model: 'm', input: 'x', stream: true },
    type: EVENTS,
    finish: /"type":"response\.completed"[^\n]*/,
    clients: CLIENTS,
  },
  {
    name: 'Messages',
    settings: 'provider_type: anthropic, api_key: k, api_base: "URL"',
    model: 'claude-sonnet-4-5',
    path: '/v1/messages',
    body: { model: 'm', stream: true, ...CLAUDE },
    type: EVENTS,
    finish: STOP,
    clients: CLIENTS,
  },
  {
    name: 'Claude at Bedrock',
    settings: BEDROCK,
    model: 'anthropic.claude-sonnet-4-5-v1:0',
    path: '/model/anthropic.claude-sonnet-4-5-v1:0/invoke-with-response-stream',
    body: { anthropic_version: 'bedrock-2023-05-31', ...CLAUDE },
    type: FRAMES,
    finish: /^never$/,
    clients: CLIENTS,
  },
  {
    name: 'Gemini',
    settings: 'provider_type: gemini, api_key: k, api_base: "URL"',
    model: 'gemini-2.5-flash',
    path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    body: CONTENTS,
    type: EVENTS,
    finish: /"finishReason":"STOP"[^\r\n]*/,
    clients: CLIENTS,
  },
  {
    name: 'Gemini as a list',
    settings: 'provider_type: gemini, api_key: k, api_base: "URL"',
    model: 'gemini-2.5-flash',
    path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
    body: CONTENTS,
    type: 'application/json',
    finish: /\]\s*$/,
    clients: [GEMINI_LIST],
  },
  {
    name: 'Converse',
    settings: BEDROCK,
    model: 'amazon.nova-pro-v1:0',
    path: '/model/amazon.nova-pro-v1:0/converse-stream',
    body: { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
    type: FRAMES,
    finish: /^never$/,
    clients: CLIENTS,
  },
];

let scripted: ScriptedProvider;
let gateway: TestGateway;
const streams = new Map<string, Buffer>();
/** The provider's answers, by the number of the request. */
const scripts = new Map<string, { readonly type: string; readonly pieces: readonly Uint8Array[] }>();
let count = 0;

beforeAll(async () => {
  const simulator = await startSimulator({ words: 3 });
  for (const { name, path, body } of PROVIDERS) {
    const headers = {
      'content-type': 'application/json',
      authorization: 'Bearer k',
      'x-api-key': 'k',
      'x-mock-fault': 'tool-after-text',
    };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(simulator.url + path, init);
    if (response.status !== 200) throw new Error(`${name}: ${await response.text()}`);
    streams.set(name, Buffer.from(await response.arrayBuffer()));
  }
  await simulator.stop();
  scripted = await startScriptedProvider(async (request, socket) => {
    const script = scripts.get(/x-script: (\d+)/i.exec(request)?.[1] ?? '');
    socket.write(chunkedHead(script?.type ?? EVENTS));
    for (const piece of script?.pieces ?? []) {
      socket.write(chunkOf(piece));
      // A turn of the event loop between two pieces lets each be read by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(LAST_CHUNK);
  });
  const providers = PROVIDERS.map(
    ({ settings }, index) => `  - { name: p${index}, ${settings.replace('URL', scripted.url)} }`,
  );
  const models = PROVIDERS.map(
    ({ model }, index) => `  m${index}: { routes: [{ provider: p${index}, model: "${model}" }] }`,
  );
  gateway = startGateway(
    `providers:\n${providers.join('\n')}\nmodels:\n${models.join('\n')}\nfallback: { retries: 0, cooldown_seconds: 0 }`,
  );
});
afterAll(async () => {
  await gateway.stop();
  await scripted.stop();
});

interface Told {
  readonly status: number;
  readonly ending: string;
  /** The body, without what differs from request to request. */
  readonly text: string;
}

/** The client's view of a provider that writes these pieces and then ends its body in order. */
async function told(provider: Provider, api: Api, pieces: readonly Uint8Array[]): Promise<Told> {
  const script = String(count++);
  const model = `m${PROVIDERS.indexOf(provider)}`;
  scripts.set(script, { type: provider.type, pieces: pieces.filter(({ length }) => length > 0) });
  const path = (api.streamPath ?? api.path).replace('/models/m:', `/models/${model}:`);
  const answer = ask(gateway.url, { path }, api.body(model, { stream: true }), { 'x-script': script });
  const ending = await answer.ended;
  scripts.delete(script);
  const id = answer.header('x-llm-proxy-request-id')?.replace(/^req_/, '') ?? '';
  const text = answer
    .text()
    .replaceAll(id, 'ID')
    .replaceAll(/"created(?:_at)?":\d+/g, '"created":0');
  return { status: answer.status(), ending, text };
}

/** Offsets to cut at: all, or some that differ from pair to pair, and the last ones. */
function offsetsIn(length: number, seed: number): readonly number[] {
  if (TAKES_ALL) return Array.from({ length }, (_, at) => at);
  const spread = Array.from({ length: SAMPLE }, (_, at) =>
    Math.floor(((at + (seed % 7) / 7) * length) / SAMPLE),
  );
  return [...new Set([...spread, length - 3, length - 2, length - 1])];
}

async function eachOf(offsets: readonly number[], run: (offset: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      while (next < offsets.length) await run(offsets[next++] ?? 0);
    }),
  );
}

const PAIRS = PROVIDERS.flatMap((provider) =>
  provider.clients.map((api) => [provider.name, api.name, { provider, api }] as const),
);

test.each(PAIRS)(
  'a stream of %s, read by a client of %s, arrives the same however it is cut, and is whole only as a whole',
  async (_, __, { provider, api }) => {
    const bytes = streams.get(provider.name) ?? Buffer.alloc(0);
    const whole = await told(provider, api, [bytes]);
    expect([whole.status, whole.ending]).toEqual([200, 'whole']);
    expect(whole.text).toMatch(api.saysWhole);
    const found = provider.finish.exec(bytes.toString('latin1'));
    const finishEnd = found === null ? undefined : found.index + found[0].trimEnd().length;
    const odd: string[] = [];
    let lastCut = 0;
    let firstWhole = bytes.length;
    await eachOf(
      offsetsIn(
        bytes.length,
        PAIRS.findIndex(([, , pair]) => pair.api === api && pair.provider === provider),
      ),
      async (offset) => {
        const parts = await told(provider, api, [bytes.subarray(0, offset), bytes.subarray(offset)]);
        if (parts.text !== whole.text)
          odd.push(`in two pieces at ${offset}: ${parts.status} ${parts.ending}`);
        const cut = await told(provider, api, [bytes.subarray(0, offset)]);
        const isSuccess = cut.status === 200 && api.saysWhole.test(cut.text);
        if (isSuccess && cut.ending !== 'whole')
          odd.push(`cut at ${offset}: a word for its end in a broken answer`);
        if (isSuccess) firstWhole = Math.min(firstWhole, offset);
        else lastCut = Math.max(lastCut, offset);
        if (!isSuccess && cut.status === 200 && !cut.text.includes('"error"'))
          odd.push(`cut at ${offset}: no error`);
        if (finishEnd !== undefined && isSuccess !== offset >= finishEnd)
          odd.push(`cut at ${offset} of ${finishEnd}: ${isSuccess ? 'whole' : 'not whole'}`);
      },
    );
    expect(odd.sort()).toEqual([]);
    expect(lastCut).toBeLessThan(firstWhole);
  },
  1_200_000,
);
