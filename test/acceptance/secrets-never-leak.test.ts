import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startProcess, type TestProcess } from '../e2e/process.ts';
import { type Api, APIS, CHAT } from './apis.ts';
import { exchange, type HeaderFields, postOf } from './exchange.ts';
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

/** One canary for every place that may hold a secret. The middle of each is recognisable in whatever form it leaks. */
const CANARIES = {
  masterKey: 'mk-CanaryMasterKey0123456789abcd',
  otherMasterKey: 'mk-CanaryOtherKey0123456789abcdef',
  disabledKey: 'mk-CanaryDisabled0123456789abcde',
  providerKey: 'sk-CanaryProvider+/=0123456789ab',
  secondProviderKey: 'sk-CanarySecond0123456789abcdefg',
  providerHeader: 'CanaryProviderHeader0123456789ab',
  metricsToken: 'CanaryMetricsToken0123456789abcd',
  clientCookie: 'CanaryClientCookie0123456789abcd',
  foreignKey: 'sk-CanaryForeign0123456789abcdef',
  wrongKey: 'sk-CanaryWrong0123456789abcdefgh',
  environment: 'CanaryEnvironment0123456789abcde',
} as const;

let folder: string;
let simulator: Simulator;
let echo: ScriptedProvider;
let program: TestProcess;
let url: string;
/** Everything that clients received, head and body. */
const seen: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-canary-'));
  simulator = await startSimulator();
  // Some providers say in their error which key was wrong.
  echo = await startScriptedProvider((request, socket) => {
    const key = /\r\nauthorization: Bearer ([^\r]+)/i.exec(request)?.[1] ?? '';
    const body = JSON.stringify({
      error: { message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' },
    });
    const status = /"user":"(\d+)"/.exec(request)?.[1] ?? '401';
    socket.write(
      `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nX-Debug-Auth: Bearer ${key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
  await Bun.write(join(folder, 'config.yaml'), config());
  program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'debug', CANARY: CANARIES.environment } });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});
afterAll(async () => {
  program.kill('SIGKILL');
  await program.exited;
  await echo.stop();
  await simulator.stop();
  await rm(folder, { recursive: true });
});

const FAULTS = (
  '400 401 402 403 404 408 413 422 429 500 503 rst zero-byte silence headers-silence invalid-http redirect ' +
  '200-error 200-html 200-empty error-first error-mid cut-rst cut-clean broken-json stall'
)
  .split(' ')
  .map((fault) => `mock/${fault}`);

function config(): string {
  const provider = (name: string, base: string, key: string): string =>
    `  - { name: ${name}, api_base: "${base}", api_key: "${key}", headers: { X-Account: "${CANARIES.providerHeader}" }, timeouts: { first_byte_timeout: 0.2, idle_timeout: 0.2 } }`;
  return `
server: { host: 127.0.0.1, port: 0 }
master_keys:
  - { name: main, key: "${CANARIES.masterKey}" }
  - { name: other, key: "${CANARIES.otherMasterKey}", allowed_models: [nothing], rate_limit: { requests_per_second: 1, burst_size: 2 } }
  - { name: disabled, key: "${CANARIES.disabledKey}", enabled: false }
providers:
${provider('a', simulator.url, CANARIES.providerKey)}
${provider('b', `${simulator.url}/b`, CANARIES.secondProviderKey)}
${provider('closed', 'http://127.0.0.1:1', CANARIES.providerKey)}
${provider('tls', `https://127.0.0.1:${simulator.port}`, CANARIES.providerKey)}
${provider('echo', echo.url, CANARIES.providerKey)}
${provider('env', 'http://127.0.0.1:1', '${CANARY}')}
models:
${FAULTS.map((fault) => `  "${fault}": { routes: [{ provider: a, model: "${fault}" }, { provider: b, model: "${fault}" }] }`).join('\n')}
${['closed', 'tls', 'echo', 'env'].map((name) => `  ${name}: { routes: [{ provider: ${name}, model: m }] }`).join('\n')}
fallback: { cooldown_seconds: 0, retry_backoff: 0.01, max_retry_wait: 0.01 }
metrics: { token: "${CANARIES.metricsToken}" }
logging:
  level: debug
  general_file: ./logs/proxy.log
  separate_files: true
  request_dir: ./logs/requests
  error_dir: ./logs/errors
  enable_metrics: true
`;
}

/** The forms in which a secret may appear: unchanged, in Base64 at any of its three offsets, in a URL, in JSON. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((pad) =>
    Buffer.from(`${'x'.repeat(pad)}${secret}`)
      .toString('base64')
      .slice(4, -4),
  );
  const hex = Buffer.from(secret).toString('hex');
  return [secret, ...base64, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), hex];
}

/** The names of the canaries in a text. */
function leaksIn(text: string, secrets: Readonly<Record<string, string>> = CANARIES): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

const SLOTS: HeaderFields = {
  authorization: `Bearer ${CANARIES.masterKey}`,
  'x-api-key': CANARIES.foreignKey,
  'api-key': CANARIES.foreignKey,
  'x-goog-api-key': CANARIES.foreignKey,
  cookie: `session=${CANARIES.clientCookie}`,
  'proxy-authorization': `Basic ${Buffer.from(`user:${CANARIES.foreignKey}`).toString('base64')}`,
};

async function send(path: string, body: unknown, headers: HeaderFields = SLOTS): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = exchange(url, postOf(path, text, headers));
  await answer.ended;
  seen.push(answer.wire().toString('latin1'));
  return answer.status();
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('with every error path driven at the debug level', () => {
  test('a canary is found in whatever form it is shown', () => {
    for (const [name, secret] of Object.entries(CANARIES)) {
      for (const form of [
        secret,
        btoa(`user:${secret}`),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('hex'),
      ]) {
        expect(leaksIn(`before ${form} after`)).toContain(name);
      }
    }
  });

  test('no client is told any secret', async () => {
    const tellAll = async (api: Api): Promise<void> => {
      for (const fault of FAULTS) {
        for (const stream of [true, false]) await send(api.path, api.body(fault, { stream }));
      }
      for (const model of ['closed', 'env', 'unknown']) await send(api.path, api.body(model));
      await send(api.path, '{ "broken": ');
      await send(api.path, api.body('mock/ok'), { authorization: `Bearer ${CANARIES.wrongKey}` });
      await send(api.path, api.body('mock/ok'), { authorization: `Bearer ${CANARIES.disabledKey}` });
      await send(api.path, api.body('mock/ok'), { authorization: `Basic ${btoa(`u:${CANARIES.wrongKey}`)}` });
      await send(`${api.path}?api_key=${CANARIES.wrongKey}`, api.body('closed'));
    };
    await Promise.all(APIS.map(tellAll));
    await send(CHAT.path, CHAT.body('tls'));
    for (let count = 0; count < 4; count++) {
      await send(CHAT.path, CHAT.body('mock/ok'), { authorization: `Bearer ${CANARIES.otherMasterKey}` });
    }
    await send('/v1/files', '', { ...SLOTS, 'x-llm-proxy-provider': CANARIES.wrongKey });
    expect(simulator.attempts.length).toBeGreaterThan(100);
    expect(seen.length).toBeGreaterThan(150);
    // A client may see its own wrong key as an unknown name, but never a secret of the gateway.
    const { wrongKey, ...ours } = CANARIES;
    expect(wrongKey).toBeString();
    expect(seen.flatMap((text) => leaksIn(text, ours))).toEqual([]);
  });

  test('not even where a provider repeats the key that it was sent', async () => {
    const from = seen.length;
    for (const api of APIS) {
      for (const user of ['400', '401', '403', '429', '500'])
        await send(api.path, api.body('echo', { user }));
    }
    expect(echo.requests.length).toBeGreaterThan(15);
    expect(echo.requests[0]).toContain(CANARIES.providerKey);
    expect(seen.slice(from).flatMap((text) => leaksIn(text))).toEqual([]);
  });

  test('no endpoint of our own tells one', async () => {
    const texts: string[] = [];
    for (const path of [
      '/health',
      '/health/detailed',
      '/metrics',
      '/v1/models',
      '/docs',
      '/openapi.json',
      '/admin/v1/providers',
      '/readyz',
    ]) {
      for (const authorization of ['', `Bearer ${CANARIES.masterKey}`, `Bearer ${CANARIES.metricsToken}`]) {
        const response = await fetch(`${url}${path}`, {
          headers: authorization === '' ? {} : { authorization },
        });
        texts.push([...response.headers].join('\n') + (await response.text()));
      }
    }
    expect(texts.flatMap((text) => leaksIn(text))).toEqual([]);
  });

  test('a configuration that is refused does not quote one', async () => {
    await Bun.write(
      join(folder, 'config.yaml'),
      config().replace('cooldown_seconds: 0', 'cooldown_seconds: no'),
    );
    await program.printed(/refused/);
    await Bun.write(
      join(folder, 'config.yaml'),
      config().replaceAll('api_key:', 'api_keyy:').replace('port: 0', 'port: nowhere'),
    );
    await program.printed(/refused[\s\S]*api_keyy/);
    expect(leaksIn(program.stdout() + program.stderr())).toEqual([]);
  });

  test('no log holds one, neither on the terminal nor in a file', async () => {
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    const output = program.stdout() + program.stderr();
    expect(output).toMatch(/DEBUG/);
    expect(leaksIn(output)).toEqual([]);
    for (const file of await filesUnder(folder)) {
      if (file.endsWith('config.yaml')) continue;
      expect([file, leaksIn(await readFile(file, 'latin1'))]).toEqual([file, []]);
    }
  });
});
