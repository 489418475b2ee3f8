import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

const KEY = { authorization: 'Bearer mk-metrics-key' };
let simulator: Simulator;
let gateway: TestGateway;

const config = (more = ''): string => `
providers:
  - { name: down, api_base: "http://127.0.0.1:9", api_key: sk-canary-of-down }
  - { name: mock, api_base: "${simulator.url}", api_key: sk-canary-of-mock }
models:
  steady: { routes: [{ provider: mock, model: mock/ok }] }
  falls: { routes: [{ provider: down, model: x, priority: 1 }, { provider: mock, model: mock/ok, priority: 2 }] }
  slow: { routes: [{ provider: mock, model: "mock/drip?bytes=200&ms=50" }] }
  cut: { routes: [{ provider: mock, model: "mock/cut-rst?after=3" }] }
master_keys:
  - { name: team, key: mk-metrics-key }
  - { name: limited, key: mk-limited-key, rate_limit: { requests_per_second: 0, burst_size: 0 } }
${more}`;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
beforeEach(() => {
  gateway = startGateway(config());
});
afterEach(() => gateway.stop());

async function scrape(url = gateway.url, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

/** The sum of all series of a metric whose labels hold all of these. */
function total(text: string, name: string, labels: Record<string, string> = {}): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('requests, answers and usage are counted correctly', async () => {
  await (await gateway.post('/v1/chat/completions', chat('steady'), { headers: KEY })).text();
  await (
    await gateway.post('/v1/chat/completions', chat('steady', { stream: true }), { headers: KEY })
  ).text();
  await (await gateway.post('/v1/chat/completions', chat('falls'), { headers: KEY })).text();
  await gateway.ended(3);
  const text = await scrape();
  const steady = { method: 'POST', endpoint: '/v1/chat/completions', model: 'steady', provider: 'mock' };
  expect(
    total(text, 'llm_proxy_requests_total', { ...steady, status_code: '200', api_key_name: 'team' }),
  ).toBe(2);
  expect(total(text, 'llm_proxy_requests_total')).toBe(3);
  expect(total(text, 'llm_proxy_active_requests')).toBe(0);
  expect(total(text, 'llm_proxy_ttft_seconds_count')).toBe(1);
  const used = gateway.events.reduce(
    (sum, event) => sum + (event.type === 'request-ended' ? (event.usage?.outputTokens ?? 0) : 0),
    0,
  );
  expect(used).toBeGreaterThan(0);
  expect(total(text, 'llm_proxy_tokens_total', { token_type: 'completion' })).toBe(used);
  expect(total(text, 'llm_proxy_fallbacks_total', { from: 'down', to: 'mock', level: 'L1' })).toBe(1);
  expect(total(text, 'llm_proxy_provider_health', { provider: 'mock' })).toBe(1);
  expect(total(text, 'llm_proxy_provider_health', { provider: 'down' })).toBe(0);
});

test('a request in flight is active, and is not when its client has left', async () => {
  const leaving = new AbortController();
  const response = await gateway.post('/v1/chat/completions', chat('slow', { stream: true }), {
    headers: KEY,
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  expect(total(await scrape(), 'llm_proxy_active_requests', { endpoint: '/v1/chat/completions' })).toBe(1);
  leaving.abort();
  await gateway.ended();
  const text = await scrape();
  expect(total(text, 'llm_proxy_active_requests')).toBe(0);
  expect(total(text, 'llm_proxy_client_disconnects_total')).toBe(1);
});

test('a stream that is cut is counted as truncated, and as no answered request', async () => {
  const response = await gateway.post('/v1/chat/completions', chat('cut', { stream: true }), {
    headers: KEY,
  });
  await response.text().catch(() => '');
  await gateway.ended();
  const text = await scrape();
  expect(total(text, 'llm_proxy_truncated_streams_total', { provider: 'mock' })).toBe(1);
  expect(total(text, 'llm_proxy_request_endings_total', { ending: 'complete' })).toBe(0);
});

test('reading the metrics is no request', async () => {
  for (let time = 0; time < 5; time++) await scrape();
  const text = await scrape();
  expect(total(text, 'llm_proxy_requests_total')).toBe(0);
  expect(total(text, 'llm_proxy_active_requests')).toBe(0);
});

test('no secret is in the metrics, whatever was asked', async () => {
  await gateway.post('/v1/chat/completions', chat('sk-canary-model'), { headers: KEY });
  await gateway.post('/v1/sk-canary-path', chat('steady'), { headers: KEY });
  await gateway.post('/v1/chat/completions', chat('steady'), {
    headers: { authorization: 'Bearer sk-canary-key' },
  });
  await gateway.ended(3);
  const text = await scrape();
  expect(text).not.toContain('canary');
  expect(text).not.toContain('mk-');
});

test('junk models, paths, methods, keys and user agents make no series, and every one is counted', async () => {
  const before = (await scrape()).split('\n').length;
  const count = 100_000;
  await flood(count);
  await gateway.ended(count);
  const text = await scrape();
  expect(total(text, 'llm_proxy_requests_total')).toBe(count);
  expect(total(text, 'llm_proxy_active_requests')).toBe(0);
  expect(text.split('\n').length - before).toBeLessThan(250);
  expect(text).not.toMatch(/junk|PROPFIND/);
}, 180_000);

/** Unrelated requests over a few connections, with many in flight at a time. */
async function flood(count: number): Promise<void> {
  const { port } = gateway.app.server;
  const connections = 8;
  await Promise.all(
    Array.from({ length: connections }, (_, index) => floodOne(port, index, count / connections)),
  );
}

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'PURGE'];

function floodOne(port: number, seed: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let sent = 0;
    let answered = 0;
    const send = (): void => {
      const id = `junk-${seed}-${sent}`;
      const key = sent % 3 === 0 ? id : 'mk-metrics-key';
      const path = sent % 2 === 0 ? '/v1/chat/completions' : `/v1/${id}/${sent}`;
      const body = JSON.stringify({ model: id });
      socket.write(
        `${METHODS[sent % METHODS.length]} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n` +
          `User-Agent: ${id}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      sent += 1;
    };
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf('HTTP/1.1 '); at !== -1; at = chunk.indexOf('HTTP/1.1 ', at + 9)) {
        answered += 1;
        if (sent < count) send();
      }
      if (answered >= count) {
        socket.destroy();
        resolve();
      }
    });
    socket.on('error', reject);
    socket.on('connect', send);
  });
}

test('names that a pattern serves share the series of the pattern', async () => {
  gateway.reconfigure(`
providers: [{ name: mock, api_base: "${simulator.url}", model_mapping: { "mock/*": "*" } }]
allow_unauthenticated: true`);
  for (let index = 0; index < 20; index++) {
    await (await gateway.post('/v1/chat/completions', chat(`mock/ok-${index}`))).text();
  }
  await gateway.ended(20);
  const text = await scrape();
  expect(total(text, 'llm_proxy_requests_total', { model: 'mock/*' })).toBe(20);
  expect(text).not.toContain('mock/ok');
});

test('with a token the metrics are for those who have it', async () => {
  gateway.reconfigure(config('metrics: { token: a-token-for-metrics }'));
  const status = async (authorization: string): Promise<number> =>
    (await fetch(`${gateway.url}/metrics`, { headers: { authorization } })).status;
  expect(await status('')).toBe(401);
  expect(await status('Bearer mk-metrics-key')).toBe(401);
  expect(await status('Bearer a-token-for-metrics')).toBe(200);
});

test('with a port of their own the metrics are there and not on the main one', async () => {
  const own = startGateway(config('metrics: { port: 0, token: a-token-for-metrics }'));
  try {
    const { url } = own.app.metricsServer!;
    expect((await fetch(`${own.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/v1/models`)).status).toBe(404);
    expect(await scrape(url, { authorization: 'Bearer a-token-for-metrics' })).toContain(
      'llm_proxy_build_info',
    );
  } finally {
    await own.stop();
  }
});

test('a port that is taken is named as the one of the metrics', () => {
  const other = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  expect(() => startGateway(config(`metrics: { port: ${other.port} }`))).toThrow(
    `metrics.port ${other.port}`,
  );
  other.stop(true);
});

test('a limited key is counted by its name', async () => {
  await gateway.post('/v1/chat/completions', chat('steady'), {
    headers: { authorization: 'Bearer mk-limited-key' },
  });
  await gateway.ended();
  expect(total(await scrape(), 'llm_proxy_rate_limited_total', { api_key_name: 'limited' })).toBe(1);
});

test('the metrics are what promtool takes for well-formed', async () => {
  const promtool = Bun.which('promtool');
  if (promtool === null) return console.warn('promtool is missing (Debian package prometheus): not checked');
  await (
    await gateway.post('/v1/chat/completions', chat('falls', { stream: true }), { headers: KEY })
  ).text();
  await gateway.ended();
  const text = await scrape();
  const child = Bun.spawn([promtool, 'check', 'metrics'], {
    stdin: new Blob([text]),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  expect(output).toBe('');
  expect(await child.exited).toBe(0);
});
