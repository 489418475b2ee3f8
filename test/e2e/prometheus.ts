import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './gateway.ts';

const DEPLOY = join(import.meta.dir, '..', '..', 'deploy');

/** A real Prometheus that scrapes one gateway and loads the shipped rules. */
export interface TestPrometheus {
  /** The current result of an expression. Rejects with Prometheus's message if the expression is invalid. */
  readonly query: (expression: string) => Promise<readonly Sample[]>;
  /** The same over a period, in seconds since 1970. */
  readonly range: (
    expression: string,
    time: { readonly start: number; readonly end: number; readonly step: number },
  ) => Promise<readonly SampleRange[]>;
  readonly rules: () => Promise<readonly Rule[]>;
  readonly stop: () => Promise<void>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [timestamp: number, value: string];
}

export interface SampleRange {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [timestamp: number, value: string])[];
}

export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  readonly lastError?: string;
}

/** Starts it on a free port with the shipped configuration. Only the address and the interval of the scrapes are replaced. */
export async function startPrometheus(
  program: string,
  gatewayUrl: string,
  interval = '500ms',
): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-prometheus-'));
  const shipped = await readFile(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8');
  const config = shipped
    .replaceAll('15s', interval)
    .replace('rules.yml', join(DEPLOY, 'prometheus/rules.yml'))
    .replace('llm-proxy:18000', new URL(gatewayUrl).host);
  await writeFile(join(folder, 'prometheus.yml'), config);
  const port = freePort();
  const child = Bun.spawn(
    [
      program,
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdout: 'ignore', stderr: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  let isReady = false;
  const ask = setInterval(() => {
    void fetch(`${url}/-/ready`).then(
      ({ ok }) => (isReady ||= ok),
      () => false,
    );
  }, 50);
  await until(() => isReady).finally(() => clearInterval(ask));
  return {
    query: async (expression) => {
      const { result } = await api<{ result: Sample[] }>(
        `${url}/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result;
    },
    range: async (expression, { start, end, step }) => {
      const time = `start=${start}&end=${end}&step=${step}`;
      const { result } = await api<{ result: SampleRange[] }>(
        `${url}/api/v1/query_range?${time}&query=${encodeURIComponent(expression)}`,
      );
      return result;
    },
    rules: async () => {
      const { groups } = await api<{ groups: { rules: Rule[] }[] }>(`${url}/api/v1/rules`);
      return groups.flatMap(({ rules }) => rules);
    },
    stop: async () => {
      child.kill();
      await child.exited;
      await rm(folder, { recursive: true });
    },
  };
}

interface ApiAnswer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

async function api<T>(url: string): Promise<T> {
  const answer = (await (await fetch(url)).json()) as ApiAnswer<T>;
  if (answer.status !== 'success') throw new Error(`${answer.error}: ${url}`);
  return answer.data;
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

export interface Panel {
  readonly title: string;
  readonly expressions: readonly string[];
}

/** A variable of the dashboard that lists the values of a label. */
export interface Variable {
  readonly name: string;
  readonly metric: string;
  readonly label: string;
}

/** The panels of the shipped dashboard that show data, with their queries. */
export async function dashboardPanels(): Promise<readonly Panel[]> {
  const { panels } = await dashboard();
  return panels
    .filter(({ type }) => type !== 'row')
    .map(({ title, targets = [] }) => ({ title, expressions: targets.map(({ expr }) => expr) }));
}

/** The dashboard's variables, except the one that names the data source. */
export async function dashboardVariables(): Promise<readonly Variable[]> {
  const { templating } = await dashboard();
  return templating.list.flatMap(({ name, definition = '' }) => {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    return metric === undefined || label === undefined ? [] : [{ name, metric, label }];
  });
}

/** An expression of the dashboard as Grafana would send it, with these values of its variables, or all values by default. */
export function asked(expression: string, chosen: Readonly<Record<string, string>> = {}): string {
  return expression
    .replaceAll('$__rate_interval', '6s')
    .replaceAll('$__range', '1m')
    .replaceAll(/\$(\w+)/g, (_, name: string) => chosen[name] ?? '.*');
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

async function dashboard(): Promise<Dashboard> {
  return JSON.parse(await readFile(join(DEPLOY, 'grafana/dashboards/llm-proxy.json'), 'utf8')) as Dashboard;
}
