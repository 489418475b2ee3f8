import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chat, until } from './gateway.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import { startProcess, type TestProcess } from './process.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const CLIENT_KEY = 'mk-client-secret';

let folder: string;
let receiver: OtlpReceiver;
let seen: Headers[];
let provider: Bun.Server<undefined>;
let program: TestProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-traces-'));
  receiver = startOtlpReceiver();
  seen = [];
  provider = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer });
});

afterEach(async () => {
  program?.kill('SIGKILL');
  await program?.exited;
  program = undefined;
  await Promise.all([receiver.stop(), provider.stop(true)]);
  await rm(folder, { recursive: true });
});

/** Two providers in one: it fails under `/bad` and answers under `/good`. */
function answer(request: Request): Response {
  seen.push(request.headers);
  if (request.url.includes('/bad/')) return Response.json({ error: { message: 'no' } }, { status: 500 });
  return Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'up',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
}

/** Starts the program and returns its address. */
async function start(env: Record<string, string>): Promise<string> {
  const path = join(folder, 'config.yaml');
  await Bun.write(
    path,
    `
server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: team, key: ${CLIENT_KEY} }]
providers:
  - { name: bad, api_base: "http://127.0.0.1:${provider.port}/bad/v1", api_key: sk-provider-secret }
  - { name: good, api_base: "http://127.0.0.1:${provider.port}/good/v1", api_key: sk-provider-secret }
models:
  m:
    routes:
      - { provider: bad, model: up, priority: 1 }
      - { provider: good, model: up, priority: 2 }
fallback: { cooldown_seconds: 0 }`,
  );
  program = startProcess(['--config', path], { env });
  const [, url = ''] = await program.printed(/listening on (http:\S+)/);
  return url;
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}`, ...headers },
    body: JSON.stringify(chat('m')),
  });
}

/** Short batch delays, so that the test need not wait. */
function tracing(more: Record<string, string> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50', ...more };
}

test("a request and its attempts are spans in the client's trace, and each provider is told of its own", async () => {
  const url = await start(
    tracing({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-token=abc',
      OTEL_SERVICE_NAME: 'my-gateway',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    }),
  );
  const before = Date.now();
  const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
  const response = await ask(url, { traceparent, tracestate: 'vendor=1' });
  expect(response.status).toBe(200);
  await until(() => receiver.spans.length === 3);
  const [request, failed, answered] = receiver.spans;
  expect(request).toMatchObject({
    name: 'chat m',
    kind: 2,
    traceId: TRACE_ID,
    parentSpanId: PARENT_ID,
    traceState: 'vendor=1',
  });
  expect(request?.statusCode).not.toBe(2);
  expect(request?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'good',
    'gen_ai.request.model': 'm',
    'gen_ai.usage.input_tokens': 7,
    'gen_ai.usage.output_tokens': 3,
    'http.response.status_code': 200,
    'llm_proxy.ending': 'complete',
    'llm_proxy.request_id': response.headers.get('x-llm-proxy-request-id'),
  });
  expect(failed).toMatchObject({ name: 'chat up', kind: 3, parentSpanId: request!.spanId, statusCode: 2 });
  expect(failed?.attributes).toMatchObject({
    'gen_ai.provider.name': 'bad',
    'error.type': '500',
    'llm_proxy.attempt': 1,
    'llm_proxy.outcome': 'failed',
  });
  expect(answered).toMatchObject({ name: 'chat up', kind: 3, parentSpanId: request!.spanId });
  expect(answered?.attributes).toMatchObject({
    'gen_ai.provider.name': 'good',
    'llm_proxy.attempt': 2,
    'llm_proxy.outcome': 'answered',
  });
  expect(answered?.statusCode).not.toBe(2);
  expect(seen.map((headers) => [headers.get('traceparent'), headers.get('tracestate')])).toEqual(
    [failed, answered].map((span) => [`00-${TRACE_ID}-${span?.spanId}-01`, 'vendor=1']),
  );
  for (const { startMs, endMs } of receiver.spans) {
    expect(startMs).toBeGreaterThan(before - 1_000);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
    expect(endMs).toBeLessThan(Date.now() + 1_000);
  }
  expect(request?.resource).toMatchObject({
    'service.name': 'my-gateway',
    'deployment.environment.name': 'test',
  });
  expect(receiver.headers[0]?.get('x-token')).toBe('abc');
  expect(receiver.text()).not.toMatch(/secret|Hello|sk-|Hi"/);
});

test('a request that the client does not record is not exported, and its provider is told', async () => {
  const url = await start(tracing());
  await ask(url, { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` });
  await ask(url);
  await until(() => receiver.spans.length === 3);
  expect(receiver.spans.every(({ traceId }) => traceId !== TRACE_ID)).toBe(true);
  const flags = seen.map((headers) => headers.get('traceparent')?.slice(-2));
  expect(flags).toEqual(['00', '00', '01', '01']);
  expect(seen[0]?.get('traceparent')).toStartWith(`00-${TRACE_ID}-`);
});

