import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway } from '../e2e/gateway.ts';
import { CHAT } from './apis.ts';
import { ask } from './exchange.ts';

let simulator: Simulator;
let gateway: TestGateway;
let done = 0;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
beforeEach(() => {
  simulator.reset();
  done = 0;
});

function start(detection: string): void {
  gateway = startGateway(`
master_keys: [{ name: careless, key: mk-careless }, { name: careful, key: mk-careful }]
providers:
  - { name: a, api_base: "${simulator.url}/a" }
  - { name: b, api_base: "${simulator.url}/b" }
models:
  one: { routes: [{ provider: a, model: shared }] }
  two: { routes: [{ provider: a, model: shared }, { provider: b, model: shared, priority: 2 }] }
${detection}`);
}

/** The upstream model is the same for all clients, so the fault lies in the request. */
async function send(key: string, model: string, fault?: string): Promise<number> {
  const answer = ask(gateway.url, CHAT, CHAT.body(model), {
    authorization: `Bearer ${key}`,
    ...(fault !== undefined && { 'x-mock-fault': fault }),
  });
  await answer.ended;
  return answer.status();
}

/** A thousand bad requests, forty at a time, and a good one after every tenth. Returns the results of the good ones. */
async function flood(
  model: string,
  faults: readonly string[],
): Promise<{ bad: Set<number>; good: number[] }> {
  const bad = new Set<number>();
  const good: number[] = [];
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      while (done < 1000) {
        const number = done++;
        bad.add(await send('mk-careless', model, faults[number % faults.length]));
        if (number % 10 === 0) good.push(await send('mk-careful', model));
      }
    }),
  );
  return { bad, good };
}

const FAULTS = ['400', '404', '405', '409', '413', '415', '422', 'context-length', 'content-policy'];
const STATUSES = new Set([400, 404, 405, 409, 413, 415, 422]);

describe.each([
  ['with the defaults', ''],
  ['where 4xx counts as a failure, as in the example', 'detection: { error_codes: ["4xx", "5xx"] }'],
  [
    'where a pattern makes them failures',
    'detection: { error_patterns: [invalid_request, context_length, policy] }',
  ],
])('a thousand bad requests, %s,', (_, detection) => {
  test.each(['one', 'two'])('leave a model (%s) to the others', async (model) => {
    start(detection);
    const { bad, good } = await flood(model, FAULTS);
    expect(bad).toEqual(STATUSES);
    expect(good).toHaveLength(100);
    expect(new Set(good)).toEqual(new Set([200]));
    expect(gateway.events.filter(({ type }) => type === 'route-cooled')).toEqual([]);
    simulator.reset();
    for (let count = 0; count < 10; count++) expect(await send('mk-careful', model)).toBe(200);
    expect(new Set(simulator.attempts.map(({ path }) => path.slice(0, 2)))).toEqual(new Set(['/a']));
    await gateway.stop();
  });
});

test('a provider’s own failure does cool it: the test can tell', async () => {
  start('');
  expect(await send('mk-careless', 'two', '500')).toBe(500);
  expect(gateway.events.some(({ type }) => type === 'route-cooled')).toBe(true);
  await gateway.stop();
});

test('the literal reading can be had: client errors cool down where the configuration says so', async () => {
  start('detection: { error_codes: ["4xx"] }\nfallback: { cooldown_on_client_errors: true }');
  expect(await send('mk-careless', 'two', '422')).toBe(422);
  expect(gateway.events.some(({ type }) => type === 'route-cooled')).toBe(true);
  await gateway.stop();
});
