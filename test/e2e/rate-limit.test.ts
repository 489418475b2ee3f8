import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from './gateway.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}" }]
master_keys:
  - { name: burst, key: mk-burst, rate_limit: { requests_per_second: 2, burst_size: 5 } }
  - { name: race, key: mk-race, rate_limit: { requests_per_second: 0.001, burst_size: 10 } }
  - { name: blocked, key: mk-blocked, rate_limit: { requests_per_second: 0, burst_size: 0 } }
  - { name: free, key: mk-free }`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const ask = (key: string): Promise<Response> =>
  gateway.post('/v1/chat/completions', chat('gpt'), { headers: { authorization: `Bearer ${key}` } });

async function statuses(key: string, count: number): Promise<number[]> {
  const responses = await Promise.all(Array.from({ length: count }, () => ask(key)));
  return responses.map(({ status }) => status);
}

test('2 a second with bursts of 5 admits 5 at once, and then as many as the time that passed allows', async () => {
  const begin = performance.now();
  let admitted = (await statuses('mk-burst', 12)).filter((status) => status === 200).length;
  const passedAtFirst = performance.now() - begin;
  expect(admitted).toBeGreaterThanOrEqual(5);
  expect(admitted).toBeLessThanOrEqual(5 + Math.floor((passedAtFirst * 2) / 1000));
  while (performance.now() - begin < 2_600) {
    if ((await ask('mk-burst')).status === 200) admitted += 1;
    await Bun.sleep(20);
  }
  const seconds = (performance.now() - begin) / 1000;
  expect(admitted).toBeLessThanOrEqual(5 + Math.floor(seconds * 2));
  expect(admitted).toBeGreaterThanOrEqual(5 + 4);
});

test('200 at the same time get exactly what the bucket holds', async () => {
  const before = simulator.attempts.length;
  const all = await statuses('mk-race', 200);
  expect(all.filter((status) => status === 200)).toHaveLength(10);
  expect(all.filter((status) => status === 429)).toHaveLength(190);
  expect(simulator.attempts.length - before).toBe(10);
});

test('a refused request says when to come back, in the fields that clients read', async () => {
  await statuses('mk-race', 11);
  const response = await ask('mk-race');
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(response.headers.get('x-ratelimit-limit-requests')).toBe('10');
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+(\.\d+)?s$/);
  expect(await response.json()).toMatchObject({
    error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' },
  });
});

test('a limit of 0 blocks everything', async () => {
  const response = await ask('mk-blocked');
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).not.toBeNull();
});

test('without a limit everything is admitted, and nothing is said of limits', async () => {
  expect(await statuses('mk-free', 100)).toEqual(Array(100).fill(200));
  expect((await ask('mk-free')).headers.get('x-ratelimit-limit-requests')).toBeNull();
});

test('the remaining requests survive a change of the configuration', async () => {
  await statuses('mk-race', 11);
  gateway.reconfigure(`
providers: [{ name: b, api_base: "${simulator.url}" }]
master_keys:
  - { name: race, key: mk-race, rate_limit: { requests_per_second: 0.001, burst_size: 10 } }`);
  expect((await ask('mk-race')).status).toBe(429);
});
