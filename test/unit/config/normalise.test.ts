import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { addressText } from '../../../src/config/compile/address.ts';
import { expandEnvironment } from '../../../src/config/read/environment.ts';
import { normalise } from '../../../src/config/read/normalise.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';
import { DEFAULTS } from '../../../src/config/schema/defaults.ts';
import { checkShape } from '../../../src/config/read/shape.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const KEY = 'proxy_api_key: sk-test\n';
const addressOf = (text: string, options = {}) => {
  const { host, port } = snapshotOf(KEY + text, options).server;
  return `${host} ${port}`;
};

test('listen takes a port, or a host and a port', () => {
  expect(addressOf('listen: ":8080"')).toBe('0.0.0.0 8080');
  expect(addressOf('listen: "8080"')).toBe('0.0.0.0 8080');
  expect(addressOf('listen: 8080')).toBe('0.0.0.0 8080');
  expect(addressOf('listen: "127.0.0.1:8080"')).toBe('127.0.0.1 8080');
  expect(addressOf('listen: "[::1]:8080"')).toBe('::1 8080');
  expect(addressOf('server: {host: "[::1]", port: 0}')).toBe('::1 0');
});

test('an address is nothing else', () => {
  for (const listen of ['', '127.0.0.1', ':', ':70000', '::1:80', 'http://a:80', 'a b:80', ':80x']) {
    expect(problemsOf(`${KEY}listen: "${listen}"`)).toHaveLength(1);
  }
});

test('the command line comes before the environment, that before the file, and that before the default', () => {
  const env = { HOST: '10.0.0.1', PORT: '2', LLM_PROXY_WORKERS: '2', LOG_LEVEL: 'WARN' };
  const file = 'server: {host: 10.0.0.9, port: 9}\nworkers: 9\nlogging: {level: error}';
  const overrides = { host: '10.0.0.2', port: 3, workers: 3, logLevel: 'debug' } as const;
  const all = (options: Parameters<typeof snapshotOf>[1], text = file) => {
    const { server, workers, logging } = snapshotOf(KEY + text, options);
    return [server.host, server.port, workers, logging.level];
  };
  expect(all({ env, overrides })).toEqual(['10.0.0.2', 3, 3, 'debug']);
  expect(all({ env })).toEqual(['10.0.0.1', 2, 2, 'warn']);
  expect(all({ env: { HOST: '', PORT: '' } })).toEqual(['10.0.0.9', 9, 9, 'error']);
  expect(all({}, '')).toEqual(['0.0.0.0', 18_000, 1, 'info']);
});

test('a variable of the environment that can not be meant is a problem of the environment', () => {
  expect(problemsOf(KEY, { env: { PORT: '80x', LLM_PROXY_WORKERS: '0', LOG_LEVEL: 'loud' } })).toEqual([
    'environment  PORT: must be a port from 0 to 65535, found "80x".',
    'environment  LLM_PROXY_WORKERS: must be a whole number from 1 to 256, or auto, found "0".',
    'environment  LOG_LEVEL: must be debug, info, warn or error, found "loud".',
  ]);
});

test('the language of the log is that of the environment, unless the file names one', () => {
  const language = (text: string, env = {}) => snapshotOf(KEY + text, { env }).logging.language;
  expect(language('', { LANG: 'zh_CN.UTF-8' })).toBe('zh');
  expect(language('', { LC_ALL: 'en_GB', LANG: 'zh_CN.UTF-8' })).toBe('en');
  expect(language('')).toBe('en');
  expect(language('logging: {language: en}', { LANG: 'zh_CN.UTF-8' })).toBe('en');
});

