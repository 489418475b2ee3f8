import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { SQL } from 'bun';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { startProcess } from './process.ts';
import { until } from './gateway.ts';

/** One secret for each field that takes one. */
const SECRETS = {
  apiKey: 'sk-canary-api-key-4d1f0a',
  formerApiKey: 'sk-canary-former-9c2b7e',
  header: 'canary-header-51ab3d',
  proxyPassword: 'canary-proxy-e7f2c9',
  awsKey: 'canary-aws-secret-1b90c4',
  awsSession: 'canary-aws-session-c7713f',
  serviceAccount: 'canaryServiceAccount5e21d8',
  accessToken: 'ya29.canary-access-94ffab',
  metricsToken: 'canary-metrics-08d4b1',
  masterKey: 'mk-canary-master-6a6e03',
  rotatedKey: 'mk-canary-rotated-b39c55',
  admin: ADMIN_KEY,
  secretKey: 'canary-secret-key-7781ee',
};

/** The forms in which a secret might be written. */
function spellings(secret: string): string[] {
  const inBase64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, inBase64, encodeURIComponent(secret), Buffer.from(secret).toString('hex')];
}

let postgres: TestDatabaseServer;
let simulator: Simulator;
let folder: string;
let gateway: DatabaseGateway | undefined;

beforeAll(async () => {
  postgres = await sharePostgres();
  simulator = await startSimulator();
});
afterAll(async () => {
  await postgres.stop();
  await simulator.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-secrets-'));
});
afterEach(async () => {
  gateway?.program.kill('SIGKILL');
  await gateway?.program.exited;
  await rm(folder, { recursive: true, force: true });
});

/** Everything that PostgreSQL would dump, from every table. */
async function dumpPostgres(url: string): Promise<string> {
  const sql = new SQL(url, { max: 1 });
  const tables: { name: string }[] =
    await sql`select tablename as name from pg_tables where schemaname = 'public'`;
  expect(tables.length).toBeGreaterThan(6);
  const rows = [];
  for (const { name } of tables) rows.push(...(await sql`select * from ${sql(name)}`));
  await sql.close();
  return JSON.stringify(rows);
}

/** Every byte of every file below a folder. */
async function readFolder(path: string): Promise<string> {
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return (
    await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))
  ).join('\n');
}

