import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { RequestEnded } from '../../src/gateway/events.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, type TestGateway, until } from './gateway.ts';
import { socketTurn } from '../../src/lib/socket-turn.ts';
import { windowOf } from '../../src/limits/window.ts';
import { openSocket } from './web-socket-client.ts';

let simulator: Simulator;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = startGateway(`
providers:
  - { name: first, api_base: ${simulator.url}, api_key: sk-first-provider, websockets: [realtime, responses] }
models:
  voice: { routes: [{ provider: first, model: gpt-realtime-1 }] }
  text: { routes: [{ provider: first, model: gpt-5.5-upstream }] }
  silent: { routes: [{ provider: first, model: mock/ws-silence }] }
  endless: { routes: [{ provider: first, model: mock/ws-stall }] }
prices: { catalogue: "off", models: { "first/*": { input: 3, output: 15 } } }
spend: { journal: memory }
master_keys:
  - { name: two, key: mk-two, limits: [{ requests: 2, per: day }, { tokens: 1M, per: day }, { concurrent: 5 }] }
  - { name: money, key: mk-money, limits: [{ cost: 5, per: month }] }
  - { name: voice, key: mk-voice, limits: [{ cost: 5, per: month }] }
  - { name: cut, key: mk-cut, limits: [{ cost: 5, per: month }] }
  - { name: sure, key: mk-sure, limits: [{ cost: 0.7, per: month, hold: maximum }] }
  - { name: empty, key: mk-empty, limits: [{ cost: 0, per: month }] }
`);
});

afterAll(async () => {
  await gateway.stop();
  await simulator.stop();
});

const auth = (name: string): Bun.WebSocketOptions => ({ headers: { authorization: `Bearer mk-${name}` } });

function held(key: string): Readonly<Record<string, readonly [used: number, held: number]>> {
  const at = { nowMs: 0, epochMs: Date.now() };
  const standings = [...gateway.app.snapshot().limits.all()].filter(({ name }) => name === key);
  return Object.fromEntries(
    standings.map((claim) => {
      const standing = gateway.app.counters.standing(claim, at);
      return [claim.limitId, [standing?.used ?? 0, standing?.held ?? 0] as const];
    }),
  );
}

const create = (model: string): object => ({ type: 'response.create', model, input: 'Hello!' });

describe('each response of a WebSocket', () => {
  test('is held, settled with what the provider reports, and refused in the socket beyond a limit', async () => {
    const client = await openSocket(gateway.url, '/v1/responses', auth('two'));
    client.send(create('text'));
    await client.event('response.completed', 1);
    let isPrepared = false;
    const end = socketTurn.beforeWrites(() => (isPrepared = true));
    client.send(create('text'));
    await client.event('response.completed', 2);
    end();
    // The journal is written before a message is sent to the provider.
    expect(isPrepared).toBe(true);
    client.send(create('text'));
    const refused = await client.event('error');
    expect(refused).toMatchObject({
      status: 429,
      error: {
        code: 'rate_limit_exceeded',
        limit: { scope: 'key', name: 'two', id: 'requests/day', used: 2, held: 0 },
      },
    });
    const ended = gateway.events.findLast((event) => event.type === 'request-ended');
    expect(ended).toMatchObject({ ending: 'refused', keyName: 'two', model: 'text' });
    const tokens = gateway.events.reduce(
      (sum, event) =>
        event.type === 'request-ended' && event.keyName === 'two'
          ? sum + (event.usage?.totalTokens ?? 0)
          : sum,
      0,
    );
    expect(tokens).toBeGreaterThan(0);
    expect(held('two')).toEqual({ 'requests/day': [2, 0], 'tokens/day': [tokens, 0], concurrent: [0, 0] });
    expect(client.closed()).toBeUndefined();
    client.socket.close();
  });

  test('costs what it says, and holds nothing when the client leaves', async () => {
    const client = await openSocket(gateway.url, '/v1/responses', auth('money'));
    client.send(create('text'));
    await client.event('response.completed');
    const cost = await until(() => {
      const ended = gateway.events.findLast(
        (event) => event.type === 'request-ended' && event.keyName === 'money',
      );
      return ended?.type === 'request-ended' ? ended.cost?.nano : undefined;
    });
    expect(held('money')).toEqual({ 'cost/month': [cost, 0] });
    const silent = await openSocket(gateway.url, '/v1/responses', auth('money'));
    silent.send(create('silent'));
    await until(() => (held('money')['cost/month']?.[1] ?? 0) > 0 || undefined);
    silent.socket.close();
    await until(() => held('money')['cost/month']?.[1] === 0 || undefined);
    client.socket.close();
  });

  test('is refused without asking a provider, where a budget is used up', async () => {
    const before = simulator.attempts.length;
    const client = await openSocket(gateway.url, '/v1/responses', auth('empty'));
    client.send(create('text'));
    expect(await client.event('error')).toMatchObject({ status: 429, error: { code: 'budget_exceeded' } });
    expect(simulator.attempts.length).toBe(before);
    client.socket.close();
  });

  test('of the Realtime API costs what it says, and what it was cut off after', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', auth('voice'));
    await client.event('session.created');
    client.send({ type: 'response.create' });
    await client.event('response.done');
    // 12 and 8 tokens.
    await until(() => held('voice')['cost/month']?.[0] === 156_000 || undefined);
    expect(held('voice')['cost/month']).toEqual([156_000, 0]);
    client.socket.close();
    const cut = await openSocket(gateway.url, '/v1/responses', auth('cut'));
    cut.send(create('endless'));
    await cut.event('response.output_text.delta');
    cut.socket.close();
    const ended = await until(() =>
      gateway.events.find(
        (event) => event.type === 'request-ended' && event.keyName === 'cut' && event.status === 200,
      ),
    );
    expect(ended).toMatchObject({
      ending: 'client-left',
      isUsageEstimated: true,
      cost: { basis: 'estimated' },
    });
    expect((ended as RequestEnded).usage?.outputTokens).toBeGreaterThan(0);
    await until(() => (held('cut')['cost/month']?.[0] ?? 0) > 0 || undefined);
    expect(held('cut')['cost/month']?.[1]).toBe(0);
  });

  test('is held in advance under hold: maximum, and a session without room for it is told and closed', async () => {
    const client = await openSocket(gateway.url, '/v1/realtime?model=voice', auth('sure'));
    await client.event('session.created');
    const [used, ahead] = await until(() => {
      const all = held('sure')['cost/month'];
      return all !== undefined && all[1] > 0 ? all : undefined;
    });
    expect(used).toBe(0);
    expect(ahead).toBeGreaterThan(32_768 * 15_000);
    client.send({ type: 'response.create' });
    await client.event('response.done');
    await until(() => held('sure')['cost/month']?.[0] === 156_000 || undefined);
    expect(held('sure')['cost/month']?.[1]).toBeGreaterThan(32_768 * 15_000);
    expect(client.closed()).toBeUndefined();
    // Others use the rest, so that the next response no longer fits.
    const window = windowOf({ unit: 'month', timezone: 'UTC' }, Date.now()).startMs;
    gateway.app.counters.adjust('key:sure/cost/month', window, 300_000_000);
    client.send({ type: 'response.create' });
    expect(await client.event('error')).toMatchObject({ error: { code: 'budget_exceeded' } });
    await until(() => client.closed());
    expect(client.closed()).toMatchObject({ code: 1008 });
    expect(held('sure')['cost/month']).toEqual([300_156_000, 0]);
  });
});
