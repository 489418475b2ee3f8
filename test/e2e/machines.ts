import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { chat } from './gateway.ts';
import { startProcess } from './process.ts';

/** $10 a million of output tokens: 50 tokens are 500,000 nano-dollars. */
const NANO_PER_TOKEN = 10_000;
const MOST_TOKENS = 50;
export const BUDGET_NANO = 200_000_000;

export type SpendingProvider = ReturnType<typeof startProvider>;

/** Uses a random number of tokens for each answer, and adds them up. */
export function startProvider() {
  const spent = new Map<string, number>();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      if (request.method === 'GET') return Response.json({ object: 'list', data: [] });
      const { model } = (await request.json()) as { model: string };
      await Bun.sleep(5 + Math.random() * 30);
      const tokens = 1 + Math.floor(Math.random() * MOST_TOKENS);
      spent.set(model, (spent.get(model) ?? 0) + tokens * NANO_PER_TOKEN);
      return Response.json({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    spent: (model: string): number => spent.get(model) ?? 0,
    stop: (): void => void server.stop(true),
  };
}

export interface Answer {
  readonly status: number;
  readonly ms: number;
}

export interface MachinesOptions {
  readonly dbUrl: string;
  readonly provider: SpendingProvider;
  /** `shared_state`, as YAML. */
  readonly shared: string;
  readonly workers: number;
}

/** Three gateways on one database, with a budget for `mk-app` and 60 requests a day for `mk-day`. */
export class Machines {
  readonly nodes: DatabaseGateway[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'llm-proxy-machines-'));
  readonly #dbUrl: string;

  private constructor(dbUrl: string) {
    this.#dbUrl = dbUrl;
    mkdirSync(this.#folder, { recursive: true });
  }

  static async start({ dbUrl, provider, shared, workers }: MachinesOptions): Promise<Machines> {
    const machines = new Machines(dbUrl);
    const file = join(machines.#folder, 'config.yaml');
    writeFileSync(
      file,
      `providers: [{ name: p, api_base: "${provider.url}", api_key: sk-a }]
models: {}
workers: ${workers}
shared_state: ${shared}
prices: { models: { "p/*": { input: 0, output: 10 } } }
master_keys:
  - { name: app, key: mk-app, limits: [{ cost: ${BUDGET_NANO / 1e9}, per: month, hold: maximum }] }
  - { name: day, key: mk-day, limits: [{ requests: 60, per: day }] }
`,
    );
    const env = { DB_URL: dbUrl, ADMIN_KEY };
    const imported = startProcess(['import', file], { cwd: machines.#folder, env });
    if ((await imported.exited) !== 0) throw new Error('the configuration could not be imported');
    machines.nodes.push(...(await Promise.all(['a', 'b', 'c'].map((name) => machines.startNode(name)))));
    return machines;
  }

  startNode(name: string): Promise<DatabaseGateway> {
    const folder = join(this.#folder, name);
    return startDatabaseGateway({ dbUrl: this.#dbUrl, folder, env: { LLM_PROXY_DATA_DIR: folder } });
  }

  async ask(node: number, key: string, model: string): Promise<Answer> {
    const beganMs = performance.now();
    const response = await fetch(`${this.nodes[node]?.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(chat(model, { max_tokens: MOST_TOKENS })),
    });
    await response.text();
    return { status: response.status, ms: performance.now() - beganMs };
  }

  /** Asks every node from several clients until each client was refused several times in a row. */
  async useUp(key: string, model: string, isOver = (row: number): boolean => row >= 5): Promise<Answer[]> {
    const answers: Answer[] = [];
    const clients = this.nodes.flatMap((_, index) =>
      Array.from({ length: 6 }, async () => {
        for (let row = 0; !isOver(row);) {
          const answer = await this.ask(index, key, model).catch(() => ({ status: 0, ms: 0 }));
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
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
