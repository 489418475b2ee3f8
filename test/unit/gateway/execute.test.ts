import { describe, expect, test } from 'bun:test';
import type { Execution } from '../../../src/gateway/execute.ts';
import { answers, fails, type Play, Scene, silent, unreachable } from './scene.ts';

/** Two providers in order of priority, without retries unless the test asks for them. */
function pair(plays: { a: Play[]; b?: Play[] }, fallback = 'retries: 0'): Scene {
  const config = `
providers:
  - { name: a, api_base: "http://a.test" }
  - { name: b, api_base: "http://b.test" }
models:
  m:
    routes:
      - { provider: a, model: upstream-a }
      - { provider: b, model: upstream-b, priority: 2 }
fallback: { ${fallback} }`;
  return new Scene(config, { a: plays.a, b: plays.b ?? [answers()] });
}

function alone(plays: Play[], more = 'fallback: { retries: 1 }'): Scene {
  const config = `
providers: [{ name: a, api_base: "http://a.test" }]
models: { m: { routes: [{ provider: a, model: upstream-a }] } }
${more}`;
  return new Scene(config, { a: plays });
}

function outcomes({ history }: Execution): string[] {
  return history.map(({ route, reason, outcome }) => `${route.provider} ${reason}: ${outcome.kind}`);
}

/** Lets all pending work run. */
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
  await Bun.sleep(1);
}

describe('routes are tried until one answers', () => {
  test('the first answer is delivered, and nobody else is asked', async () => {
    const scene = pair({ a: [answers()] });
    const execution = await scene.ask('m');
    expect(outcomes(execution)).toEqual(['a first: answered']);
    expect(execution).toMatchObject({ decision: { kind: 'deliver' }, pausedMs: 0, answer: { status: 200 } });
    expect(scene.asked()).toEqual(['a']);
  });

  test('a failure goes on to the next route, with the body under its own name', async () => {
    const scene = pair({ a: [fails(500)] });
    const execution = await scene.ask('m');
    expect(outcomes(execution)).toEqual(['a first: failed', 'b fallback-route: answered']);
    const models = scene.sent.map(
      ({ body }) => (JSON.parse(String(Buffer.concat(body ?? []))) as { model: string }).model,
    );
    expect(models).toEqual(['upstream-a', 'upstream-b']);
  });

  test('where all fail, the last answer is what is left to show', async () => {
    const scene = pair({ a: [fails(500)], b: [fails(503)] });
    const execution = await scene.ask('m');
    expect(execution.decision).toEqual({ kind: 'give-up', because: 'no-route' });
    expect(execution.answer).toMatchObject({ kind: 'whole', status: 503 });
  });

  test('a lost connection at the end leaves nothing to show', async () => {
    const execution = await pair({ a: [fails(500)], b: [unreachable] }).ask('m');
    expect(execution.answer).toBeUndefined();
  });

  test('a request that is rejected is not tried elsewhere', async () => {
    const scene = pair({ a: [fails(400)] });
    expect((await scene.ask('m')).decision).toEqual({ kind: 'deliver' });
    expect(scene.asked()).toEqual(['a']);
  });

  test('every attempt is told, counted from 1', async () => {
    const scene = pair({ a: [fails(500)] });
    await scene.ask('m');
    const told = scene.events.flatMap((event) => (event.type === 'attempt-ended' ? [event] : []));
    expect(told.map(({ number, attempt }) => `${number} ${attempt.route.provider}`)).toEqual(['1 a', '2 b']);
  });

  test('an attempt has the times at which it began and was decided', async () => {
    const { history } = await pair({ a: [answers(250)] }).ask('m');
    expect(history[0]).toMatchObject({ startedAtMs: 1_000, endedAtMs: 1_250 });
  });
});

