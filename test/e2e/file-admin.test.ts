import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const KEY = 'sk-client-0123456789';
const PROVIDER_SECRET = 'sk-provider-0123456789';

let simulator: Simulator;
let folder: string;
const running: TestProcess[] = [];

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-file-admin-'));
});

afterAll(async () => {
  for (const { kill } of running) kill('SIGTERM');
  await Promise.all(running.map(({ exited }) => exited));
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

function config(more = ''): string {
  return `
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: "${PROVIDER_SECRET}" }]
models: { fast: { routes: [{ provider: a, model: mock/ok }] } }
master_keys: [{ name: app, key: "${KEY}", rate_limit: { requests_per_second: 5000 } }]
${more}`;
}

interface FileGateway {
  readonly program: TestProcess;
  readonly url: string;
  readonly path: string;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  readonly ask: () => Promise<number>;
}

interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
  readonly body: any;
  readonly text: string;
}

async function start(env: Record<string, string>, args: readonly string[] = []): Promise<FileGateway> {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  writeFileSync(path, config());
  return startOn(path, env, args);
}

async function startOn(
  path: string,
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<FileGateway> {
  const program = startProcess(['--config', path, '--host', '127.0.0.1', '--port', '0', ...args], {
    cwd: folder,
    env: { LLM_PROXY_DATA_DIR: `${path}.data`, ...env },
  });
  running.push(program);
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  const authorization = `Bearer ${ADMIN_KEY}`;
  // Each connection may reach another worker.
  const headers = { 'content-type': 'application/json', connection: 'close' };
  return {
    program,
    url,
    path,
    async call(method, below, body) {
      const response = await fetch(`${url}/admin/v1${below}`, {
        method,
        headers: { ...headers, authorization },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, text, body: JSON.parse(text || 'null') as unknown };
    },
    async ask() {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${KEY}` },
        body: JSON.stringify(chat('fast')),
      });
      await response.text();
      return response.status;
    },
  };
}

/** The records that the gateway lists, once there are as many. */
async function records(gateway: FileGateway, count: number): Promise<Answer['body'][]> {
  for (;;) {
    const { body } = await gateway.call('GET', '/requests?limit=1000');
    if (body.requests.length >= count) return body.requests;
    await Bun.sleep(20);
  }
}

describe('the Admin API of a gateway whose configuration is a file', () => {
  test('reads every resource and shows no secret', async () => {
    const { call } = await start({ ADMIN_KEY });
    const keys = await call('GET', '/master-keys');
    expect(keys.body.master_keys).toMatchObject([{ id: 'app', name: 'app', is_enabled: true }]);
    expect((await call('GET', '/models/fast')).body.routes).toEqual([{ provider: 'a', model: 'mock/ok' }]);
    const provider = await call('GET', '/providers/a');
    expect(provider.body).toMatchObject({ id: 'a', api_base: `${simulator.url}/v1` });
    const settings = await call('GET', '/settings');
    expect(settings.status).toBe(200);
    expect((await call('GET', '/config/version')).body.version).toBe(1);
    expect((await call('GET', '/config/history')).body).toEqual({ version: 1, history: [] });
    for (const { text } of [keys, provider, settings]) {
      expect(text).not.toContain(PROVIDER_SECRET);
      expect(text).not.toContain(KEY);
    }
  });

  test('refuses a change and names the file, whatever the body is', async () => {
    const { call, path, program, url } = await start({ ADMIN_KEY });
    const writes = [
      ['POST', '/providers', { id: 'b' }],
      ['PUT', '/models/fast', { routes: [] }],
      ['DELETE', '/master-keys/app', undefined],
      ['POST', '/master-keys/app/rotate', { no: 'such field' }],
      ['POST', '/config/rollback', { version: 0 }],
      ['PUT', '/settings/fallback', { value: {} }],
    ] as const;
    for (const [method, below, body] of writes) {
      const answer = await call(method, below, body);
      expect([below, answer.status, answer.body.error.code]).toEqual([below, 409, 'configuration_is_a_file']);
      expect(answer.body.error.message).toContain(path);
    }
    await program.printed(/DELETE \/admin\/v1\/master-keys\/\{id\}/);
    expect((await fetch(`${url}/admin/v1/models`)).status).toBe(401);
  });

  test('follows the file, and says what is wrong with it when it is asked to reload it', async () => {
    const { call, path } = await start({ ADMIN_KEY });
    writeFileSync(path, config('public_models: true'));
    const reloaded = await call('POST', '/config/reload');
    expect(reloaded.status).toBe(200);
    // The gateway may have seen the change by itself before.
    expect(reloaded.body.version).toBeGreaterThan(1);
    expect((await call('GET', '/settings/public_models')).body.value).toBe(true);
    writeFileSync(path, config('public_model: true'));
    const refused = await call('POST', '/config/reload');
    expect(refused.status).toBe(422);
    expect(refused.body.error.message).toContain(path);
    expect(refused.body.error.details).toEqual([
      { path: 'public_model', message: expect.stringMatching(/^unknown setting \(line \d+\)$/) },
    ]);
    expect((await call('GET', '/settings/public_models')).body.value).toBe(true);
  });

  test('lists the last requests and sums them', async () => {
    const gateway = await start({ ADMIN_KEY });
    for (let count = 0; count < 3; count++) expect(await gateway.ask()).toBe(200);
    const found = await records(gateway, 3);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({ key: 'app', model: 'fast', provider: 'a', status: 200 });
    const { body } = await gateway.call('GET', '/usage?group_by=key,day');
    expect(body.usage).toMatchObject([{ key: 'app', requests: 3, failures: 0 }]);
    expect((await gateway.call('GET', '/requests?key=other')).body.requests).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('answers from every worker with the records of all', async () => {
    const gateway = await start({ ADMIN_KEY }, ['--workers', '3']);
    const statuses = await Promise.all(Array.from({ length: 24 }, gateway.ask));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await records(gateway, 24)).toHaveLength(24);
    writeFileSync(gateway.path, config('public_models: true'));
    expect((await gateway.call('POST', '/config/reload')).body.version).toBeGreaterThan(1);
    const open = await Promise.all(
      Array.from({ length: 12 }, () =>
        fetch(`${gateway.url}/v1/models`, { headers: { connection: 'close' } }).then(({ status }) => status),
      ),
    );
    expect(new Set(open)).toEqual(new Set([200]));
  });
});

test('with limits that outlive a restart, it shows their use and the records that the ledger keeps', async () => {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  writeFileSync(path, config('limits: [{ requests: 1000, per: month }]'));
  const first = await startOn(path, { ADMIN_KEY });
  expect([await first.ask(), await first.ask()]).toEqual([200, 200]);
  await records(first, 2);
  expect((await first.call('GET', '/limits')).body.limits).toMatchObject([
    { counter: 'global/requests/month', used: 2, held: 0, remaining: 998 },
  ]);
  first.program.kill('SIGTERM');
  await first.program.exited;

  const second = await startOn(path, { ADMIN_KEY });
  expect(await records(second, 2)).toMatchObject([{ key: 'app' }, { key: 'app' }]);
  const [key] = (await second.call('GET', '/master-keys')).body.master_keys;
  expect(key.last_used_at).toMatch(/^\d{4}-\d\d-\d\d$/);
  const [limit] = (await second.call('GET', '/limits?scope=global')).body.limits;
  expect([limit.used, limit.counted_by]).toEqual([2, 'this machine']);
});

describe('a key that opens nothing', () => {
  test.each([
    [{ ADMIN_KEY: 'short' }, /ADMIN_KEY has 5 characters/],
    [{ ADMIN_KEY: 'your-admin-key-here' }, /ADMIN_KEY is a value from examples/],
    [{ ADMIN_KEY_FILE: '/no/such/file' }, /ADMIN_KEY_FILE: the file \/no\/such\/file does not exist/],
  ])('is one warning, and requests are served', async (env, warning) => {
    const gateway = await start(env);
    await gateway.program.printed(warning);
    expect(await gateway.ask()).toBe(200);
    expect((await gateway.call('GET', '/models')).status).toBe(404);
    const lines = `${gateway.program.stdout()}${gateway.program.stderr()}`.match(/ADMIN_KEY/g);
    expect(lines).toHaveLength(1);
  });

  test('is no key at all: there is neither an Admin API nor a warning', async () => {
    const gateway = await start({});
    expect((await gateway.call('GET', '/models')).status).toBe(404);
    await until(() => gateway.program.stdout().includes('listening') || undefined);
    expect(gateway.program.stdout()).not.toContain('Admin');
  });
});
