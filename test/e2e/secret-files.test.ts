import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const ADMIN_KEY = '4f1c7a52-admin-9d0e3b86f7';

let folder: string;
let simulator: Simulator;
const started: TestProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-files-'));
  simulator = await startSimulator();
});
afterEach(async () => {
  for (const program of started.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
  await simulator.stop();
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], env: Record<string, string> = {}): TestProcess {
  const program = startProcess(args, { cwd: folder, env });
  started.push(program);
  return program;
}

const write = (name: string, text: string): Promise<number> => Bun.write(join(folder, name), text);

async function refusal(args: readonly string[], env: Record<string, string> = {}): Promise<[number, string]> {
  const program = start(args, env);
  const code = await program.exited;
  return [code, program.stderr()];
}

describe.each(['', 'workers: 2'])('a secret in a file that the configuration names (%s)', (workers) => {
  test('is used, and used anew when the file changes; a file that is gone changes nothing', async () => {
    await write('provider', 'sk-provider-first\n');
    await write('client', 'sk-client-first-0123456789\n');
    await write(
      'config.yaml',
      `server: { host: 127.0.0.1, port: 0 }
master_keys: [{ name: k, key: "\${file:client}" }]
providers: [{ name: a, api_base: "${simulator.url}", api_key: "\${file:provider}" }]\n${workers}\n`,
    );
    const program = start([]);
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    const ask = async (key: string): Promise<number> => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(chat('mock/ok')),
      });
      await response.text();
      return response.status;
    };
    expect(await ask('sk-client-first-0123456789')).toBe(200);
    expect(simulator.attempts.at(-1)?.headers['authorization']).toBe('Bearer sk-provider-first');

    await write('provider.new', 'sk-provider-second\n');
    await rename(join(folder, 'provider.new'), join(folder, 'provider'));
    await until(() => program.stdout().match(/Configuration reloaded/g)?.length === 1 || undefined);
    await write('client', 'sk-client-second-0123456789');
    await until(() => program.stdout().match(/Configuration reloaded/g)?.length === 2 || undefined);
    expect(await ask('sk-client-first-0123456789')).toBe(401);
    expect(await ask('sk-client-second-0123456789')).toBe(200);
    expect(simulator.attempts.at(-1)?.headers['authorization']).toBe('Bearer sk-provider-second');

    await rm(join(folder, 'client'));
    program.kill('SIGHUP');
    await program.printed(/the old one stays in force: .*the file client does not exist/);
    expect(await ask('sk-client-second-0123456789')).toBe(200);
    expect(program.stdout() + program.stderr()).not.toMatch(/sk-(?:client|provider)-/);
  });
});