test('SIGTERM sends what is left', async () => {
  const url = await start(tracing({ OTEL_BSP_SCHEDULE_DELAY: '60000' }));
  await ask(url);
  program?.kill('SIGTERM');
  expect(await program?.exited).toBe(0);
  expect(receiver.spans).toHaveLength(3);
});

test('a receiver that is not there costs no request anything, is said once, and does not hold up the end', async () => {
  await receiver.stop();
  const url = await start(tracing({ OTEL_EXPORTER_OTLP_TIMEOUT: '100' }));
  for (let count = 0; count < 20; count++) expect((await ask(url)).status).toBe(200);
  await program?.printed(/traces cannot be sent: /);
  expect((await ask(url)).status).toBe(200);
  program?.kill('SIGTERM');
  expect(await program?.exited).toBe(0);
  expect(program?.stderr().match(/traces cannot be sent/g)).toHaveLength(1);
});

test('a receiver that never answers does not hold up the end', async () => {
  const silent = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Promise<Response>(() => {}) });
  const url = await start(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${silent.port}` }));
  expect((await ask(url)).status).toBe(200);
  program?.kill('SIGTERM');
  expect(await program?.exited).toBe(0);
  await silent.stop(true);
});

describe('without an endpoint', () => {
  test("the client's own context passes through", async () => {
    const url = await start({});
    const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
    await ask(url, { traceparent, tracestate: 'vendor=1' });
    expect(seen.map((headers) => [headers.get('traceparent'), headers.get('tracestate')])).toEqual([
      [traceparent, 'vendor=1'],
      [traceparent, 'vendor=1'],
    ]);
  });

  test('none of the packages is loaded', async () => {
    expect(await loadedPackages({})).toEqual([]);
    // Otherwise this test could not fail.
    expect(await loadedPackages(tracing())).not.toEqual([]);
  });
});

/** The OpenTelemetry packages in memory once the program has loaded all its modules and started its traces. */
async function loadedPackages(env: Record<string, string>): Promise<string[]> {
  const source = join(import.meta.dir, '..', '..', 'src');
  const script = `
    await import(${JSON.stringify(join(source, 'cli', 'commands', 'serve', 'serve.ts'))});
    const { openTracing } = await import(${JSON.stringify(join(source, 'telemetry', 'traces', 'trace-open.ts'))});
    const { systemClock } = await import(${JSON.stringify(join(source, 'lib', 'system-clock.ts'))});
    const tracing = openTracing({ env: process.env, clock: systemClock, version: '1', complain: console.error });
    await tracing?.close();
    console.log(JSON.stringify(Object.keys(require.cache).filter((name) => name.includes('@opentelemetry'))));`;
  const path = join(folder, 'loaded.mjs');
  await Bun.write(path, script);
  const child = Bun.spawn([process.execPath, path], { env, stdout: 'pipe', stderr: 'inherit' });
  return JSON.parse(await new Response(child.stdout).text()) as string[];
}
