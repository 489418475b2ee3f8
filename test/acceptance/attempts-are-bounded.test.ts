import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startProcess, type TestProcess } from '../e2e/process.ts';
import { type Api, APIS, CHAT } from './apis.ts';
import { ask, type Exchange } from './exchange.ts';

let folder: string;
let simulator: Simulator;
let program: TestProcess | undefined;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-proxy-attempts-'));
  simulator = await startSimulator();
});
beforeEach(() => simulator.reset());
afterEach(async () => {
  program?.kill('SIGKILL');
  await program?.exited;
});
afterAll(async () => {
  await simulator.stop();
  await rm(folder, { recursive: true });
});

async function start(models: string, fallback: string): Promise<void> {
  await Bun.write(
    join(folder, 'config.yaml'),
    `
server: { host: 127.0.0.1, port: 0 }
providers:
${Array.from({ length: 6 }, (_, index) => `  - { name: p${index}, api_base: "${simulator.url}/p${index}" }`).join('\n')}
models:
${models}
fallback: { retry_backoff: 0.01, max_retry_wait: 0.05, ${fallback} }
logging: { level: error }
`,
  );
  program = startProcess([], { cwd: folder, env: { LOG_LEVEL: 'info' } });
  [, url = ''] = await program.printed(/listening on (http\S+)/);
}

/** A model with these routes, each of which fails. */
const failing = (name: string, providers: readonly number[], fault = 'mock/500'): string =>
  `  ${name}: { routes: [${providers.map((number) => `{ provider: p${number}, model: ${fault} }`).join(', ')}] }\n`;

async function asked(api: Api, model: string, more: Record<string, unknown> = {}): Promise<Exchange> {
  const exchange = ask(url, api, api.body(model, more));
  await exchange.ended;
  return exchange;
}

const providersAsked = (): string[] => simulator.attempts.map(({ path }) => path.slice(1, 3)).sort();

/** The processor time that a process has used, in seconds. */
async function cpuSeconds(pid: number): Promise<number> {
  const [, fields = ''] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ');
  const [user, system] = fields.split(' ').slice(11, 13);
  // In ticks, of which Linux has a hundred a second.
  return (Number(user) + Number(system)) / 100;
}

/** Longer than every wait of its configuration later, the program is idle: no attempt, no loop. */
async function expectPeace(): Promise<void> {
  const attempts = simulator.attempts.length;
  await Bun.sleep(500);
  if (process.platform === 'linux' && program !== undefined) {
    const before = await cpuSeconds(program.pid);
    await Bun.sleep(500);
    // A loop would use all the time that a busy machine leaves it.
    expect((await cpuSeconds(program.pid)) - before).toBeLessThan(0.2);
  }
  expect(simulator.attempts).toHaveLength(attempts);
}

describe('each candidate is asked once, however the fallbacks are tied together', () => {
  test('in circles, nested, and to themselves', async () => {
    await start(
      failing('one', [0, 1]) +
        failing('two', [2]) +
        failing('three', [3]) +
        failing('four', [4]) +
        failing('self', [5]),
      'max_retries: 0, cooldown_seconds: 0, retries: 0, alias_fallback: { one: [two, three], two: [one, three], three: [one, four], four: [two, four], self: [self] }',
    );
    for (const api of APIS) {
      for (const stream of [false, true]) {
        for (const model of ['one', 'two', 'three', 'four']) {
          simulator.reset();
          expect((await asked(api, model, { stream })).status()).toBe(500);
          expect(providersAsked()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
        }
        simulator.reset();
        expect((await asked(api, 'self', { stream })).status()).toBe(500);
        expect(providersAsked()).toEqual(['p5']);
      }
    }
    await expectPeace();
  });

  test('and no more often than max_retries says, over routes and models together', async () => {
    await start(
      failing('one', [0, 1]) + failing('two', [2, 3]) + failing('three', [4, 5]),
      'max_retries: 3, cooldown_seconds: 0, retries: 0, alias_fallback: { one: [two, three] }',
    );
    for (const api of APIS) {
      simulator.reset();
      const exchange = await asked(api, 'one');
      expect(exchange.status()).toBe(500);
      expect(exchange.header('x-llm-proxy-attempts')).toBe('3');
      expect(simulator.attempts).toHaveLength(3);
      expect(new Set(providersAsked()).size).toBe(3);
    }
  });

  test('retries of the same route count as well', async () => {
    await start(
      failing('one', [0]) + failing('two', [1]),
      'max_retries: 5, cooldown_seconds: 0, retries: 3, alias_fallback: { one: [two] }',
    );
    expect((await asked(CHAT, 'one')).status()).toBe(500);
    expect(providersAsked()).toEqual(['p0', 'p0', 'p0', 'p0', 'p1']);
  });
});

test('without a fallback there is one retry where it may help, and none where it may not', async () => {
  await start(
    failing('passing', [0], 'mock/503') +
      failing('refused', [1], 'mock/401') +
      failing('ours', [2], 'mock/400') +
      failing('later', [3], '"mock/429?retry-after=60"'),
    'cooldown_seconds: 0',
  );
  const attempts = async (model: string): Promise<number> => {
    simulator.reset();
    await asked(CHAT, model, { stream: true });
    return simulator.attempts.length;
  };
  expect([
    await attempts('passing'),
    await attempts('refused'),
    await attempts('ours'),
    await attempts('later'),
  ]).toEqual([2, 1, 1, 1]);
});

test('an error in the middle of a stream is nobody else’s turn', async () => {
  const mid = [
    'mock/error-mid?code=429',
    'mock/error-mid?code=500',
    'mock/cut-rst?after=10&pace=400',
    'mock/cut-clean?after=10',
  ];
  await start(
    mid
      .map(
        (fault, index) =>
          `  m${index}: { routes: [{ provider: p0, model: "${fault}" }, { provider: p1, model: fine, priority: 2 }] }\n`,
      )
      .join(''),
    'cooldown_seconds: 0, retries: 2, alias_fallback: { m0: [m1], m1: [m0] }',
  );
  for (const api of APIS) {
    for (const index of mid.keys()) {
      simulator.reset();
      const exchange = ask(url, api, api.body(`m${index}`, { stream: true }));
      // The provider's own last word ends in order.
      expect((await exchange.ended) === 'whole').toBe(mid[index]!.includes('error-mid'));
      expect(exchange.text()).not.toMatch(api.saysWhole);
      expect(exchange.status()).toBe(200);
      expect(providersAsked()).toEqual(['p0']);
    }
  }
  await expectPeace();
});

test('models in great number that fall back to each other do not multiply', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `m${index}`);
  const all = names.map((name) => `${name}: [${names.join(', ')}]`).join(', ');
  await start(
    names.map((name, index) => failing(name, [index % 6], `mock/500?times=${1000 + index}`)).join(''),
    `cooldown_seconds: 0, retries: 0, alias_fallback: { ${all} }`,
  );
  expect((await asked(CHAT, 'm7')).status()).toBe(500);
  expect(simulator.attempts).toHaveLength(30);
  await expectPeace();
});
