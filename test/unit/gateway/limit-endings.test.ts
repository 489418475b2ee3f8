import { describe, expect, test } from 'bun:test';
import { createCostMeter } from '../../../src/app/cost-meter.ts';
import type { RequestEnded } from '../../../src/gateway/events.ts';
import { recordOf } from '../../../src/store/records/request-record.ts';
import { responseOf } from '../../../src/server/response.ts';
import { handle } from '../../../src/gateway/handle.ts';
import type { CounterAmount } from '../../../src/limits/counter-amount.ts';
import type { JournaledRequest } from '../../../src/gateway/limits/ports.ts';
import type { ClientRequest, Gateway } from '../../../src/gateway/ports.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';
import { ANSWER, answers, fails, type Play, Scene, silent, unreachable } from './scene.ts';

const CONFIG = `
providers:
  - { name: a, api_base: "http://a.test", trust_provider_cost: record, model_mapping: { m: m } }
  - { name: b, api_base: "http://b.test" }
models: { two: { routes: [{ provider: a, model: m, priority: 1 }, { provider: b, model: m, priority: 2 }] } }
prices: { catalogue: "off", models: { "*/m": { input: 3, output: 15 } } }
fallback: { retries: 0, cooldown_seconds: 0 }
spend: { journal: memory }
limits:
  - { cost: 1000, per: total }
  - { tokens: 100M, per: total }
  - { tokens: 100M, per: minute }
  - { requests: 1M, per: day }
  - { concurrent: 100 }
`;

const EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"Hello there, how are you today?"}}]}\n\n';
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } })}\n\n`;
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';

/** A stream of these pieces; `breaks`: the connection is lost behind them, `hangs`: it stays silent. */
function streams(pieces: readonly string[], end: 'ends' | 'breaks' | 'hangs' = 'ends'): Play {
  return ({ cancellation }) => {
    const left = pieces.map((piece) => new TextEncoder().encode(piece));
    const read = async (): Promise<{ done: boolean; value?: Uint8Array }> => {
      const value = left.shift();
      if (value !== undefined) return { done: false, value };
      if (end === 'breaks') throw new Error('reset');
      if (end === 'ends') return { done: true };
      return new Promise((_, reject) => {
        cancellation.onCancel = () => reject(new Error('aborted'));
      });
    };
    return {
      kind: 'reply',
      status: 200,
      headers: new Headers({ 'content-type': 'text/event-stream' }),
      body: {
        read,
        async pipe(take) {
          for (;;) {
            const { done, value } = await read().catch(() => ({ done: true, value: undefined }));
            if (done || value === undefined) return end === 'breaks' ? 'broken' : 'end';
            const wait = take(value);
            if (wait === 'stop') return 'stop';
            await wait;
          }
        },
        cancel: () => Promise.resolve(),
      },
    };
  };
}

const noUsage: Play = () => {
  const { usage: _, ...answer } = JSON.parse(ANSWER) as Record<string, unknown>;
  return json(JSON.stringify(answer));
};

const emptyAnswer: Play = () => json('{"choices":[]}');

function json(text: string): Awaited<ReturnType<Play>> {
  const bytes = new TextEncoder().encode(text);
  const left = [bytes];
  return {
    kind: 'reply',
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    body: {
      read: () => Promise.resolve({ done: left.length === 0, value: left.shift() }),
      pipe: () => Promise.resolve('end'),
      cancel: () => Promise.resolve(),
    },
  };
}

/** The client takes the whole answer, leaves before it comes, or leaves after its first bytes. */
type Client = 'stays' | 'left' | 'leaves-early' | 'leaves-in-stream';

interface World {
  readonly scene: Scene;
  readonly gateway: Gateway;
  /** The model that is asked for; `two` has a second provider. */
  readonly model: string;
  /** The use written to the journal, by counter. */
  readonly used: Map<string, number>;
  readonly open: Set<string>;
}

function worldOf(plays: readonly Play[], broken: Partial<Gateway> = {}, second?: Play): World {
  const scene = new Scene(CONFIG, { a: plays, ...(second && { b: [second] }) });
  const [used, open] = [new Map<string, number>(), new Set<string>()];
  const close = (id: string, _: RequestEnded, uses: readonly CounterAmount[]): void => {
    open.delete(id);
    for (const { counter, amount } of uses) used.set(counter, (used.get(counter) ?? 0) + amount);
  };
  const journal = {
    open: ({ requestId }: { requestId: string }) => void open.add(requestId),
    grow: () => undefined,
    settle: () => undefined,
    drop: () => undefined,
    close,
  };
  const tokens = { count: (text: string) => Promise.resolve(Math.ceil(text.length / 4)) };
  const costs = createCostMeter(() => scene.snapshot, scene.clock);
  const model = second === undefined ? 'm' : 'two';
  return { scene, gateway: { ...scene.gateway, costs, journal, tokens, ...broken }, model, used, open };
}

async function ask({ gateway, scene, model }: World, client: Client, isStream: boolean): Promise<void> {
  const leaving = new AbortController();
  if (client === 'left') leaving.abort();
  const body = JSON.stringify({
    model,
    stream: isStream,
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  const request: ClientRequest = {
    method: 'POST',
    path: '/v1/chat/completions',
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    signal: leaving.signal,
    clientAddress: () => '',
    readBody: () => Promise.resolve(new TextEncoder().encode(body)),
  };
  const answering = handle(request, gateway);
  if (client === 'leaves-early') setTimeout(() => leaving.abort(), 1);
  const response = responseOf(await answering);
  if (client !== 'leaves-in-stream' || response.body === null) {
    const reading = response.text().catch(() => '');
    await Promise.race([reading, Bun.sleep(15)]);
    // A broken stream is reset after a moment.
    scene.clock.pass(10_000);
    if (client === 'leaves-early') leaving.abort();
    await Promise.race([reading, Bun.sleep(15)]);
    return;
  }
  const reader = response.body.getReader();
  await Promise.race([reader.read().catch(() => undefined), Bun.sleep(15)]);
  leaving.abort();
  await reader.cancel().catch(() => undefined);
}

/** Checks that nothing is held, and that counters, journal and records agree to the nano-dollar. */
async function expectSettled({ scene, gateway, used, open }: World): Promise<void> {
  await Bun.sleep(5);
  const at = { nowMs: scene.clock.nowMs(), epochMs: scene.clock.epochMs() };
  let [records, tokens] = [0, 0];
  for (const event of scene.events) {
    if (event.type !== 'request-ended') continue;
    records += event.cost?.nano ?? 0;
    tokens += (event.usage?.inputTokens ?? 0) + (event.usage?.outputTokens ?? 0);
  }
  for (const claim of scene.snapshot.limits.all()) {
    const standing = gateway.counters.standing(claim, at);
    if (standing === undefined) continue;
    expect({ counter: claim.counter, held: standing.held }).toEqual({ counter: claim.counter, held: 0 });
    if (claim.period?.unit !== 'total') continue;
    expect({ counter: claim.counter, used: standing.used }).toEqual({
      counter: claim.counter,
      used: used.get(claim.counter) ?? 0,
    });
    if (claim.kind === 'cost') expect(standing.used).toBe(records);
    if (claim.kind === 'tokens') expect(standing.used).toBe(tokens);
  }
  expect([...open]).toEqual([]);
}

const ENDINGS: Readonly<Record<string, readonly [play: Play, client: Client, isStream: boolean]>> = {
  'an answer': [answers(), 'stays', false],
  'an answer without usage': [noUsage, 'stays', false],
  'an answer that is none': [emptyAnswer, 'stays', false],
  'a mistake of the client': [fails(400), 'stays', false],
  'a limit of the provider': [fails(429), 'stays', false],
  'a failure of the provider': [fails(500), 'stays', true],
  'an unreachable provider': [unreachable, 'stays', false],
  'a silent provider': [silent, 'stays', false],
  'a stream': [streams([EVENT, FINISH, USAGE, 'data: [DONE]\n\n']), 'stays', true],
  'a stream without usage': [streams([EVENT, FINISH, 'data: [DONE]\n\n']), 'stays', true],
  'a stream that breaks off': [streams([EVENT, EVENT], 'breaks'), 'stays', true],
  'a stream that breaks before its content': [streams([], 'breaks'), 'stays', true],
  'a client that has left': [answers(), 'left', false],
  'a client that leaves before the answer': [silent, 'leaves-early', false],
  'a client that leaves before the content': [streams([], 'hangs'), 'leaves-early', true],
  'a client that leaves a stream': [streams([EVENT, EVENT], 'hangs'), 'leaves-in-stream', true],
};

describe('nothing is held, and counters and records agree, after', () => {
  for (const [name, [play, client, isStream]] of Object.entries(ENDINGS)) {
    test(name, async () => {
      const world = worldOf([play]);
      await ask(world, client, isStream);
      await expectSettled(world);
      expect(world.scene.events.filter(({ type }) => type === 'request-ended')).toHaveLength(1);
    });
  }

  test('200 random requests', async () => {
    const dice = seededDice(7);
    const kinds = Object.values(ENDINGS);
    const chosen = Array.from({ length: 200 }, () => kinds[Math.floor(dice() * kinds.length)] ?? kinds[0]!);
    const world = worldOf(chosen.filter(([, client]) => client !== 'left').map(([play]) => play));
    let id = 0;
    const gateway = { ...world.gateway, newRequestId: () => `req_${++id}` };
    for (const [, client, isStream] of chosen) await ask({ ...world, gateway }, client, isStream);
    await expectSettled(world);
  }, 180_000);
});

test('the holds of a stream grow with it, and its bytes are learned from', async () => {
  const long = EVENT.replace('Hello', 'Hello '.repeat(2_000));
  const usage = USAGE.replace('"completion_tokens":4', '"completion_tokens":4000');
  const world = worldOf([
    streams([...Array.from({ length: 40 }, () => long), FINISH, usage, 'data: [DONE]\n\n']),
  ]);
  const grown: CounterAmount[] = [];
  const journal = {
    ...world.gateway.journal!,
    grow: (request: JournaledRequest) => void grown.push(...request.holds()),
  };
  const before = world.gateway.estimates.bytesPerToken('m');
  await ask({ ...world, gateway: { ...world.gateway, journal } }, 'stays', true);
  expect(world.scene.events.some(({ type }) => type === 'hold-grown')).toBe(true);
  const kinds = grown.map(({ counter }) => counter.split('/')[1]);
  expect(new Set(kinds)).toEqual(new Set(['cost', 'tokens', 'requests']));
  expect(world.gateway.estimates.bytesPerToken('m')).not.toBe(before);
  await expectSettled(world);
});

describe('the cost of a client that leaves', () => {
  const costOf = async (name: string): Promise<Partial<RequestEnded>> => {
    const world = worldOf([ENDINGS[name]![0]]);
    await ask(world, ENDINGS[name]![1], ENDINGS[name]![2]);
    await Bun.sleep(5);
    const ended = world.scene.events.find((event) => event.type === 'request-ended');
    if (ended?.type !== 'request-ended') throw new Error('the request has not ended');
    return ended;
  };

  test('before any answer is 0', async () => {
    expect(await costOf('a client that leaves before the answer')).toMatchObject({
      cost: { nano: 0, basis: 'not-billed' },
    });
  });

  test('before the content is that of the input, since the provider had begun', async () => {
    const { usage, cost } = await costOf('a client that leaves before the content');
    expect(usage?.inputTokens).toBeGreaterThan(0);
    expect([usage?.outputTokens, cost?.basis, cost?.nano]).toEqual([
      0,
      'estimated',
      (usage?.inputTokens ?? 0) * 3_000,
    ]);
  });

  test('after content is that of the input and of what came', async () => {
    const { usage, cost } = await costOf('a client that leaves a stream');
    expect(usage?.outputTokens).toBeGreaterThan(0);
    expect(cost?.basis).toBe('estimated');
  });
});

describe('an attempt that was no answer', () => {
  const empty = '{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}';
  const emptyStream = [
    'data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}\n\n',
    'data: [DONE]\n\n',
  ];
  const wasted = 100 * 3_000 + 10 * 15_000;

  for (const [what, play, isStream] of [
    ['an answer', () => json(empty), false],
    ['a stream', streams(emptyStream), true],
  ] as const) {
    test(`costs what it says, beside the one that follows it, for ${what}`, async () => {
      const second = isStream ? streams([EVENT, FINISH, USAGE, 'data: [DONE]\n\n']) : answers();
      const world = worldOf([play], {}, second);
      await ask(world, 'stays', isStream);
      await expectSettled(world);
      const ended = world.scene.events.find((event) => event.type === 'request-ended');
      if (ended?.type !== 'request-ended') throw new Error('the request has not ended');
      const { inputTokens = 0, outputTokens = 0 } = ended.usage ?? {};
      expect([inputTokens > 100, outputTokens > 10]).toEqual([true, true]);
      expect([ended.history.length, ended.cost?.nano]).toEqual([
        2,
        inputTokens * 3_000 + outputTokens * 15_000,
      ]);
      const { costNano, attemptsCost } = recordOf(ended, 0);
      const attempts = JSON.parse(attemptsCost ?? '[]') as { provider: string; cost_nano: number }[];
      expect(attempts.map(({ provider }) => provider)).toEqual(['a', 'b']);
      expect(attempts[0]?.cost_nano).toBe(wasted);
      expect(attempts.reduce((sum, { cost_nano: nano }) => sum + nano, 0)).toBe(costNano ?? 0);
    });

    test(`costs what it says alone, for ${what}`, async () => {
      const world = worldOf([play]);
      await ask(world, 'stays', isStream);
      await expectSettled(world);
      const ended = world.scene.events.find((event) => event.type === 'request-ended');
      expect(ended).toMatchObject({ ending: 'failed', cost: { nano: wasted, basis: 'provider' } });
    });
  }
});

test('what the provider says that it costs stands beside ours, where it is asked for', async () => {
  const report = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 0.0000123 };
  const play: Play = () => json(JSON.stringify({ ...JSON.parse(ANSWER), usage: report }));
  const recorded = async (world: World): Promise<unknown[]> => {
    await ask(world, 'stays', false);
    await expectSettled(world);
    const ended = world.scene.events.find((event) => event.type === 'request-ended');
    if (ended?.type !== 'request-ended') throw new Error('the request has not ended');
    const { costNano, providerCostNano } = recordOf(ended, 0);
    return [costNano, providerCostNano];
  };
  expect(await recorded(worldOf([play]))).toEqual([18_000, 12_300]);
  expect(await recorded(worldOf([fails(500)], {}, play))).toEqual([18_000, undefined]);
});

test('an answer is delivered although its prices cannot be read, and its cost is unknown', async () => {
  const { scene } = worldOf([answers()]);
  const { estimator } = createCostMeter(() => scene.snapshot, scene.clock);
  const costs = { estimator, costOf: () => Promise.reject(new Error('the catalogue is gone')) };
  const world = worldOf([answers()], { costs });
  await ask(world, 'stays', false);
  await expectSettled(world);
  const { events } = world.scene;
  expect(events.filter(({ type }) => type === 'bug')).toHaveLength(1);
  const ended = events.find((event) => event.type === 'request-ended');
  expect(ended).toMatchObject({ status: 200, ending: 'complete', cost: undefined });
});

describe('nothing is held after a bug in', () => {
  const broken = (): never => {
    throw new Error('a bug');
  };
  const world = worldOf([answers()]);
  const { gateway } = world;
  const BUGS: Readonly<Record<string, Partial<Gateway>>> = {
    'the choice of a route': { turns: { next: broken } },
    'the taking of a probe': { cooldowns: wrapped(gateway.cooldowns, { take: broken }) },
    'the noting of an outcome': { cooldowns: wrapped(gateway.cooldowns, { note: broken }) },
    'the count of requests in flight': { traffic: wrapped(gateway.traffic, { begin: broken }) },
    'the measuring of latencies': { traffic: wrapped(gateway.traffic, { measured: broken }) },
    'the sending': { upstream: { send: broken } },
    'the estimate of the cost': { costs: { estimator: broken, costOf: broken } },
    'the cost': {
      costs: {
        estimator: () => createCostMeter(() => world.scene.snapshot, world.scene.clock).estimator(),
        costOf: broken,
      },
    },
    'the opening of the journal': {
      journal: {
        open: broken,
        grow: () => undefined,
        settle: () => undefined,
        drop: () => undefined,
        close: () => undefined,
      },
    },
    'the tracing': { tracing: { attemptContext: broken, recordedTrace: () => undefined } },
    'the count of tokens': { tokens: { count: () => Promise.reject(new Error('a bug')) } },
    'learning from it': { estimates: wrapped(gateway.estimates, { note: broken }) },
  };
  const whole = streams([EVENT, FINISH, USAGE, 'data: [DONE]\n\n']);
  const plays = { 'an answer': [answers(), false], 'a stream': [whole, true] } as const;
  for (const [place, parts] of Object.entries(BUGS)) {
    for (const [what, [play, isStream]] of Object.entries(plays)) {
      test(`${place}, of ${what}`, async () => {
        const one = worldOf([place === 'the count of tokens' ? noUsage : play], parts);
        await ask(one, 'stays', isStream).catch(() => undefined);
        await Bun.sleep(5);
        const at = { nowMs: one.scene.clock.nowMs(), epochMs: one.scene.clock.epochMs() };
        for (const claim of one.scene.snapshot.limits.all())
          expect(one.gateway.counters.standing(claim, at)?.held ?? 0).toBe(0);
      });
    }
  }
});

/** The same object with some functions replaced. */
function wrapped<T extends object>(whole: T, parts: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      if (name in parts) return parts[name as keyof T];
      const value = target[name as keyof T];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