describe('a secret in a file that a variable names', () => {
  test('opens the database and the Admin API', async () => {
    await write('url', `sqlite://${folder}/proxy.db\n`);
    await write('admin', `${ADMIN_KEY}\n`);
    const env = { DB_URL_FILE: join(folder, 'url'), ADMIN_KEY_FILE: join(folder, 'admin') };
    const [migrated] = await refusal(['migrate', 'up'], env);
    expect(migrated).toBe(0);
    const program = start(['--port', '0', '--host', '127.0.0.1'], env);
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    const response = await fetch(`${url}/admin/v1/providers`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(response.status).toBe(200);
  });

  test('that is not there, is empty, or is given twice is one line, and never the demo', async () => {
    await write('empty', '\n');
    const gone = { DB_URL_FILE: join(folder, 'none') };
    expect(await refusal(['--port', '0'], gone)).toEqual([
      1,
      expect.stringMatching(/^llm-proxy: DB_URL_FILE: the file \S+ does not exist\.\n$/),
    ]);
    expect((await refusal(['migrate', 'version'], gone))[1]).toContain('DB_URL_FILE: the file');
    expect((await refusal([], { ...gone, DB_URL_FILE: join(folder, 'empty') }))[1]).toMatch(
      /DB_URL_FILE: .* is empty/,
    );
    expect((await refusal([], { DB_URL: 'sqlite://a.db', ...gone }))[1]).toContain('are both set');
  });
});

test('a file for a variable that is no secret is told', async () => {
  await write(
    'config.yaml',
    `server: { host: 127.0.0.1, port: 0 }\nproviders: [{ name: a, api_base: "${simulator.url}" }]\n`,
  );
  await start([], { PORT_FILE: '/run/secrets/port' }).printed(/PORT_FILE is set but not read/);
});

test('a variable that is missing and has a file says how the file is read', async () => {
  await write(
    'config.yaml',
    'proxy_api_key: ${GATEWAY_KEY}\nproviders: [{ name: a, api_base: "http://127.0.0.1:9" }]\n',
  );
  const [code, text] = await refusal(['check'], { GATEWAY_KEY_FILE: '/run/secrets/key' });
  expect([code, text]).toEqual([1, expect.stringContaining('write ${file:/run/secrets/key}')]);
});

describe('the demo', () => {
  test('says of HOST what conda puts into it', async () => {
    const program = start(['--port', '0'], { HOST: 'x86_64-conda-linux-gnu' });
    await program.printed(/HOST is x86_64-conda-linux-gnu/);
    await program.printed(/gateway +http:\/\/127\.0\.0\.1:/);
  });

  test.each([
    [['--host', '0.0.0.0'], {}],
    [[], { HOST: '0.0.0.0' }],
    [[], { LLM_PROXY_CONTAINER_HOST: '::' }],
  ])('is not served where others reach it (%p %p)', async (args, env) => {
    const [code, text] = await refusal(['--port', '0', ...args], env);
    expect(code).toBe(1);
    expect(text).toMatch(
      /^llm-proxy: there is no configuration, and the demo is not served on (?:0\.0\.0\.0|::), because its key is public\..*\n$/,
    );
  });
});

describe('an option that would be ignored is an error', () => {
  test('--config beside a database', async () => {
    await write('config.yaml', '');
    const env = { DB_URL: `sqlite://${folder}/proxy.db`, ADMIN_KEY };
    const [code, text] = await refusal(['--config', 'config.yaml'], env);
    expect([code, text]).toEqual([2, expect.stringContaining('use only one of them')]);
  });

  test('--no-migrate without one', async () => {
    const [code, text] = await refusal(['--no-migrate']);
    expect([code, text]).toEqual([2, expect.stringContaining('--no-migrate')]);
  });
});

describe('the address', () => {
  test('a name of a platform in HOST, which conda sets, is ignored with a word', async () => {
    await write(
      'config.yaml',
      `server: { host: 127.0.0.1, port: 0 }\nproviders: [{ name: a, api_base: "${simulator.url}" }]\n`,
    );
    const program = start([], { HOST: 'x86_64-conda-linux-gnu' });
    await program.printed(/listening on http:\/\/127\.0\.0\.1:\d+/);
    await program.printed(/HOST is x86_64-conda-linux-gnu, which is a platform rather than an address/);
  });

  test('one that can not be listened on says where it comes from', async () => {
    await write(
      'config.yaml',
      `proxy_api_key: sk-0123456789abcdef\nserver: { host: 192.0.2.7, port: 18000 }\nproviders: [{ name: a, api_base: "${simulator.url}" }]\n`,
    );
    const taken = new URL(simulator.url).port;
    expect((await refusal([]))[1]).toContain('server.host or listen of the configuration');
    expect((await refusal([], { HOST: '192.0.2.8' }))[1]).toContain('HOST in the environment');
    expect((await refusal(['--host', '192.0.2.9']))[1]).toContain('--host)');
    expect((await refusal(['--host', '127.0.0.1'], { PORT: taken }))[1]).toContain('PORT in the environment');
  });

  test('is in a file while the gateway listens', async () => {
    await write(
      'config.yaml',
      `server: { host: 127.0.0.1, port: 0 }\nproviders: [{ name: a, api_base: "${simulator.url}" }]\n`,
    );
    const path = join(folder, 'address');
    const program = start([], { LLM_PROXY_ADDRESS_FILE: path });
    const [, url = ''] = await program.printed(/listening on (http\S+)/);
    expect(await Bun.file(path).text()).toBe(url);
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(await Bun.file(path).exists()).toBe(false);
  });
});
