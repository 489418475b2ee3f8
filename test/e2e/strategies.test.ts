import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway, until } from './gateway.ts';

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

let simulators: Record<Name, Simulator>;
let running: TestGateway[] = [];

beforeAll(async () => {
  const [a, b, c] = await Promise.all(NAMES.map(() => startSimulator()));
  if (a === undefined || b === undefined || c === undefined) throw new Error('no simulators');
  simulators = { a, b, c };
});
beforeEach(() => Object.values(simulators).forEach((simulator) => simulator.reset()));
afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.stop()));
  await Promise.all(Object.values(simulators).map((simulator) => simulator.stop()));
});

/** Providers by weight, in the given order, and more sections of the configuration. */
function start(weights: Partial<Record<Name, number>>, more = ''): TestGateway {
  const providers = Object.entries(weights).map(
    ([name, weight]) =>
      `  - { name: ${name}, api_base: "${simulators[name as Name].url}", weight: ${weight} }`,
  );
  const gateway = startGateway(`providers:\n${providers.join('\n')}\n${more}`);
  running.push(gateway);
  return gateway;
}

async function ask(gateway: TestGateway, count: number, model = 'm'): Promise<void> {
  for (let n = 0; n < count; n++) {
    const response = await gateway.post('/v1/chat/completions', chat(model));
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
}

/** The number of requests that each provider received. */
function counts(): Record<Name, number> {
  const { a, b, c } = simulators;
  return { a: a.attempts.length, b: b.attempts.length, c: c.attempts.length };
}

describe('round robin, as providers with mappings have it by default', () => {
  test('gives two alike the same number of requests', async () => {
    await ask(start({ a: 1, b: 1 }), 40);
    expect(counts()).toMatchObject({ a: 20, b: 20 });
  });

  test('gives a weight of 3 three times as many as a weight of 1', async () => {
    await ask(start({ a: 3, b: 1 }), 40);
    expect(counts()).toMatchObject({ a: 30, b: 10 });
  });

  test('takes turns, and does not serve one before the other', async () => {
    const gateway = start({ a: 1, b: 1 });
    for (let n = 1; n <= 6; n++) {
      await ask(gateway, 2);
      expect(counts()).toMatchObject({ a: n, b: n });
    }
  });

  test('leaves out a weight of 0 while another is there', async () => {
    await ask(start({ a: 0, b: 1 }), 10);
    expect(counts()).toMatchObject({ a: 0, b: 10 });
  });

  test('keeps its shares when the requests come all at once', async () => {
    const gateway = start({ a: 3, b: 1 });
    await Promise.all(Array.from({ length: 40 }, () => ask(gateway, 1)));
    expect(counts()).toMatchObject({ a: 30, b: 10 });
  });

  test('counts all names together that only an open provider serves', async () => {
    const gateway = start({ a: 1, b: 1 });
    for (let n = 0; n < 20; n++) await ask(gateway, 1, `made-up-${n}`);
    expect(counts()).toMatchObject({ a: 10, b: 10 });
  });
});

describe('random, as models with routes have it by default', () => {
  const MODELS =
    'models: { m: { routes: [{ provider: a, model: x }, { provider: b, model: x }, { provider: c, model: x }] } }';
  const REQUESTS = 600;

  async function chiSquare(weights: Record<Name, number>): Promise<number> {
    await ask(start(weights, MODELS), REQUESTS);
    const got = counts();
    const total = weights.a + weights.b + weights.c;
    return NAMES.reduce((sum, name) => {
      const expected = (REQUESTS * weights[name]) / total;
      return sum + (got[name] - expected) ** 2 / expected;
    }, 0);
  }

  // Two degrees of freedom: chance alone exceeds 30 once in three million runs.
  test('shares alike among equal weights', async () =>
    expect(await chiSquare({ a: 1, b: 1, c: 1 })).toBeLessThan(30));
  test('shares by weight', async () => expect(await chiSquare({ a: 1, b: 2, c: 5 })).toBeLessThan(30));

  test('is no round robin: the same provider comes twice in a row now and then', async () => {
    const gateway = start({ a: 1, b: 1, c: 1 }, MODELS);
    await ask(gateway, 60);
    const order = gateway.events.flatMap((event) => (event.type === 'request-ended' ? [event.provider] : []));
    expect(order.some((provider, index) => provider === order[index - 1])).toBe(true);
  });
});

test('the strategy of the file holds for mappings and for routes', async () => {
  const more = `load_balancing: { strategy: round_robin }
models: { m: { routes: [{ provider: a, model: x }, { provider: b, model: x }] } }`;
  await ask(start({ a: 1, b: 1 }, more), 20);
  expect(counts()).toMatchObject({ a: 10, b: 10 });
});

describe('least_busy', () => {
  const LEAST_BUSY = 'load_balancing: { strategy: least_busy }';

  test('sends everything to the idle provider while the other hangs', async () => {
    const gateway = start({ a: 1, b: 1 }, LEAST_BUSY);
    const client = new AbortController();
    const hanging = gateway
      .post('/v1/chat/completions', chat('m'), {
        headers: { 'x-mock-fault': 'silence' },
        signal: client.signal,
      })
      .catch(() => undefined);
    await until(() => counts().a + counts().b === 1 || undefined);
    const before = counts();
    await ask(gateway, 20);
    const after = counts();
    expect(before.a === 1 ? after : { a: after.b, b: after.a }).toMatchObject({ a: 1, b: 20 });
    client.abort();
    await hanging;
  });

  test('counts a stream until its last byte, and goes back to both when it has ended', async () => {
    const gateway = start({ a: 1, b: 1 }, LEAST_BUSY);
    const headers = { 'x-mock-pace': '40', 'x-mock-words': '30' };
    const stream = await gateway.post('/v1/chat/completions', chat('m', { stream: true }), { headers });
    const busy = counts().a === 1 ? 'a' : 'b';
    await ask(gateway, 10);
    expect(counts()[busy]).toBe(1);
    await stream.text();
    await gateway.ended(11);
    await ask(gateway, 60);
    expect(counts()[busy]).toBeGreaterThan(1);
  });

  test('takes the weight into account: three times the weight may be three times as busy', async () => {
    const gateway = start({ a: 3, b: 1 }, LEAST_BUSY);
    const streams: Response[] = [];
    for (let n = 0; n < 8; n++)
      streams.push(await gateway.post('/v1/chat/completions', chat('m?pace=20&words=300', { stream: true })));
    expect(counts()).toMatchObject({ a: 6, b: 2 });
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
  });
});

describe('lowest_latency', () => {
  const ROUTES = `load_balancing: { strategy: lowest_latency }
models: { m: { routes: [{ provider: a, model: "x?latency=1000" }, { provider: b, model: x }] } }`;

  test('measures both once, and then stays with the fast one', async () => {
    await ask(start({ a: 1, b: 1 }, ROUTES), 30);
    expect(counts().a).toBeGreaterThanOrEqual(1);
    expect(counts().a).toBeLessThanOrEqual(2);
  });
});
