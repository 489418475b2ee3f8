import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMetricTable, dumpTable } from '../../src/telemetry/metrics/metric-table.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { eventually } from '../database/eventually.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';
import {
  asked,
  dashboardPanels,
  dashboardVariables,
  startPrometheus,
  type TestPrometheus,
} from './prometheus.ts';

const ROOT = join(import.meta.dir, '..', '..');
const prometheusProgram = Bun.which('prometheus');
const promtool = Bun.which('promtool');
if (prometheusProgram === null || promtool === null) {
  console.warn(
    'Prometheus is missing ("apt-get install prometheus" on Debian): dashboards and rules are not tested.',
  );
}

async function check(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn([promtool ?? 'promtool', ...args], {
    cwd: join(ROOT, 'deploy/prometheus'),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  return (await child.exited) === 0 ? 'fine' : output;
}

describe.skipIf(promtool === null)('promtool finds nothing wrong', () => {
  test('with the configuration', async () =>
    expect(await check('check', 'config', 'prometheus.yml')).toBe('fine'));
  test('with the rules', async () => expect(await check('check', 'rules', 'rules.yml')).toBe('fine'));
  test('with what the alerts say of made-up histories', async () => {
    expect(await check('test', 'rules', join(import.meta.dir, 'alerts.yml'))).toBe('fine');
  });
});

describe.skipIf(prometheusProgram === null)('with a real Prometheus and a gateway under load', () => {
  let simulator: Simulator;
  let gateway: TestGateway;
  let prometheus: TestPrometheus;

  beforeAll(async () => {
    simulator = await startSimulator();
    gateway = startGateway(`
providers:
  - { name: down, api_base: "http://127.0.0.1:9" }
  - { name: mock, api_base: "${simulator.url}" }
  - { name: dark, api_base: "${simulator.url}" }
  - { name: paid, api_base: "${simulator.url}" }
models:
  steady: { routes: [{ provider: mock, model: mock/ok }] }
  dark: { routes: [{ provider: dark, model: mock/ok }] }
  cached: { routes: [{ provider: paid, model: mock/ok }], cache: { ttl: 600 } }
  drip: { routes: [{ provider: mock, model: "mock/drip?bytes=600&ms=20" }] }
  falls: { routes: [{ provider: down, model: x, priority: 1 }, { provider: mock, model: mock/ok, priority: 2 }] }
  sick: { routes: [{ provider: mock, model: mock/503 }] }
  cut: { routes: [{ provider: mock, model: "mock/cut-rst?after=3" }] }
fallback: { cooldown_seconds: 1, alias_fallback: { sick: [steady] } }
prices: { models: { "mock/*": { free: true }, "paid/*": { input: 1, output: 1 } } }
spend: { journal: memory }
master_keys:
  - { name: team, key: mk-team }
  - { name: capped, key: mk-capped, limits: [{ tokens: 20k, per: day }, { cost: 1, per: day }] }
  - { name: limited, key: mk-limited, rate_limit: { requests_per_second: 0, burst_size: 0 } }`);
    prometheus = await startPrometheus(prometheusProgram ?? '', gateway.url);
    await load(9_000);
  }, 180_000);

  afterAll(async () => {
    await prometheus.stop();
    await gateway.stop();
    await simulator.stop();
  });

  /** Sends requests of every kind for long enough to see the metrics grow. */
  async function load(ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs) {
      await Promise.all([
        ask('steady'),
        ask('steady', { stream: true }),
        ask('drip', { stream: true }),
        ask('falls'),
        ask('sick'),
        ask('cut', { stream: true }),
        ask('unknown'),
        ask('steady', {}, 'mk-limited'),
        ask('steady', {}, 'mk-capped'),
        ask('dark'),
        ask('cached', { temperature: 0 }),
        ask('drip', { stream: true }, 'mk-team', AbortSignal.timeout(15)),
      ]);
      gateway.app.emit({ type: 'configuration-refused', problems: [] });
      gateway.app.emit({ type: 'alert-ended', state: 'sent', text: '' });
      gateway.app.emit({ type: 'configuration-accepted', version: 1, warnings: [] });
      await Bun.sleep(50);
    }
  }

  async function ask(model: string, more = {}, key = 'mk-team', signal?: AbortSignal): Promise<void> {
    const init = { headers: { authorization: `Bearer ${key}` }, ...(signal && { signal }) };
    await gateway
      .post('/v1/chat/completions', chat(model, more), init)
      .then((response) => response.text())
      .catch(() => '');
  }

  /** The queries of all panels that return no number. */
  async function emptyQueries(chosen: Readonly<Record<string, string>>): Promise<string[]> {
    const empty: string[] = [];
    for (const { title, expressions } of await dashboardPanels()) {
      for (const expression of expressions) {
        const result = await prometheus.query(asked(expression, chosen));
        const numbers = result.filter(({ value }) => Number.isFinite(Number(value[1])));
        if (numbers.length === 0) empty.push(`${title}: ${expression}`);
      }
    }
    return empty;
  }

  test('every query of every panel returns numbers', async () => {
    expect((await dashboardPanels()).length).toBeGreaterThan(25);
    expect(await emptyQueries({})).toEqual([]);
  });

  test('every variable has values to choose from, and every panel heeds those that it names', async () => {
    const variables = await dashboardVariables();
    expect(variables.map(({ name }) => name)).toEqual(['instance', 'model', 'provider', 'key']);
    for (const { metric, label } of variables) {
      expect((await prometheus.query(`count by (${label}) (${metric})`)).length).toBeGreaterThan(0);
    }
    const nobody = await emptyQueries(Object.fromEntries(variables.map(({ name }) => [name, 'nobody'])));
    const heedless = nobody.filter((query) => !/\$(?:instance|model|provider|key)\b/.test(query));
    expect(heedless).toEqual([]);
    const naming = (await dashboardPanels())
      .flatMap(({ expressions }) => expressions)
      .filter((expression) => /\$(?:instance|model|provider|key)\b/.test(expression));
    expect(nobody).toHaveLength(naming.length);
    expect(naming.length).toBeGreaterThan(35);
    // A user who picks one model, provider and key sees the requests of that choice.
    const some = { model: 'steady', provider: 'mock', key: 'team' };
    const [rate] = await prometheus.query(
      asked(
        'sum(llm_proxy_requests_total{model=~"$model", provider=~"$provider", api_key_name=~"$key"})',
        some,
      ),
    );
    expect(Number(rate?.value[1])).toBeGreaterThan(0);
  });

  test('every rule is evaluated without an error, and every recorded one has data', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    for (const { name, type, query } of rules) {
      const result = await prometheus.query(type === 'recording' ? name : query);
      if (type === 'recording') expect({ name, series: result.length > 0 }).toEqual({ name, series: true });
    }
  });

  test('every example query of the documentation is one', async () => {
    const page = await readFile(join(ROOT, 'docs/observability.md'), 'utf8');
    const examples = [...page.matchAll(/^\| `\w+` \|.*\| `(.+)` \|$/gm)].map(([, query = '']) => query);
    expect(examples.length).toBeGreaterThan(30);
    for (const query of examples) expect(await prometheus.query(query)).toBeArray();
  });

  test('every metric that a panel or a rule names is one of ours', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const ours = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
    // The metrics of database mode have no series here.
    const families = dumpTable(createMetricTable());
    const inDatabaseMode = families.filter(({ name }) =>
      /^llm_proxy_(?:store_|request_records_|journal_|lease_|limits_local$|nodes$)/.test(name),
    );
    for (const { name } of inDatabaseMode) ours.add(name);
    const expressions = [
      ...(await dashboardPanels()).flatMap(({ expressions }) => expressions),
      ...(await prometheus.rules()).map(({ query }) => query),
    ].flatMap((expression) =>
      [...expression.replaceAll(/\{[^}]*\}/g, '').matchAll(/\b(?:llm_proxy|gen_ai|process)_\w+/g)].map(
        ([name]) => name,
      ),
    );
    // The names of OpenTelemetry's labels begin like the names of its metrics.
    const names = expressions.filter((name) => !/^gen_ai_(?:token_type|operation_name)$/.test(name));
    expect(names.filter((name) => !ours.has(name) && !ours.has(name.replace(/_bucket$/, '')))).toEqual([]);
  });

  test('the counts in Prometheus match the requests', async () => {
    await eventually(async () => {
      const [total] = await prometheus.query('sum(llm_proxy_requests_total)');
      expect(Number(total?.value[1])).toBe(
        gateway.events.filter(({ type }) => type === 'request-ended').length,
      );
      const [active] = await prometheus.query('sum(llm_proxy_active_requests)');
      expect(active?.value[1]).toBe('0');
    });
  });
});

test('every metric, panel and alert has its place in the documentation', async () => {
  const page = await readFile(join(ROOT, 'docs/observability.md'), 'utf8');
  const rules = await readFile(join(ROOT, 'deploy/prometheus/rules.yml'), 'utf8');
  const table = await readFile(join(ROOT, 'src/telemetry/metrics/metric-table.ts'), 'utf8');
  const metrics = [...table.matchAll(/'((?:llm_proxy|gen_ai|process)_\w+)'/g)].map(([, name = '']) => name);
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
  const panels = (await dashboardPanels()).map(({ title }) => title);
  expect(metrics.length).toBeGreaterThan(35);
  const labels = /^gen_ai_(?:operation_name|provider_name|request_model|token_type)$/;
  const missing = [...metrics.filter((name) => !labels.test(name)), ...alerts, ...panels].filter(
    (name) => !page.includes(name),
  );
  expect(missing).toEqual([]);
});
