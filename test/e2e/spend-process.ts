import { Database } from 'bun:sqlite';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, type TestProcess } from './process.ts';

export const KEY = 'lp-0123456789abcdef0123456789abcdef';
export const ADMIN_KEY = 'admin-key-0123456789abcdef0123456789';

/** A provider that counts what it was asked and what it has answered. Each answer costs $0.0011. */
export function startProvider(latencyMs: () => number) {
  let asked = 0;
  let answered = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch() {
      asked += 1;
      await Bun.sleep(latencyMs());
      answered += 1;
      return Response.json({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'up',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    asked: () => asked,
    answered: () => answered,
    stop: (): void => void server.stop(true),
  };
}

/** The cost of one answer in nano-dollars. */
export const COST = 1_100_000;

export interface Standing {
  readonly counter: string;
  readonly used: number;
  readonly held: number;
}

export interface SpendFolder {
  readonly path: string;
  readonly port: number;
  /** Starts the program; resolves when it listens. */
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<TestProcess>;
  readonly ask: () => Promise<number>;
  /** Calls the Admin API; with a body by POST. */
  readonly admin: (path: string, body?: unknown) => Promise<Response>;
  /** How the limits stand. */
  readonly limits: () => Promise<readonly Standing[]>;
}

export interface SpendConfig {
  readonly provider: string;
  readonly limits: string;
  readonly workers?: number;
  /** Further sections. */
  readonly more?: string;
}

/** A folder with a configuration, as a user has it. */
export function spendFolder({ provider, limits, workers = 1, more = '' }: SpendConfig): SpendFolder {
  const path = mkdtempSync(join(tmpdir(), 'llm-proxy-spend-'));
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = probe.port ?? 0;
  void probe.stop(true);
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(path, 'config.yaml'),
    `server: {host: 127.0.0.1, port: ${port}}
workers: ${workers}
providers: [{name: p, api_base: "${provider}", api_key: sk-test-0123456789}]
models: {fast: {routes: [{provider: p, model: up}]}}
prices: {models: {"p/up": {input: 10, output: 100, tiers: {batch: {input: 5, output: 50}}}}}
master_keys: [{name: app, key: ${KEY}, limits: ${limits}}]
${more}`,
  );
  const admin = (at: string, body?: unknown): Promise<Response> =>
    fetch(`${url}/admin/v1${at}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    path,
    port,
    admin,
    async start(env) {
      const program = startProcess([], { cwd: path, env: { ADMIN_KEY, ...env } });
      let end: number | undefined;
      void program.exited.then((code) => (end = code));
      for (;;) {
        if (end !== undefined) throw new Error(`ended with ${end}: ${program.stderr()}${program.stdout()}`);
        // Workers answer before the supervisor listens to signals.
        if (program.stdout().includes('started, listening')) return program;
        await Bun.sleep(20);
      }
    },
    async ask() {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'fast',
          max_tokens: 20,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
      });
      await response.arrayBuffer();
      return response.status;
    },
    limits: async () => ((await (await admin('/limits')).json()) as { limits: Standing[] }).limits,
  };
}

export interface LedgerSums {
  readonly rows: number;
  readonly ids: number;
  readonly complete: number;
  readonly rowCost: number;
  readonly quarterCost: number;
  readonly requests: number;
  readonly used: number;
}

/** The sums in the ledger of file mode. */
export function ledgerSums(folder: string, counter = 'key:app/cost/month'): LedgerSums {
  const database = new Database(join(folder, '.llm-proxy', 'spend.db'), { readonly: true });
  const one = (text: string): number => database.query<{ n: number | null }, []>(text).get()?.n ?? 0;
  try {
    return {
      rows: one(`select count(*) as n from request_records where ending <> 'refused'`),
      ids: one(`select count(distinct request_id) as n from request_records where ending <> 'refused'`),
      complete: one(`select count(*) as n from request_records where ending = 'complete'`),
      rowCost: one('select sum(cost_nano) as n from request_records'),
      quarterCost: one('select sum(cost) as n from spend_quarters'),
      requests: one('select sum(requests - refused) as n from spend_quarters'),
      used: one(`select sum(used) as n from counter_windows where counter = '${counter}'`),
    };
  } finally {
    database.close();
  }
}

/** The processes that the program has started. */
export async function workersOf(program: TestProcess): Promise<number[]> {
  const text = await Bun.file(`/proc/${program.pid}/task/${program.pid}/children`).text();
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}
