import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { ask } from './exchange.ts';
import {
  chunkedHead,
  chunkOf,
  LAST_CHUNK,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-provider.ts';

let simulator: Simulator;
let google: ScriptedProvider;
let gateway: TestGateway;

const said = (text: string, more = ''): string =>
  `{"candidates":[{"content":{"parts":[{"text":"${text}"}]}${more}}],"modelVersion":"gemini-x"}`;

/** Streams that are lists, by the upstream's model. Only a whole one ends. */
const LISTS: Readonly<Record<string, string>> = {
  whole: `[${said('Hi')}\r\n,${said('you', ',"finishReason":"STOP"')}]`,
  early: `[${said('Hi')},\r\n${said('you')}]`,
  empty: '[\r\n]\r\n',
};

beforeAll(async () => {
  simulator = await startSimulator({ strict: true });
  google = await startScriptedProvider((request, socket) => {
    const list = LISTS[/models\/(\w+):stream/.exec(request)?.[1] ?? ''];
    if (list !== undefined) {
      socket.write(chunkedHead('application/json'));
      socket.write(chunkOf(Buffer.from(list)));
      if (list === LISTS['whole']) socket.write(LAST_CHUNK);
      return;
    }
    const body =
      '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}';
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });
  gateway = startGateway(`
master_keys: [{ name: some, key: sk-some, allowed_models: [m, own, whole, early, empty] }]
providers:
  - { name: up, provider_type: openai, apis: [chat, embeddings], api_base: "${simulator.url}/v1" }
  - { name: google, provider_type: gemini, api_base: "${google.url}", api_key: sk-google }
models:
  m: { routes: [{ provider: up, model: mock/ok }] }
  own: { routes: [{ provider: google, model: gemini-x }] }
  whole: { rewrite_response_model: true, routes: [{ provider: google, model: whole }] }
  early: { routes: [{ provider: google, model: early }] }
  empty: { routes: [{ provider: google, model: empty }, { provider: up, model: mock/ok, priority: 2 }] }
  other: { routes: [{ provider: up, model: mock/ok }] }`);
});
beforeEach(() => simulator.reset());
afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
  await google.stop();
});

const BODY = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const KEY = { 'x-goog-api-key': 'sk-some' };
const VERTEX = '/v1beta1/projects/p/locations/global/publishers/google/models';

test.each(['/v1beta/models', '/v1/models', VERTEX])('below %s', async (root) => {
  const answer = await gateway.post(`${root}/m:generateContent`, BODY, { headers: KEY });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ candidates: [{ finishReason: 'STOP' }] });
  const stream = await gateway.post(`${root}/m:streamGenerateContent?alt=sse&key=sk-some`, BODY);
  expect(stream.headers.get('content-type')).toStartWith('text/event-stream');
  expect(await stream.text()).toContain('"finishReason":"STOP"');
  const count = await gateway.post(`${root}/m:countTokens`, BODY, { headers: KEY });
  expect([count.headers.get('x-llm-proxy-estimated'), await count.json()]).toEqual([
    'true',
    { totalTokens: expect.any(Number) },
  ]);
  const vectors = await gateway.post(
    `${root}/m:embedContent`,
    { content: { parts: [{ text: 'Hi' }] } },
    { headers: KEY },
  );
  expect(await vectors.json()).toEqual({ embedding: { values: expect.any(Array) } });
});

test('a model in the path is one that the key must be allowed', async () => {
  const answer = await gateway.post('/v1beta/models/other:generateContent', BODY, { headers: KEY });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } });
});

test('at a provider of the same API the path gets the model of the route, and the body passes', async () => {
  const answer = await gateway.post('/v1beta/models/own:generateContent', BODY, { headers: KEY });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-llm-proxy-translation')).toBeNull();
  const request = google.requests.at(-1) ?? '';
  expect(request).toStartWith('POST /v1beta/models/gemini-x:generateContent HTTP/1.1');
  expect(request).toEndWith(JSON.stringify(BODY));
});

function streamOf(model: string): ReturnType<typeof ask> {
  return ask(gateway.url, { path: `/v1beta/models/${model}:streamGenerateContent` }, BODY, KEY);
}

test('a stream that is a list gets the name of the model in each element', async () => {
  const answer = streamOf('whole');
  expect([await answer.ended, answer.text()]).toEqual([
    'whole',
    (LISTS['whole'] ?? '').replaceAll('"gemini-x"', '"whole"'),
  ]);
});

test('a list that closes before the answer has ended is broken at once, and does not close for the client', async () => {
  const answer = streamOf('early');
  expect(await answer.ended).not.toBe('whole');
  const text = answer.text();
  expect(text).toStartWith(`[${said('Hi')},\r\n${said('you')},\r\n{"error":`);
  expect(text).not.toEndWith(']');
});

test('a list without an answer makes way for the next route at once', async () => {
  const answer = streamOf('empty');
  expect([await answer.ended, answer.status()]).toEqual(['whole', 200]);
  expect(answer.text()).toContain('"finishReason":"STOP"');
  expect(answer.header('x-llm-proxy-trail')).toContain('no-content');
});