test('both ways to write a provider make the same one', () => {
  const a = snapshotOf(`${KEY}providers: [{name: x, api_base: "https://x.test/v1/", api_key: sk-x}]`);
  const b = snapshotOf(`${KEY}backends: [{name: x, url: "https://x.test/v1", api_key: sk-x}]`);
  expect(a.providers).toEqual(b.providers);
  expect(a.providers.get('x')).toEqual({
    name: 'x',
    type: 'openai',
    apiBase: 'https://x.test/v1',
    apiKey: 'sk-x',
    headers: {},
    timeouts: {
      connectMs: 10_000,
      firstByteMs: 120_000,
      answerMs: 600_000,
      thinkingMs: 900_000,
      commitAfterMs: 15_000,
      idleMs: 120_000,
      attemptMs: Infinity,
    },
    tls: { verify: true, caFile: undefined },
    proxy: undefined,
    pricing: {
      name: 'x',
      priceProvider: undefined,
      apiBase: 'https://x.test/v1',
      discountPpm: 0,
      free: false,
      recordsCost: false,
    },
    forwardClientAuth: false,
    streamUsage: 'include',
    pathVersion: 'add',
    speaks: {
      type: undefined,
      apiBase: 'https://x.test/v1',
      apis: undefined,
      dialect: undefined,
      apiVersion: undefined,
    },
    region: undefined,
    project: undefined,
    location: undefined,
    anthropicBeta: 'pass',
    autoCache: false,
    websockets: [],
    credential: undefined,
  });
});

test('a provider without a key, or with an empty one, sends none', () => {
  const { providers } = snapshotOf(`${KEY}providers:
  - {name: a, api_base: "https://a.test"}
  - {name: b, api_base: "https://b.test", api_key: ""}
  - {name: c, api_base: "https://c.test", api_key: }`);
  expect([...providers.values()].map(({ apiKey }) => apiKey)).toEqual([undefined, undefined, undefined]);
});

test('limits of time are seconds; 0 is none; a provider has its own', () => {
  const { providers, server } = snapshotOf(`${KEY}
timeouts: {connect_timeout: 0.5, idle_timeout: 0, request_timeout: 60, body_timeout: 0, unread_timeout: 7}
drain_timeout: 0
providers: [{name: a, api_base: "https://a.test", timeouts: {first_byte_timeout: 9, request_timeout: 30}}]`);
  expect(providers.get('a')?.timeouts).toEqual({
    connectMs: 500,
    firstByteMs: 9000,
    // There is no other message about it.
    answerMs: 9000,
    thinkingMs: 900_000,
    commitAfterMs: 15_000,
    idleMs: Infinity,
    attemptMs: 30_000,
  });
  const { requestTimeoutMs, bodyTimeoutMs, unreadTimeoutMs, drainTimeoutMs } = server;
  expect({ requestTimeoutMs, bodyTimeoutMs, unreadTimeoutMs, drainTimeoutMs }).toEqual({
    requestTimeoutMs: 60_000,
    bodyTimeoutMs: Infinity,
    unreadTimeoutMs: 7_000,
    drainTimeoutMs: 0,
  });
});

test('an omitted setting has its default', () => {
  const snapshot = snapshotOf(KEY);
  expect(snapshot.retry).toEqual({
    maxAttempts: Infinity,
    retries: undefined,
    backoffMs: 250,
    maxWaitMs: 5000,
  });
  expect(snapshot.cooldown).toEqual({ cooldownMs: 30_000, onClientErrors: false });
  expect(snapshot.health).toEqual({ intervalMs: Infinity, timeoutMs: 5000, probe: 'models' });
  expect(snapshot.metrics).toEqual({ port: undefined, token: undefined });
  expect(snapshot.docs).toEqual({ enabled: true });
  expect(snapshot.logging.maxFileBytes).toBe(100 * 1024 * 1024);
  expect([snapshot.version, snapshot.loadedAt]).toEqual([7, new Date(0)]);
  const { rewriteResponseModel, ...server } = snapshot.server;
  expect(rewriteResponseModel('any')).toBe(false);
  expect(server).toEqual({
    host: '0.0.0.0',
    port: 18_000,
    engine: DEFAULTS.serverEngine,
    maxBodyBytes: 64 * 1024 * 1024,
    bodyMemoryBytes: undefined,
    bodyTimeoutMs: 300_000,
    unreadTimeoutMs: 300_000,
    requestTimeoutMs: Infinity,
    drainDelayMs: 0,
    drainTimeoutMs: 300_000,
    maxWebSockets: 1_000,
    maxWebSocketsPerKey: 100,
    corsOrigins: [],
    trustsProxy: undefined,
    tls: undefined,
  });
});

test('a retry count of 0 is not the same as none given', () => {
  expect(snapshotOf(`${KEY}fallback: {retries: 0}`).retry.retries).toBe(0);
});

