import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';

const KEY = { authorization: 'Bearer mk-health-key' };
let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator({ apiKey: 'sk-the-right-key' });
});
afterAll(() => simulator.stop());
afterEach(async () => {
  await gateway.stop();
  simulator.reset();
});

const config = (more = ''): string => `
providers:
  - { name: good, api_base: "${simulator.url}/v1", api_key: sk-the-right-key }
  - { name: wrong-key, api_base: "${simulator.url}/v1", api_key: sk-canary-wrong-key }
  - { name: gone, api_base: "http://127.0.0.1:9/secret-path", api_key: sk-canary-gone }
models:
  chat: { routes: [{ provider: good, model: mock/ok }] }
  sick: { routes: [{ provider: good, model: mock/503 }] }
  gone: { routes: [{ provider: gone, model: x, priority: 1 }, { provider: good, model: mock/ok, priority: 2 }] }
master_keys: [{ name: team, key: mk-health-key }]
${more}`;

interface Report {
  readonly status: string;
  readonly probe: string;
  readonly healthy: number;
  readonly total: number;
  readonly checked_at: string;
  readonly providers: readonly Record<string, unknown>[];
}

async function ask(search = '', headers: Record<string, string> = KEY): Promise<Report> {
  const response = await fetch(`${gateway.url}/health/detailed${search}`, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Report;
}

const named = (report: Report, name: string): Record<string, unknown> | undefined =>
  report.providers.find((provider) => provider['name'] === name);

test('every provider is tested by the list of its models, and told with what is wrong with it', async () => {
  gateway = startGateway(config());
  const report = await ask();
  expect(report).toMatchObject({ status: 'degraded', probe: 'models', healthy: 1, total: 3 });
  expect(named(report, 'good')).toMatchObject({ status: 'healthy', cooldown_seconds: 0, last_error: null });
  expect(named(report, 'good')?.['latency_ms']).toBeNumber();
  expect(named(report, 'wrong-key')).toMatchObject({ status: 'unhealthy', last_error: 'status 401' });
  expect(named(report, 'gone')).toMatchObject({ status: 'unhealthy', last_error: 'unreachable (refused)' });
  expect(simulator.attempts.map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(2).fill('GET /v1/models'),
  );
});

test('no address and no secret is told', async () => {
  gateway = startGateway(config());
  await (await gateway.post('/v1/chat/completions', chat('gone'), { headers: KEY })).text();
  const text = JSON.stringify(await ask());
  expect(text).not.toMatch(/canary|127\.0\.0\.1|http:|secret-path|sk-/);
});

test('a key is needed where there are any', async () => {
  gateway = startGateway(config());
  expect((await fetch(`${gateway.url}/health/detailed`)).status).toBe(401);
  expect((await fetch(`${gateway.url}/health/detailed`, { method: 'POST', headers: KEY })).status).toBe(405);
  expect(simulator.attempts).toHaveLength(0);
});

test('?probe=chat asks one token of each model, and a provider with one good model is healthy', async () => {
  gateway = startGateway(config());
  const report = await ask('?probe=chat');
  const good = named(report, 'good');
  expect(good).toMatchObject({
    status: 'healthy',
    models: [
      { model: 'mock/ok', status: 'healthy', error: null },
      { model: 'mock/503', status: 'unhealthy', error: 'status 503' },
    ],
  });
  const bodies = simulator.attempts.flatMap(({ body }) =>
    body === undefined ? [] : [new TextDecoder().decode(body)],
  );
  expect(bodies.filter((body) => body.includes('"max_tokens":1'))).not.toHaveLength(0);
});

test('many who ask at once, and again within ten seconds, cost the providers one test', async () => {
  gateway = startGateway(config());
  const reports = await Promise.all(Array.from({ length: 20 }, () => ask()));
  await ask();
  expect(simulator.attempts).toHaveLength(2);
  expect(new Set(reports.map((report) => report.checked_at)).size).toBe(1);
  gateway.reconfigure(config());
  await ask();
  expect(simulator.attempts).toHaveLength(4);
});

test('the results of requests are reported: the last error, and the rest of the cooldown', async () => {
  gateway = startGateway(config('fallback: { cooldown_seconds: 60 }'));
  await (await gateway.post('/v1/chat/completions', chat('gone'), { headers: KEY })).text();
  const gone = named(await ask(), 'gone');
  expect(gone?.['cooldown_seconds']).toBeGreaterThan(50);
  expect(gone?.['last_error_at']).toMatch(/^\d{4}-\d{2}-\d{2}T/);
});

test('a provider that says nothing is given up after probe_timeout, and the others do not wait behind it', async () => {
  let [open, mostOpen] = [0, 0];
  const silent = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: () => void (mostOpen = Math.max(mostOpen, ++open)),
      data: () => undefined,
      close: () => void open--,
    },
  });
  const providers = Array.from(
    { length: 16 },
    (_, index) => `{ name: p${index}, api_base: "http://127.0.0.1:${silent.port}" }`,
  );
  gateway = startGateway(`
providers: [${providers.join(', ')}]
health: { probe_timeout: 0.5 }`);
  const begin = performance.now();
  const report = await ask();
  expect(report.status).toBe('down');
  expect(report.providers.every((provider) => provider['last_error'] === 'no answer within 0.5 s')).toBe(
    true,
  );
  // Sixteen of them, eight at a time. The server may hear of the end of the first eight after the beginning of others.
  expect(performance.now() - begin).toBeGreaterThan(990);
  expect(mostOpen).toBeGreaterThanOrEqual(8);
  silent.stop(true);
});

test('with probe_interval the providers are tested without being asked for, and the metric says how they are', async () => {
  gateway = startGateway(config('health: { probe_interval: 0.5 }'));
  await until(() => gateway.events.filter((event) => event.type === 'provider-probed').length >= 6);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('llm_proxy_provider_health{provider="good"} 1\n');
  expect(metrics).toContain('llm_proxy_provider_health{provider="gone"} 0\n');
  expect(metrics).toMatch(/llm_proxy_probes_total\{provider="wrong-key",result="failed"\} [2-9]/);
});

test('a key with a list of models learns of these and their providers alone, and asks no model for a token', async () => {
  gateway = startGateway(
    config().replace(
      'master_keys: [',
      'master_keys: [{ name: narrow, key: mk-narrow, allowed_models: [chat], rate_limit: { requests_per_second: 1, burst_size: 2 } }, ',
    ),
  );
  const narrow = { authorization: 'Bearer mk-narrow' };
  const report = await ask('?probe=chat', narrow);
  expect(report).toMatchObject({ status: 'ok', probe: 'models', healthy: 1, total: 1 });
  expect(report.providers.map(({ name }) => name)).toEqual(['good']);
  expect(simulator.attempts.filter(({ method }) => method === 'POST')).toEqual([]);
  gateway.reconfigure(
    config('health: { probe: chat }').replace(
      'master_keys: [',
      'master_keys: [{ name: narrow, key: mk-narrow, allowed_models: [chat] }, ',
    ),
  );
  const models = named(await ask('', narrow), 'good')?.['models'] as { model: string }[];
  expect(models.map(({ model }) => model)).toEqual(['mock/ok']);
});

test('it counts against the rate limit of the key', async () => {
  gateway = startGateway(
    config().replace(
      'key: mk-health-key',
      'key: mk-health-key, rate_limit: { requests_per_second: 0.001, burst_size: 1 }',
    ),
  );
  const ask1 = () => fetch(`${gateway.url}/health/detailed`, { headers: KEY });
  expect([(await ask1()).status, (await ask1()).status]).toEqual([200, 429]);
});
