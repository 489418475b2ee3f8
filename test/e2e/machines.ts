import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY, type DatabaseGateway, type GatewayOptions, startDatabaseGateway } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

/** $10 a million of output tokens: 50 tokens are 500,000 nano-dollars. */
const NANO_PER_TOKEN = 10_000;
const MOST_TOKENS = 50;
export const BUDGET_NANO = 200_000_000;
/** The mean cost of an answer. */
export const MEAN_NANO = (NANO_PER_TOKEN * (1 + MOST_TOKENS)) / 2;

/** Limits under a day, by key. */
const RATES = {
  'mk-minute': 'limits: [{ requests: 60, per: minute }]',
  'mk-tokens': 'limits: [{ tokens: 2000, per: minute, burst: 2000 }]',
  'mk-slots': 'limits: [{ concurrent: 7 }]',
  'mk-hour': 'limits: [{ requests: 40, per: hour }]',
  'mk-warn': 'limits: [{ requests: 30, per: day, on_exceed: warn, alert_at: [100] }]',
  'mk-rate': 'rate_limit: { requests_per_second: 0.5, burst_size: 30 }',
  'mk-fast': 'rate_limit: { requests_per_second: 100, burst_size: 150 }',
};

export type SpendingProvider = ReturnType<typeof startProvider>;

/** Uses a random number of tokens for each answer, and adds them up. `host`: the address at which gateways reach it. */
export function startProvider(host = '127.0.0.1') {
  const spent = new Map<string, number>();
  const underWay = new Map<string, number>();
  const mostUnderWay = new Map<string, number>();
  const startedMs = new Map<string, number[]>();
  const server = Bun.serve({
    port: 0,
    hostname: host,
    async fetch(request) {
      if (request.method === 'GET') return Response.json({ object: 'list', data: [] });
      const { model } = (await request.json()) as { model: string };
      mostUnderWay.set(model, Math.max(mostUnderWay.get(model) ?? 0, (underWay.get(model) ?? 0) + 1));
      underWay.set(model, (underWay.get(model) ?? 0) + 1);
      const beganMs = performance.now();
      const starts = startedMs.get(model) ?? [];
      startedMs.set(model, starts);
      starts.push(beganMs);
      await Bun.sleep(5 + Math.random() * 30);
      underWay.set(model, (underWay.get(model) ?? 0) - 1);
      const tokens = 1 + Math.floor(Math.random() * MOST_TOKENS);
      spent.set(model, (spent.get(model) ?? 0) + tokens * NANO_PER_TOKEN);
      return Response.json({
        id: 'chatcmpl-1',
        system_fingerprint: `took ${performance.now() - beganMs} ms`,
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens },
      });
    },
  });
  return {
    url: `http://${host}:${server.port}/v1`,
    spent: (model: string): number => spent.get(model) ?? 0,
    /** The most requests that were under way at a moment. */
    mostUnderWay: (model: string): number => mostUnderWay.get(model) ?? 0,
    /** When each request came. */
    startedMs: (model: string): readonly number[] => startedMs.get(model) ?? [],
    stop: (): void => void server.stop(true),
  };
}

export interface Answer {
  readonly status: number;
  readonly ms: number;
  /** How much of it was not the provider's. */
  readonly addedMs: number;
  /** The fields that tell what is left. */
  readonly headers: Headers;
}

/** The connection failed. */
export const NO_ANSWER: Answer = { status: 0, ms: 0, addedMs: 0, headers: new Headers() };

export interface MachinesOptions {
  readonly dbUrl: string;
  readonly provider: SpendingProvider;
  /** `shared_state`, as YAML. */
  readonly shared: string;
  readonly workers: number;
  readonly budgetNano?: number;
  /** Called before each machine is started, one after the other; undefined: all are started at once. */
  readonly onStart?: (machine: number) => void;
  /** How each machine is started; undefined: as any process. */
  readonly placeOf?: (machine: number) => Pick<GatewayOptions, 'host' | 'launcher' | 'env'>;
  /** The period of the budgets. The default is `month`. */
  readonly per?: string;
}