test('statuses are failures one by one or by class', () => {
  const failures = (text: string) => {
    const { isErrorStatus } = snapshotOf(KEY + text).detection;
    return [200, 400, 401, 402, 403, 404, 408, 429, 500, 529, 599].filter(isErrorStatus);
  };
  expect(failures('')).toEqual([401, 402, 403, 408, 429, 500, 529, 599]);
  expect(failures('detection: {error_codes: ["4xx", 500, "529"]}')).toEqual([
    400, 401, 402, 403, 404, 408, 429, 500, 529,
  ]);
  expect(failures('detection: {error_codes: []}')).toEqual([]);
});

test('a section that is there but empty is as good as left out', () => {
  const text = `${KEY}server:\nproviders:\nmodels:\nfallback:\ndetection:\nlogging:\ntimeouts:\nmaster_keys:\n`;
  expect(snapshotOf(text).server.port).toBe(18_000);
});

test('keys of YAML, anchors and merges work, and faults in what was merged are found where it stands', () => {
  const text = (url: string) => `${KEY}
backends:
  - &base
    name: a
    url: ${url}
    api_key: sk-shared
  - <<: *base
    name: b
`;
  const { providers } = snapshotOf(text('https://a.test'));
  expect([...providers.values()].map(({ name, apiKey }) => `${name} ${apiKey}`)).toEqual([
    'a sk-shared',
    'b sk-shared',
  ]);
  expect(problemsOf(text('ftp://a.test')).map((problem) => problem.split('  ')[0])).toEqual(['6:10', '6:10']);
});

test('aliases that multiply are refused', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
  );
  expect(problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toEqual([
    '1:1  aliases (*name) expand to more than a configuration can need.',
  ]);
});

test('nesting without end is refused', () => {
  expect(problemsOf('['.repeat(200_000))).not.toEqual([]);
  expect(problemsOf(`a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`)).not.toEqual([]);
});

describe('whatever a file holds', () => {
  /** Values that resemble a configuration closely enough to pass the first check now and then. */
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('${X}', '${HOME:-1}', ':80', 'a', '*', 'https://a.test', '__proto__'),
  );
  const key = fc.constantFrom(
    ...Object.keys(configSchema.shape),
    'name',
    'url',
    'key',
    'routes',
    'backend',
    '__proto__',
    'a',
    'x y',
  );
  const anything = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 6 }),
    ),
  })).node;

  test('it is refused or normalised, and nothing is thrown', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const { file, findings } = checkShape(expandEnvironment(value, { env: { X: '1' } }));
        expect(file !== undefined || findings.length > 0).toBe(true);
        if (file !== undefined) normalise(file);
      }),
      { numRuns: 500 },
    );
  });

  test('text is refused or compiled, and nothing is thrown', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          anything.map((value) => JSON.stringify(value) ?? ''),
        ),
        (text) => {
          problemsOf(text);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('a proxy that is trusted is an address or a range, and what is neither is refused at its line', () => {
  const trusts = snapshotOf(`${KEY}server: {trusted_proxies: [127.0.0.1, "fd00::/8"]}`).server.trustsProxy;
  expect(['127.0.0.1', 'fd12::1', '127.0.0.2'].map((address) => trusts?.(address))).toEqual([
    true,
    true,
    false,
  ]);
  expect(problemsOf(`${KEY}server: {trusted_proxies: [10.0.0.0/8, proxy.local]}`)).toEqual([
    expect.stringMatching(/^2:40 .*trusted_proxies\[1\].*is neither an address nor a range.*proxy\.local/s),
  ]);
});

test('drain_delay of the file comes before that of the environment, and 0 is a choice', () => {
  const env = { LLM_PROXY_DRAIN_DELAY: '5.5' };
  const delay = (text: string) => snapshotOf(KEY + text, { env }).server.drainDelayMs;
  expect([delay(''), delay('server: {drain_delay: 0}'), delay('server: {drain_delay: 9}')]).toEqual([
    5500, 0, 9000,
  ]);
  expect(problemsOf(KEY, { env: { LLM_PROXY_DRAIN_DELAY: 'soon' } })[0]).toContain('LLM_PROXY_DRAIN_DELAY');
});

test('an address is written as one can use it', () => {
  expect(addressText({ host: '127.0.0.1', port: 80 })).toBe('127.0.0.1:80');
  expect(addressText({ host: '::', port: 18_000 })).toBe('[::]:18000');
});
