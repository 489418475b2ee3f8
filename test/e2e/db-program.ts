import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

export const ADMIN_KEY = '4f1c7a52-admin-9d0e3b86f7';

/** The program in database mode, with a client of its Admin API. */
export interface DatabaseGateway {
  readonly url: string;
  readonly program: TestProcess;
  /** Sends a read or a write to the Admin API. Throws with the answer unless it is a success. */
  readonly admin: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
  /** The status of a request for a model with a master key. */
  readonly ask: (key: string, model?: string) => Promise<number>;
}

export interface GatewayOptions {
  readonly dbUrl: string;
  /** The program's working directory, which also holds its last configuration. */
  readonly folder: string;
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** The address that it listens on. The default is that of this machine. */
  readonly host?: string;
  /** See `ProcessOptions`. */
  readonly launcher?: readonly string[] | undefined;
}

export function startDatabaseProgram(options: GatewayOptions): TestProcess {
  const { dbUrl, folder, env, args = [], host = '127.0.0.1', launcher } = options;
  mkdirSync(folder, { recursive: true });
  return startProcess(['--host', host, '--port', '0', ...args], {
    cwd: folder,
    launcher,
    env: { DB_URL: dbUrl, ADMIN_KEY, SNAPSHOT_FILE: join(folder, 'last-good'), ...env },
  });
}

export async function startDatabaseGateway(options: GatewayOptions): Promise<DatabaseGateway> {
  const program = startDatabaseProgram(options);
  const [, url = ''] = await program.printed(/listening on (http\S+)/).catch((error: unknown) => {
    program.kill('SIGKILL');
    throw error;
  });
  return {
    url,
    program,
    async admin(method, path, body) {
      const response = await fetch(`${url}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    async ask(key, model = 'any') {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify(chat(model)),
      });
      await response.text();
      return response.status;
    },
  };
}

/** Sends some hundred requests a second with one key, from several clients, until it is stopped. Returns every status. */
export function keepAsking(
  gateways: readonly DatabaseGateway[],
  key: string,
): { readonly stop: () => Promise<number[]> } {
  const statuses: number[] = [];
  const load = { isOver: false };
  const clients = gateways.flatMap((gateway) =>
    Array.from({ length: 3 }, async () => {
      while (!load.isOver) {
        statuses.push(await gateway.ask(key).catch(() => 0));
        await Bun.sleep(4);
      }
    }),
  );
  return {
    async stop() {
      load.isOver = true;
      await Promise.all(clients);
      return statuses;
    },
  };
}

/** Milliseconds until a condition holds. It is checked every few milliseconds. */
export async function timeUntil(condition: () => Promise<boolean>, limitMs = 60_000): Promise<number> {
  const startedAtMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAtMs > limitMs) throw new Error(`not so after ${limitMs} ms`);
    await Bun.sleep(5);
  }
  return Math.round(performance.now() - startedAtMs);
}