const NAMES = ['a', 'b', 'c'];

/**
 * Three gateways on one database: a budget for `mk-app` and another for `mk-other`, 60 requests a day for `mk-day`, none for `mk-free`, and for other keys the
 * limits of `RATES`.
 */
export class Machines {
  readonly nodes: DatabaseGateway[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'llm-proxy-machines-'));
  readonly dbUrl: string;
  readonly #placeOf: MachinesOptions['placeOf'];

  private constructor({ dbUrl, placeOf }: MachinesOptions) {
    this.dbUrl = dbUrl;
    this.#placeOf = placeOf;
    mkdirSync(this.folder, { recursive: true });
  }

  static async start(options: MachinesOptions): Promise<Machines> {
    const { dbUrl, provider, shared, workers, budgetNano = BUDGET_NANO, per = 'month', onStart } = options;
    const machines = new Machines(options);
    const file = join(machines.folder, 'config.yaml');
    writeFileSync(
      file,
      `providers: [{ name: p, api_base: "${provider.url}", api_key: sk-a }]
models: {}
workers: ${workers}
shared_state: ${shared}
prices: { models: { "p/*": { input: 0, output: 10 } } }
master_keys:
${['app', 'other']
  .map(
    (name) =>
      `  - { name: ${name}, key: mk-${name}, limits: [{ cost: ${budgetNano / 1e9}, per: ${per}, hold: maximum }] }`,
  )
  .join('\n')}
  - { name: day, key: mk-day, limits: [{ requests: 60, per: day }] }
  - { name: free, key: mk-free }
${Object.entries(RATES)
  .map(([key, limits]) => `  - { name: ${key.slice(3)}, key: ${key}, ${limits} }`)
  .join('\n')}
`,
    );
    const env = { DB_URL: dbUrl, ADMIN_KEY };
    const imported = startProcess(['import', file], { cwd: machines.folder, env });
    if ((await imported.exited) !== 0) throw new Error('the configuration could not be imported');
    if (onStart === undefined) {
      machines.nodes.push(...(await Promise.all(NAMES.map((name) => machines.startNode(name)))));
      return machines;
    }
    for (const [index, name] of NAMES.entries()) {
      onStart(index);
      machines.nodes.push(await machines.startNode(name));
    }
    return machines;
  }

  startNode(name: string): Promise<DatabaseGateway> {
    const folder = join(this.folder, name);
    const { env, ...place } = this.#placeOf?.(NAMES.indexOf(name)) ?? {};
    return startDatabaseGateway({
      dbUrl: this.dbUrl,
      folder,
      ...place,
      env: { LLM_PROXY_DATA_DIR: folder, ...env },
    });
  }

  async ask(node: number, key: string, model: string): Promise<Answer> {
    const beganMs = performance.now();
    const response = await fetch(`${this.nodes[node]?.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(chat(model, { max_tokens: MOST_TOKENS })),
    });
    const [, took = 0] = /took ([\d.]+) ms/.exec(await response.text()) ?? [];
    const ms = performance.now() - beganMs;
    return { status: response.status, ms, addedMs: ms - Number(took), headers: response.headers };
  }

  /** Asks every node from several clients until each client was refused several times in a row. */
  async useUp(key: string, model: string, isOver = (row: number): boolean => row >= 5): Promise<Answer[]> {
    const answers: Answer[] = [];
    const clients = this.nodes.flatMap((_, index) =>
      Array.from({ length: 6 }, async () => {
        for (let row = 0; !isOver(row);) {
          const answer = await this.ask(index, key, model).catch(() => NO_ANSWER);
          answers.push(answer);
          row = answer.status === 429 ? row + 1 : 0;
          if (answer.status !== 200) await Bun.sleep(30);
        }
      }),
    );
    await Promise.all(clients);
    return answers;
  }

  async stop(): Promise<void> {
    for (const { program } of this.nodes) program.kill('SIGKILL');
    await Promise.all(this.nodes.map(({ program }) => program.exited));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