describe('cooling', () => {
  test('a route cools when its request moves on, and the next one goes elsewhere', async () => {
    const scene = pair({ a: [fails(500)] });
    await scene.ask('m');
    expect(scene.cooled()).toEqual(['a for 30000']);
    expect(outcomes(await scene.ask('m'))).toEqual(['b first: answered']);
  });

  test('it lasts as long as the provider asks, where that is longer', async () => {
    const scene = pair({ a: [fails(429, { 'retry-after': '90' })] });
    await scene.ask('m');
    expect(scene.cooled()).toEqual(['a for 90000']);
  });

  test('nothing cools while the same route is tried again, and nothing if that helps', async () => {
    const scene = pair({ a: [fails(503), answers()] }, 'retries: 1, retry_backoff: 0');
    expect(outcomes(await scene.ask('m'))).toEqual(['a first: failed', 'a retry: answered']);
    expect(scene.cooled()).toEqual([]);
  });

  test('a retry that does not help cools it once', async () => {
    const scene = pair({ a: [fails(503)] }, 'retries: 2, retry_backoff: 0');
    await scene.ask('m');
    expect(scene.asked()).toEqual(['a', 'a', 'a', 'b']);
    expect(scene.cooled()).toEqual(['a for 30000']);
  });

  test('a failure of a single route cools nothing, and the second in a row does', async () => {
    const scene = alone([fails(500)], 'fallback: { retries: 0 }');
    await scene.ask('m');
    expect(scene.cooled()).toEqual([]);
    await scene.ask('m');
    expect(scene.cooled()).toEqual(['a for 30000']);
  });

  test('when it ends one request probes the route, and an answer opens it', async () => {
    const scene = pair({ a: [fails(500), answers()] });
    await scene.ask('m');
    scene.clock.pass(30_000);
    const [probe] = (await scene.ask('m')).history;
    expect(probe).toMatchObject({ isProbe: true, outcome: { kind: 'answered' } });
    expect((await scene.ask('m')).history[0]?.isProbe).toBe(false);
    expect(scene.asked()).toEqual(['a', 'b', 'a', 'a']);
  });

  test('while the probe is out, others go elsewhere', async () => {
    let let_go: () => void = () => undefined;
    const hanging: Play = async (request, clock) => {
      await new Promise<void>((resolve) => (let_go = resolve));
      return answers()(request, clock);
    };
    const scene = pair({ a: [fails(500), hanging, answers()] });
    await scene.ask('m');
    scene.clock.pass(30_000);
    const probe = scene.ask('m');
    await settled();
    expect(outcomes(await scene.ask('m'))).toEqual(['b first: answered']);
    let_go();
    expect(outcomes(await probe)).toEqual(['a first: answered']);
    expect(outcomes(await scene.ask('m'))).toEqual(['a first: answered']);
  });

  for (const [what, retried] of [
    ['fails', [fails(503), fails(503)]],
    ['is answered', [fails(503), answers(), fails(503), fails(503)]],
  ] as const) {
    test(`a probe whose retry ${what} is over with it: after the next cooldown there is a next probe`, async () => {
      const scene = pair(
        { a: [fails(503), fails(503), ...retried, answers()] },
        'retries: 1, retry_backoff: 0',
      );
      await scene.ask('m');
      while (scene.sent.filter(({ provider }) => provider.name === 'a').length < retried.length + 2) {
        scene.clock.pass(30_000);
        await scene.ask('m');
        if (scene.asked().length > 20) throw new Error('the route is never tried again');
      }
      scene.clock.pass(30_000);
      expect(outcomes(await scene.ask('m'))).toEqual(['a first: answered']);
    });
  }

  test('a client that leaves during the probe leaves the route on trial', async () => {
    const client = new AbortController();
    const leaving: Play = () => {
      client.abort();
      return { kind: 'aborted' };
    };
    const scene = pair({ a: [fails(500), leaving, answers()] });
    await scene.ask('m');
    scene.clock.pass(30_000);
    await scene.ask('m', client.signal);
    expect((await scene.ask('m')).history[0]).toMatchObject({ isProbe: true, outcome: { kind: 'answered' } });
  });
});

describe('a bug in an attempt', () => {
  const throws: Play = () => {
    throw new Error('a bug');
  };

  test('leaves nothing in flight', async () => {
    const scene = pair({ a: [throws] });
    await expect(scene.ask('m')).rejects.toThrow('a bug');
    expect(scene.traffic.inFlight('a/upstream-a')).toBe(0);
  });
  test('in the body of an answer ends the attempt at the provider', async () => {
    let isCancelled = false;
    const broken: Play = (request) => {
      request.cancellation.onCancel = () => {
        isCancelled = true;
      };
      return {
        kind: 'reply',
        status: 200,
        headers: new Proxy(new Headers(), {
          get: () => {
            throw new Error('a bug');
          },
        }),
        body: null,
      };
    };
    const scene = pair({ a: [broken] });
    await expect(scene.ask('m')).rejects.toThrow('a bug');
    expect([isCancelled, scene.traffic.inFlight('a/upstream-a')]).toEqual([true, 0]);
  });
  test('that probes its route leaves it on trial', async () => {
    const scene = pair({ a: [fails(500), throws, answers()] });
    await scene.ask('m');
    scene.clock.pass(30_000);
    await expect(scene.ask('m')).rejects.toThrow('a bug');
    expect((await scene.ask('m')).history[0]).toMatchObject({ isProbe: true, outcome: { kind: 'answered' } });
  });
});

