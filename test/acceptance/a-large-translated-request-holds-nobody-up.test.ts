import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createThreads } from '../../src/app/threads.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { CHAT, MESSAGES_API } from './apis.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';

const prober = new Worker(new URL('./health-prober.ts', import.meta.url).href);
let simulator: Simulator;
let gateway: TestGateway;
let big: BigProvider;

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  big = startBigProvider();
  gateway = startGateway(config());
  prober.postMessage({ url: gateway.url });
});
afterAll(async () => {
  prober.terminate();
  await gateway.stop();
  await big.stop();
  await simulator.stop();
});

const config = (): string => `
allow_unauthenticated: true
providers:
  - { name: up, provider_type: openai, apis: [chat], api_base: "${simulator.url}/v1" }
  - { name: big, provider_type: openai, apis: [chat, embeddings], api_base: "${big.url}/v1" }
  - { name: list, provider_type: gemini, api_key: k, api_base: "${big.url}" }
  - { name: own, provider_type: anthropic, api_key: k, api_base: "${big.url}" }
  - { name: cloud, provider_type: vertex, project: p, location: us-east5, api_key: k, api_base: "${big.url}" }
models:
  m: { routes: [{ provider: up, model: mock/ok }] }
  big: { routes: [{ provider: big, model: x }] }
  streamed: { routes: [{ provider: big, model: streamed }] }
  list: { routes: [{ provider: list, model: x }] }
  own: { routes: [{ provider: own, model: claude-sonnet-4-5 }] }
  claude: { routes: [{ provider: cloud, model: claude-sonnet-4-5 }] }`;

interface BigProvider {
  readonly url: string;
  /** The size of the last request's body. */
  readonly received: number;
  readonly stop: () => Promise<void>;
}

const FLOATS = 1_000_000;

/** Answers chats with 40 MB of text, embeddings with 20 MB of numbers, and Claude's requests briefly. */
function startBigProvider(): BigProvider {
  let received = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const body = await request.text();
      received = Buffer.byteLength(body);
      const size = /"(\d+) MB"/.exec(body);
      if (size !== null) return new Response(slices(oneEvent(Number(size[1]))), { headers: EVENT_STREAM });
      if (body.includes('"streamed"')) return new Response(pieces(), { headers: EVENT_STREAM });
      const { pathname } = new URL(request.url);
      if (pathname.endsWith(':streamGenerateContent'))
        return new Response(slices(LIST), { headers: EVENT_STREAM });
      if (pathname.endsWith('/embeddings')) return Response.json(vectors());
      return Response.json(pathname.endsWith('/completions') ? completion() : message());
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    get received() {
      return received;
    },
    stop: () => server.stop(true),
  };
}

const EVENT_STREAM = { 'content-type': 'text/event-stream' };
const PIECES = 15_000;

