import { expect, test } from 'bun:test';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, until } from '../e2e/gateway.ts';
import { seededDice } from '../simulation/seeded-dice.ts';

/** Requests in each round are under way at the same time. */
const ROUNDS = 10;
const AT_ONCE = 40;

test('however clients leave, nothing stays held, and counters are what the requests used', async () => {
  const simulator = await startSimulator({ tokensPerSecond: 400, words: 20 });
  const gateway = startGateway(`
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-a }]
models:
  m: { routes: [{ provider: a, model: mock/ok }] }
  cut: { routes: [{ provider: a, model: "mock/cut-rst?after=3" }] }
  sick: { routes: [{ provider: a, model: mock/503 }] }
fallback: { retries: 0, cooldown_seconds: 0 }
prices: { models: { "a/*": { input: 2, output: 10 } } }
spend: { journal: memory }
allow_unauthenticated: true
limits: [{ concurrent: 500 }, { cost: 1000, per: total }, { tokens: 500M, per: total }, { tokens: 500M, per: minute }]
`);
  const dice = seededDice(5);
  const ask = async (): Promise<void> => {
    const leaving = new AbortController();
    // One in five stays to the end, however slow the machine.
    const staysMs = dice() < 0.2 ? 60_000 : dice() * 80;
    const timer = setTimeout(() => leaving.abort(), staysMs);
    const model = ['m', 'm', 'm', 'cut', 'sick'][Math.floor(dice() * 5)] ?? 'm';
    const body = chat(model, { stream: dice() < 0.6 });
    const asking = gateway.post('/v1/chat/completions', body, { signal: leaving.signal });
    await asking.then((response) => response.text()).catch(() => '');
    clearTimeout(timer);
  };
  for (let round = 0; round < ROUNDS; round++) await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const count = (type: string): number => gateway.events.filter((event) => event.type === type).length;
  await until(() => count('request-started') === count('request-ended') || undefined);
  let [cost, tokens] = [0, 0];
  for (const event of gateway.events) {
    if (event.type !== 'request-ended') continue;
    cost += event.cost?.nano ?? 0;
    tokens += (event.usage?.inputTokens ?? 0) + (event.usage?.outputTokens ?? 0);
  }
  const at = { nowMs: 0, epochMs: Date.now() };
  const standings = [...gateway.app.snapshot().limits.all()]
    .filter(({ period }) => period?.unit !== 'minute')
    .map((claim) => [claim.limitId, gateway.app.counters.standing(claim, at)] as const);
  expect(Object.fromEntries(standings)).toMatchObject({
    concurrent: { used: 0, held: 0 },
    'cost/total': { used: cost, held: 0 },
    'tokens/total': { used: tokens, held: 0 },
  });
  expect(cost).toBeGreaterThan(0);
  const endings = new Set(gateway.events.map((event) => event.type === 'request-ended' && event.ending));
  for (const ending of ['complete', 'client-left', 'truncated', 'failed'] as const)
    expect(endings).toContain(ending);
  await gateway.stop();
  await simulator.stop();
}, 180_000);