describe('pauses', () => {
  test('a Retry-After is waited for, and counted as a pause', async () => {
    const scene = alone([fails(503, { 'retry-after': '2' }), answers(100)]);
    const asking = scene.ask('m');
    await settled();
    expect(scene.asked()).toEqual(['a']);
    scene.clock.pass(1_999);
    await settled();
    expect(scene.asked()).toEqual(['a']);
    scene.clock.pass(1);
    const execution = await asking;
    expect(scene.asked()).toEqual(['a', 'a']);
    expect(execution.pausedMs).toBe(2_000);
    expect(execution.history[1]).toMatchObject({ reason: 'retry', startedAtMs: 3_000, endedAtMs: 3_100 });
  });

  test('a client that leaves meanwhile ends it at once, and nothing more is sent', async () => {
    const client = new AbortController();
    const scene = alone([fails(503, { 'retry-after': '4' }), answers()]);
    const asking = scene.ask('m', client.signal);
    await settled();
    client.abort();
    const execution = await asking;
    expect(execution.decision).toEqual({ kind: 'give-up', because: 'cancelled' });
    expect(scene.asked()).toEqual(['a']);
    expect(scene.clock.nowMs()).toBe(1_000);
  });
});

describe('a client that leaves', () => {
  test('during an attempt ends it: no other route is tried, and nothing cools', async () => {
    const client = new AbortController();
    const hanging: Play = (request) =>
      new Promise((resolve) => {
        request.cancellation.onCancel = () => resolve({ kind: 'aborted' });
      });
    const scene = pair({ a: [hanging] });
    const asking = scene.ask('m', client.signal);
    await settled();
    client.abort();
    const execution = await asking;
    expect(outcomes(execution)).toEqual(['a first: cancelled']);
    expect(execution.decision).toEqual({ kind: 'give-up', because: 'cancelled' });
    expect([scene.asked(), scene.cooled()]).toEqual([['a'], []]);
  });

  test('before anything was sent is not served at all', async () => {
    const client = new AbortController();
    client.abort();
    const scene = pair({ a: [answers()] });
    expect((await scene.ask('m', client.signal)).history).toEqual([]);
    expect(scene.asked()).toEqual([]);
  });
});

describe('limits of time', () => {
  test('a silent provider is given up at its limit, once, and the next one is asked', async () => {
    const scene = pair({ a: [silent] }, 'retries: 5');
    const execution = await scene.ask('m');
    expect(outcomes(execution)).toEqual(['a first: timed-out', 'b fallback-route: answered']);
    expect(scene.asked()).toEqual(['a', 'b']);
  });

  test('the limit of the request ends the attempt, and no other follows', async () => {
    const config = `
providers: [{ name: a, api_base: "http://a.test" }, { name: b, api_base: "http://b.test" }]
models: { m: { routes: [{ provider: a, model: x }, { provider: b, model: x, priority: 2 }] } }
timeouts: { request_timeout: 5 }`;
    const scene = new Scene(config, { a: [silent], b: [answers()] });
    const execution = await scene.ask('m');
    expect(execution.decision).toEqual({ kind: 'give-up', because: 'deadline' });
    expect(scene.asked()).toEqual(['a']);
  });
});

describe('what is measured', () => {
  test('nothing is in flight when it is over, however it went', async () => {
    for (const play of [answers(), fails(500), fails(400), unreachable, silent]) {
      const scene = pair({ a: [play] });
      await scene.ask('m');
      expect([scene.traffic.inFlight('a/upstream-a'), scene.traffic.inFlight('b/upstream-b')]).toEqual([
        0, 0,
      ]);
      expect(scene.clock.pending).toBe(0);
    }
  });

  test('only answers count for the latency: failing fast is not being fast', async () => {
    const scene = pair({ a: [fails(500)], b: [answers(70)] });
    await scene.ask('m');
    expect(scene.traffic.latencyMs('a/upstream-a', scene.clock.nowMs())).toBeUndefined();
    expect(scene.traffic.latencyMs('b/upstream-b', scene.clock.nowMs())).toBe(70);
  });
});