/** 30 MB of text in pieces of 2 KB. */
async function* pieces(): AsyncGenerator<string> {
  const piece = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: PROSE.slice(0, 2_000) } }] })}\n\n`;
  for (let count = 0; count < PIECES; count += 100) yield piece.repeat(100);
  yield 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
}

const oneEvent = (megabytes: number): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(megabytes * 2 ** 20) }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;

const CALL = {
  functionCall: { name: 'f', args: { list: Array.from({ length: 1_200_000 }, () => ({ b: 1 })) } },
};
const LIST = `data: ${JSON.stringify({ candidates: [{ content: { parts: [CALL] }, finishReason: 'STOP' }] })}\r\n\r\n`;

async function* slices(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 2 ** 20) {
    yield text.slice(at, at + 2 ** 20);
    await Bun.sleep(1);
  }
}

const completion = () => ({
  choices: [
    { index: 0, message: { role: 'assistant', content: PROSE.repeat(18_000) }, finish_reason: 'stop' },
  ],
});
const vectors = () => ({
  data: [{ index: 0, embedding: Array.from({ length: FLOATS }, (_, at) => (at + 1) / 1_234_567) }],
});
const message = () => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
});

/** The slowest answer of `/healthz` since the last look. */
function slowestMs(): Promise<number> {
  return new Promise((resolve) => {
    prober.addEventListener('message', ({ data }: MessageEvent<number>) => resolve(data), { once: true });
    prober.postMessage({});
  });
}

/** On a machine that does nothing else these take less than 100 ms at once; a test shares its machine. */
const MOST_MS = 2_000;

/** The threads that this process has started. */
const threads: string[] = [];
const { Worker: RealWorker } = globalThis;
class CountedWorker extends RealWorker {
  constructor(...given: ConstructorParameters<typeof RealWorker>) {
    super(...given);
    threads.push(String(given[0]));
  }
}

/** Runs `work` on a gateway that has no thread yet. Resolves with the names of the threads that it started. */
async function threadsOf(work: (url: string) => Promise<void>): Promise<string[]> {
  threads.length = 0;
  globalThis.Worker = CountedWorker;
  const fresh = startGateway(config(), undefined, undefined, createThreads());
  try {
    await work(fresh.url);
  } finally {
    globalThis.Worker = RealWorker;
    await fresh.stop();
  }
  return threads.map((url) => url.slice(url.lastIndexOf('/') + 1));
}

const PROSE = 'The quick brown fox "jumps" over the lazy dog.\n'.repeat(50);
const turnsOf = (megabytes: number) =>
  Array.from({ length: Math.ceil((megabytes * 1e6) / 2_500) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text: PROSE }],
  }));
const asked = (model: string, megabytes: number): string =>
  JSON.stringify(
    MESSAGES_API.body(model, { messages: [...turnsOf(megabytes), { role: 'user', content: 'Go on' }] }),
  );

const post = (url: string, body: string, path = MESSAGES_API.path): Promise<Response> =>
  fetch(url + path, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

test.each([0.9, 30, 50])(
  'a conversation of %p MB is translated in a thread',
  async (megabytes) => {
    await slowestMs();
    const started = await threadsOf(async (url) => {
      prober.postMessage({ url });
      const response = await post(url, asked('m', megabytes));
      expect(MESSAGES_API.textOf(await response.json())).not.toBe('');
      expect(await slowestMs()).toBeLessThan(MOST_MS);
    });
    expect(started).toContain('translation-worker.ts');
    expect(simulator.attempts.at(-1)?.path).toEndWith(CHAT.path);
  },
  60_000,
);

test('a body for a cloud that carries its API is put into its envelope in a thread', async () => {
  const started = await threadsOf(async (url) => {
    const body = asked('claude', 30);
    expect((await post(url, body)).status).toBe(200);
    // The envelope adds its version and cuts the model.
    expect(Math.abs(big.received - body.length)).toBeLessThan(200);
  });
  expect(started).toContain('translation-worker.ts');
}, 180_000);

test.each(['', 'stream'])(
  'an answer of 40 MB is translated in a thread: %s',
  async (stream) => {
    const started = await threadsOf(async (url) => {
      prober.postMessage({ url });
      const body = MESSAGES_API.body('big', stream === '' ? {} : { stream: true });
      const response = await post(url, JSON.stringify(body));
      const text = await response.text();
      expect(text.length).toBeGreaterThan(40e6);
      expect(text).toContain(stream === '' ? '"stop_reason":"end_turn"' : 'event: message_stop');
      expect(await slowestMs()).toBeLessThan(MOST_MS);
    });
    expect(started).toContain('translation-worker.ts');
  },
  60_000,
);

test('a streamed answer of 30 MB ends with events that repeat it, and holds nobody up', async () => {
  await slowestMs();
  const body = { model: 'streamed', input: 'Hello', stream: true };
  const response = await post(gateway.url, JSON.stringify(body), '/v1/responses');
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  expect(await slowestMs()).toBeLessThan(MOST_MS);
  const last = JSON.parse(events.at(-1)?.split('data: ')[1] ?? '') as {
    response: { output: { content: { text: string }[] }[]; status: string };
  };
  expect(last.response.status).toBe('completed');
  expect(last.response.output[0]?.content[0]?.text).toBe(PROSE.slice(0, 2_000).repeat(PIECES));
}, 180_000);

test('a stream of 30 MB is collected in a thread for a client that asked for none', async () => {
  const started = await threadsOf(async (url) => {
    const response = await post(url, JSON.stringify(MESSAGES_API.body('streamed', {})));
    expect(MESSAGES_API.textOf(await response.json())).toBe(PROSE.slice(0, 2_000).repeat(PIECES));
  });
  expect(started).toContain('translation-worker.ts');
}, 180_000);

test('one event of 10 MB is a whole stream, and one of 17 MB is none', async () => {
  const answers: string[] = [];
  for (const model of ['10 MB', '17 MB']) {
    const body = MESSAGES_API.body('streamed', {
      stream: true,
      messages: [{ role: 'user', content: model }],
    });
    answers.push(await (await post(gateway.url, JSON.stringify(body))).text());
  }
  expect(answers[0]).toContain('event: message_stop');
  expect(answers[0]?.length).toBeGreaterThan(10e6);
  // Translated slice by slice, although its last bytes arrive alone.
  expect(answers[0]?.match(/content_block_delta/g)?.length).toBeGreaterThan(50);
  expect(answers[1]).toContain('could not be translated');
}, 180_000);

test('an event of 9 MB of small values passes as it is in its own API, and is the whole answer', async () => {
  await slowestMs();
  const response = await post(
    gateway.url,
    JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] }),
    '/v1beta/models/list:streamGenerateContent?alt=sse',
  );
  expect([response.status, (await response.text()) === LIST]).toEqual([200, true]);
  expect(await slowestMs()).toBeLessThan(MOST_MS);
}, 60_000);

test('vectors of 20 MB are translated in a thread', async () => {
  const started = await threadsOf(async (url) => {
    const requests = [{ model: 'models/big', content: { parts: [{ text: 'Hello' }] } }];
    const response = await post(url, JSON.stringify({ requests }), '/v1beta/models/big:batchEmbedContents');
    expect(response.status).toBe(200);
    const { embeddings } = (await response.json()) as { embeddings: { values: number[] }[] };
    expect(embeddings[0]?.values).toHaveLength(FLOATS);
  });
  expect(started).toContain('translation-worker.ts');
}, 180_000);

test('small bodies start no thread', async () => {
  const started = await threadsOf(async (url) => {
    expect((await post(url, asked('m', 0.3))).status).toBe(200);
  });
  expect(started).not.toContain('translation-worker.ts');
});

test('a body of millions of values is refused before it is parsed', async () => {
  const body = `{"model":"m","max_tokens":9,"messages":[${'[],'.repeat(3_000_000)}[]]}`;
  await slowestMs();
  const response = await fetch(`${gateway.url}${MESSAGES_API.path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('million values')]);
  expect(await slowestMs()).toBeLessThan(MOST_MS);
}, 180_000);
