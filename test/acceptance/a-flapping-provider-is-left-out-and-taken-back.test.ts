import { afterAll, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from '../e2e/gateway.ts';
import { APIS, CHAT } from './apis.ts';
import { ask } from './exchange.ts';

/** The parts that a test does not share. The tests run side by side, since they mostly wait for cooldowns. */
interface Stage {
  readonly simulator: Simulator;
  readonly gateway: TestGateway;
}

const stages: Stage[] = [];
afterAll(async () => {
  for (const { gateway, simulator } of stages) {
    await gateway.stop();
    await simulator.stop();
  }
});

/** A model with these routes to the providers a and b, whose failures cool down for this long. */
async function startWith(routes: string, cooldownSeconds: number): Promise<Stage> {
  const simulator = await startSimulator();
  const gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}/a" }, { name: b, api_base: "${simulator.url}/b" }]
models: { m: { routes: [${routes}] } }
fallback: { cooldown_seconds: ${cooldownSeconds} }`);
  stages.push({ simulator, gateway });
  return { simulator, gateway };
}

/** A model whose first route behaves this way, and whose second works. */
function start(fault: string, cooldownSeconds: number): Promise<Stage> {
  return startWith(
    `{ provider: a, model: "${fault}" }, { provider: b, model: spare, priority: 2 }`,
    cooldownSeconds,
  );
}

interface Served {
  readonly status: number;
  readonly provider: string | undefined;
  readonly at: number;
}

/** Sends one request after the other, with all APIs in turn, until the condition holds. */
async function serve({ gateway }: Stage, until: (served: readonly Served[]) => boolean): Promise<Served[]> {
  const served: Served[] = [];
  const limit = Date.now() + 90_000;
  while (!until(served) && Date.now() < limit) {
    const api = APIS[served.length % APIS.length] ?? CHAT;
    const exchange = ask(gateway.url, api, api.body('m', { stream: served.length % 2 === 0 }));
    const ending = await exchange.ended;
    served.push({
      status: ending === 'whole' ? exchange.status() : 0,
      provider: exchange.header('x-llm-proxy-provider'),
      at: Date.now(),
    });
    await Bun.sleep(10);
  }
  return served;
}

const onPrimary = ({ simulator }: Stage): readonly { readonly at: number; readonly status: number }[] =>
  simulator.attempts.filter(({ path }) => path.startsWith('/a'));
const isBack = (served: readonly Served[]): boolean => served.at(-1)?.provider === 'a';

describe('a provider that is down for a while', () => {
  test.concurrent('is left out and probed by one request at a time; all are served, and it is taken back in time', async () => {
    const stage = await start('mock/503?for=3', 1);
    const served = await serve(stage, isBack);
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
    const failures = onPrimary(stage).filter(({ status }) => status === 503);
    const [first] = failures;
    // Down for three seconds, with one attempt a second: at the beginning and at each end of a cooldown.
    expect(failures.length).toBeWithin(1, 5);
    for (const [index, failure] of failures.entries()) {
      if (index > 0) expect(failure.at - (failures[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(990);
    }
    const downUntil = (first?.at ?? 0) + 3000;
    // The contract allows one cooldown and one second. The rest is for a busy machine.
    expect((served.at(-1)?.at ?? 0) - downUntil).toBeLessThan(1000 + 1000 + 20_000);
    const after = await serve(stage, (all) => all.length === 10);
    expect(new Set(after.map(({ provider }) => provider))).toEqual(new Set(['a']));
  });

  test.concurrent('is tried by one request, not by a herd, when its cooldown ends', async () => {
    const stage = await start('mock/503+silence?ms=300', 1);
    await serve(stage, (all) => all.length === 1);
    expect(onPrimary(stage)).toHaveLength(1);
    await Bun.sleep(1100);
    const herd = Array.from({ length: 20 }, () => ask(stage.gateway.url, CHAT, CHAT.body('m')));
    await Promise.all(herd.map(({ ended }) => ended));
    expect(herd.map((exchange) => exchange.status())).toEqual(Array(20).fill(200));
    expect(onPrimary(stage)).toHaveLength(2);
  });
});

describe('the cooldown is the longer of the configured one and Retry-After', () => {
  test.concurrent.each([
    ['a shorter Retry-After does not shorten it', 'mock/429?retry-after=1&times=1', 2],
    ['a longer Retry-After extends it', 'mock/429?retry-after=2&times=1', 1],
    ['so does one in milliseconds', 'mock/429?retry-after=none&retry-after-ms=2000&times=1', 1],
    ['so does one of a 503', 'mock/503?retry-after=2&times=1', 1],
  ])('%s', async (_, fault, cooldownSeconds) => {
    const stage = await start(fault, cooldownSeconds);
    const served = await serve(stage, isBack);
    expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
    const [failure, success] = onPrimary(stage);
    expect((success?.at ?? 0) - (failure?.at ?? 0)).toBeWithin(1980, 2000 + 1000 + 20_000);
  });

  test.concurrent('one that is given as a date counts, to its second', async () => {
    const stage = await start('mock/429?retry-after=date:3&times=1', 0.5);
    await serve(stage, isBack);
    const [failure, success] = onPrimary(stage);
    // A date has no fractions: three seconds ahead are two at least.
    expect((success?.at ?? 0) - (failure?.at ?? 0)).toBeWithin(1900, 24_000);
  });

  test.concurrent('one that is absurd is cut to an hour, and nobody waits for it', async () => {
    const stage = await start('mock/429?retry-after=absurd', 1);
    const [first] = await serve(stage, (all) => all.length === 1);
    expect(first).toMatchObject({ status: 200, provider: 'b' });
    const cooled = await until(() => stage.gateway.events.find((event) => event.type === 'route-cooled'));
    expect(cooled.forMs).toBeWithin(3_590_000, 3_600_001);
  });

  test.concurrent('a later failure never shortens it', async () => {
    const stage = await start('mock/429?retry-after=3&times=1', 0.5);
    // Two requests at once fail on the same route, the second one without Retry-After.
    const late = ask(stage.gateway.url, CHAT, CHAT.body('m'), { 'x-mock-fault': '500+silence?ms=1000' });
    await stage.simulator.waitForAttempts(1);
    const early = ask(stage.gateway.url, CHAT, CHAT.body('m'));
    await Promise.all([early.ended, late.ended]);
    await serve(stage, isBack);
    const asked = stage.simulator.attempts.filter(
      ({ path, fault }) => path.startsWith('/a') && fault !== '500+silence',
    );
    expect((asked[1]?.at ?? 0) - (asked[0]?.at ?? 0)).toBeGreaterThanOrEqual(2980);
  });
});

test.concurrent('with everything cooling, the one whose cooldown ends first is asked, once, rather than nobody', async () => {
  const stage = await startWith(
    '{ provider: a, model: "mock/429?retry-after=60&times=2" }, { provider: b, model: "mock/429?retry-after=30&times=2", priority: 2 }',
    1,
  );
  const statuses: (number | undefined)[] = [];
  for (let count = 0; count < 5; count++) {
    const exchange = ask(stage.gateway.url, CHAT, CHAT.body('m'));
    await exchange.ended;
    statuses.push(exchange.status());
  }
  // The last available route of a model stays for one failure. Then it cools down as well, and is the sooner of the two.
  expect(statuses).toEqual([429, 429, 200, 200, 200]);
  expect(stage.simulator.attempts.filter(({ path }) => path.startsWith('/a'))).toHaveLength(1);
});

test.concurrent('a cooldown of 0 is none', async () => {
  const stage = await start('mock/503', 0);
  const served = await serve(stage, (all) => all.length === 5);
  expect(served.map(({ provider }) => provider)).toEqual(Array(5).fill('b'));
  expect(onPrimary(stage)).toHaveLength(5);
});