describe.each(['postgres', 'sqlite'])('a database in %s', (engine) => {
  test('holds no secret, nor does any file, log line, metric or answer', async () => {
    const dbUrl = engine === 'postgres' ? await postgres.newDatabase() : `sqlite://${folder}/proxy.db`;
    gateway = await startDatabaseGateway({
      dbUrl,
      folder,
      env: { SECRET_KEY: SECRETS.secretKey, LOG_LEVEL: 'debug' },
    });
    const { admin, ask, url, program } = gateway;
    const provider = {
      id: 'a',
      api_base: simulator.url,
      api_key: SECRETS.formerApiKey,
      headers: { 'X-Secret': SECRETS.header },
    };
    await admin('POST', '/providers', provider);
    await admin('PUT', '/providers/a', { api_key: SECRETS.apiKey });
    await admin('POST', '/providers', {
      id: 'b',
      api_base: 'http://127.0.0.1:9/v1',
      api_key: SECRETS.apiKey,
      proxy: `http://user:${SECRETS.proxyPassword}@127.0.0.1:9`,
    });
    await admin('POST', '/providers', {
      id: 'c',
      provider_type: 'bedrock',
      region: 'eu-central-1',
      aws: {
        access_key_id: 'AKIDEXAMPLE',
        secret_access_key: SECRETS.awsKey,
        session_token: SECRETS.awsSession,
      },
    });
    await admin('POST', '/providers', {
      id: 'd',
      provider_type: 'vertex',
      service_account: {
        json: JSON.stringify({
          client_email: 'a@b',
          private_key: `-----BEGIN PRIVATE KEY-----\n${SECRETS.serviceAccount}\n-----END PRIVATE KEY-----\n`,
          project_id: 'p',
        }),
      },
    });
    await admin('POST', '/providers', {
      id: 'e',
      provider_type: 'vertex',
      project: 'p',
      access_token: SECRETS.accessToken,
    });
    await admin('POST', '/models', { id: 'good', routes: [{ provider: 'a' }] });
    await admin('POST', '/models', { id: 'bad', routes: [{ provider: 'b' }] });
    await admin('PUT', '/settings/metrics', { value: { token: SECRETS.metricsToken } });
    await admin('POST', '/master-keys', { id: 'k', key: SECRETS.masterKey });
    await admin('POST', '/master-keys/k/rotate', { key: SECRETS.rotatedKey });
    expect([await ask(SECRETS.masterKey, 'good'), await ask(SECRETS.rotatedKey, 'good')]).toEqual([200, 200]);
    expect(simulator.attempts.at(-1)?.headers).toMatchObject({
      authorization: `Bearer ${SECRETS.apiKey}`,
      'x-secret': SECRETS.header,
    });
    expect(await ask(SECRETS.rotatedKey, 'bad')).toBeGreaterThanOrEqual(500);
    const reads = [
      '/providers',
      '/master-keys',
      '/settings',
      '/models',
      '/config/history',
      '/config/history/2',
    ];
    const answers = await Promise.all(reads.map((path) => admin('GET', path)));
    const metrics = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${SECRETS.metricsToken}` },
    });
    await until(() => /X-Secret|attempt|Attempt/i.test(program.stdout()) || undefined);
    const everything = [
      engine === 'postgres' ? await dumpPostgres(dbUrl) : '',
      await readFolder(folder),
      JSON.stringify(answers),
      await metrics.text(),
      program.stdout(),
      program.stderr(),
    ].join('\n');
    expect(everything).toContain('openai');
    for (const kind of ['aws', 'service_account', 'access_token'])
      expect(JSON.stringify(answers)).toContain(`"credential_kind":"${kind}"`);
    for (const secret of Object.values(SECRETS)) {
      for (const spelling of spellings(secret)) expect(everything).not.toContain(spelling);
    }
  });

  test('is sealed anew with another key, and is then of no use without it', async () => {
    const dbUrl = engine === 'postgres' ? await postgres.newDatabase() : `sqlite://${folder}/proxy.db`;
    gateway = await startDatabaseGateway({ dbUrl, folder });
    await gateway.admin('POST', '/providers', { id: 'a', api_base: simulator.url, api_key: SECRETS.apiKey });
    await gateway.admin('POST', '/master-keys', { id: 'k', key: SECRETS.masterKey });
    gateway.program.kill('SIGTERM');
    await gateway.program.exited;
    const env = { DB_URL: dbUrl, ADMIN_KEY, SECRET_KEY: SECRETS.secretKey };
    const early = startProcess(['--port', '0'], { cwd: folder, env });
    expect(await early.exited).toBe(1);
    expect(early.stderr()).toMatch(
      /^llm-proxy: secrets are sealed with the key [0-9a-f]{12}.*OLD_SECRET_KEY\n$/,
    );
    const rekey = startProcess(['rekey'], { cwd: folder, env: { ...env, OLD_SECRET_KEY: ADMIN_KEY } });
    expect(await rekey.exited).toBe(0);
    expect(rekey.stdout()).toStartWith('1 of 1 secrets were resealed');
    gateway = await startDatabaseGateway({ dbUrl, folder, env: { SECRET_KEY: SECRETS.secretKey } });
    expect(await gateway.ask(SECRETS.masterKey)).toBe(200);
    expect(simulator.attempts.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${SECRETS.apiKey}` });
  });
});

describe('the program in database mode', () => {
  test.each([
    [{}, /ADMIN_KEY must be too/],
    [{ ADMIN_KEY: 'your-admin-key' }, /ADMIN_KEY has 14 characters/],
    [{ ADMIN_KEY: 'your-admin-key-here' }, /ADMIN_KEY is a value from examples/],
    [{ ADMIN_KEY, SECRET_KEY: 'short' }, /SECRET_KEY has 5 characters/],
    [{ ADMIN_KEY, DB_URL: 'mysql://localhost/x' }, /DB_URL must begin with/],
  ])('does not start with %p, and says why in one line', async (env, reason) => {
    const program = startProcess([], { cwd: folder, env: { DB_URL: 'sqlite://proxy.db', ...env } });
    expect(await program.exited).toBe(1);
    expect(program.stderr()).toMatch(reason);
    expect(program.stderr().trimEnd().split('\n')).toHaveLength(1);
  });
});
