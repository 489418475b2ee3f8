import { describe, expect, test } from 'bun:test';
import { cooldownFor, CooldownLedger, type CooldownPolicy } from '../../../src/routing/cooldown.ts';
import type { Outcome } from '../../../src/routing/outcome.ts';
import { type Model, routeId } from '../../../src/routing/route.ts';
import {
  ANSWERED,
  attempt,
  clientFault,
  failed,
  limited,
  model,
  route,
  SILENT,
  UNREACHABLE,
} from './world.ts';

const HOUR = 3_600_000;
const POLICY: CooldownPolicy = { cooldownMs: 30_000, onClientErrors: false };
const a = route('a');
const b = route('b');
const PAIR = model('main', [a, b]);

describe('how long an outcome cools its route', () => {
  const cases: [what: string, outcome: Outcome, ms: number][] = [
    ['an answer', ANSWERED, 0],
    ['a rejection', { kind: 'rejected', status: 400 }, 0],
    ['a client that left', { kind: 'cancelled' }, 0],
    ["a client's fault", clientFault(422), 0],
    ['a failure', failed(500), 30_000],
    ['a failure that asks for more', failed(503, 45_000), 45_000],
    ['a failure that asks for less', failed(503, 1_000), 30_000],
    ['a 429', limited(), 30_000],
    ['a 429 that asks for more', limited(60_000), 60_000],
    ['a 429 that asks for less', limited(0), 30_000],
    ['a 429 that asks for the moon', limited(1e23), HOUR],
    ['a lost connection', UNREACHABLE, 30_000],
    ['silence', SILENT, 30_000],
  ];
  for (const [what, outcome, ms] of cases) {
    test(`${what}: ${ms} ms`, () => expect(cooldownFor(outcome, POLICY)).toBe(ms));
    test(`${what}: nothing where cooldowns are off`, () =>
      expect(cooldownFor(outcome, { cooldownMs: 0, onClientErrors: true })).toBe(0));
  }

  test("a client's fault cools where that is asked for", () =>
    expect(cooldownFor(clientFault(422), { ...POLICY, onClientErrors: true })).toBe(30_000));

  test('a cooldown of more than an hour that the operator wrote stays as it is', () =>
    expect(cooldownFor(limited(1e23), { ...POLICY, cooldownMs: 2 * HOUR })).toBe(2 * HOUR));
});

/** A short way to write tests of a ledger with a clock. */
class Scene {
  readonly ledger = new CooldownLedger();
  nowMs = 10_000;

  note(
    provider: string,
    outcome: Outcome,
    more: { isProbe?: boolean; owner?: Model; policy?: CooldownPolicy } = {},
  ): number {
    const { owner = PAIR, policy = POLICY, isProbe = false } = more;
    return this.ledger.note(attempt(route(provider), outcome, { isProbe }), owner, policy, this.nowMs);
  }

  state(provider: string): string {
    const availability = this.ledger.availability(route(provider).id, this.nowMs);
    return availability.kind === 'cooling'
      ? `cooling for ${availability.untilMs - this.nowMs}`
      : availability.kind;
  }

  take(provider: string): boolean {
    return this.ledger.take(route(provider).id, this.nowMs);
  }

  /** Route a, whose cooldown has just ended. */
  static onTrial(): Scene {
    const scene = new Scene();
    scene.note('a', failed(500));
    scene.nowMs += 30_000;
    return scene;
  }
}

describe('the states of a route', () => {
  test('it is open until it fails, then cools, and is on trial when its time is up', () => {
    const scene = new Scene();
    expect(scene.state('a')).toBe('available');
    expect(scene.take('a')).toBe(false);
    expect(scene.note('a', failed(500))).toBe(30_000);
    expect(scene.state('a')).toBe('cooling for 30000');
    expect(scene.state('b')).toBe('available');
    scene.nowMs += 29_999;
    expect(scene.state('a')).toBe('cooling for 1');
    scene.nowMs += 1;
    expect(scene.state('a')).toBe('on-trial');
  });

  test('the first request to take it is its probe, and there is one at a time', () => {
    const scene = Scene.onTrial();
    expect([scene.take('a'), scene.take('a'), scene.take('a')]).toEqual([true, false, false]);
    expect(scene.state('a')).toBe('probing');
  });

  test('a probe that is answered opens it', () => {
    const scene = Scene.onTrial();
    scene.take('a');
    expect(scene.note('a', ANSWERED, { isProbe: true })).toBe(0);
    expect(scene.state('a')).toBe('available');
  });

  test('a probe whose request is rejected opens it: the provider is there', () => {
    const scene = Scene.onTrial();
    scene.take('a');
    scene.note('a', { kind: 'rejected', status: 400 }, { isProbe: true });
    expect(scene.state('a')).toBe('available');
  });

  test('a probe that fails cools it again, and there is a next probe', () => {
    const scene = Scene.onTrial();
    scene.take('a');
    expect(scene.note('a', failed(500), { isProbe: true })).toBe(30_000);
    expect(scene.state('a')).toBe('cooling for 30000');
    scene.nowMs += 30_000;
    expect(scene.take('a')).toBe(true);
  });

  test('a probe that says nothing of the provider leaves it on trial for the next one', () => {
    for (const outcome of [{ kind: 'cancelled' }, clientFault(400)] as const) {
      const scene = Scene.onTrial();
      scene.take('a');
      scene.note('a', outcome, { isProbe: true });
      expect(scene.state('a')).toBe('on-trial');
      expect(scene.take('a')).toBe(true);
    }
  });

  test('a cooling route that is taken for want of another is no probe', () => {
    const scene = new Scene();
    scene.note('a', failed(500));
    expect(scene.take('a')).toBe(false);
    expect(scene.state('a')).toBe('cooling for 30000');
  });

  test('an answer that began before the failure does not end the cooldown', () => {
    const scene = new Scene();
    scene.note('a', limited(60_000));
    scene.note('a', ANSWERED);
    expect(scene.state('a')).toBe('cooling for 60000');
  });

  test('an answer to a straggler opens a route on trial, without a second probe beside the first', () => {
    const scene = Scene.onTrial();
    scene.take('a');
    scene.note('a', ANSWERED);
    expect(scene.state('a')).toBe('available');
    scene.note('a', failed(500));
    scene.nowMs += 30_000;
    expect(scene.take('a')).toBe(false);
    scene.note('a', ANSWERED, { isProbe: true });
    expect(scene.state('a')).toBe('available');
  });
});

describe('how cooldowns add up', () => {
  test('a later failure never shortens one', () => {
    const scene = new Scene();
    scene.note('a', limited(300_000));
    scene.nowMs += 1_000;
    expect(scene.note('a', failed(500))).toBe(299_000);
    expect(scene.state('a')).toBe('cooling for 299000');
  });

  test('a later failure may lengthen one', () => {
    const scene = new Scene();
    scene.note('a', failed(500));
    scene.nowMs += 20_000;
    scene.note('a', failed(500));
    expect(scene.state('a')).toBe('cooling for 30000');
  });

  test('an absurd Retry-After ends after an hour', () => {
    const scene = new Scene();
    scene.note('a', limited(1e23));
    expect(scene.state('a')).toBe(`cooling for ${HOUR}`);
  });

  test('with cooldown_seconds: 0 nothing cools', () => {
    const scene = new Scene();
    for (let n = 0; n < 5; n++)
      expect(scene.note('a', limited(60_000), { policy: { cooldownMs: 0, onClientErrors: true } })).toBe(0);
    expect(scene.state('a')).toBe('available');
  });

  test('a route that cooled before cooldown_seconds became 0 does not stay on trial', () => {
    const scene = new Scene();
    scene.note('a', failed(500));
    scene.nowMs += 30_000;
    expect(scene.state('a')).toBe('on-trial');
    scene.note('a', failed(500), { policy: { cooldownMs: 0, onClientErrors: false } });
    expect(scene.state('a')).toBe('available');
  });

  test("a thousand requests' own faults cool nothing", () => {
    const scene = new Scene();
    for (let n = 0; n < 1_000; n++) scene.note('a', clientFault(400));
    expect(scene.state('a')).toBe('available');
  });
});

describe('the last open route of a model', () => {
  const alone = model('main', [a]);

  test('is not left out for one failure, but for the second in a row', () => {
    const scene = new Scene();
    expect(scene.note('a', failed(500), { owner: alone })).toBe(0);
    expect(scene.state('a')).toBe('available');
    expect(scene.note('a', failed(500), { owner: alone })).toBe(30_000);
    expect(scene.state('a')).toBe('cooling for 30000');
  });

  test('a success between two failures starts the count anew', () => {
    const scene = new Scene();
    scene.note('a', failed(500), { owner: alone });
    scene.note('a', ANSWERED, { owner: alone });
    expect(scene.note('a', failed(500), { owner: alone })).toBe(0);
  });

  test('is the one whose companions all cool, are probed or on trial', () => {
    const scene = new Scene();
    expect(scene.note('a', failed(500))).toBe(30_000);
    expect(scene.note('b', failed(500))).toBe(0);
    expect(scene.state('b')).toBe('available');
  });

  test('a client that left says nothing either way', () => {
    const scene = new Scene();
    scene.note('a', failed(500), { owner: alone });
    scene.note('a', { kind: 'cancelled' }, { owner: alone });
    expect(scene.note('a', failed(500), { owner: alone })).toBe(30_000);
  });
});

test('expired cooldowns are forgotten; active and probing ones are not', () => {
  const scene = new Scene();
  const trio = model('main', [a, b, route('c'), route('available')]);
  scene.note('a', failed(500), { owner: trio });
  scene.note('b', failed(500), { owner: trio });
  scene.note('c', limited(120_000), { owner: trio });
  scene.nowMs += 60_000;
  scene.take('b');
  scene.ledger.sweep(scene.nowMs);
  expect([scene.state('a'), scene.state('b'), scene.state('c')]).toEqual([
    'available',
    'probing',
    'cooling for 60000',
  ]);
});

describe('an endpoint of a route', () => {
  const NO_CHOICES: Outcome = {
    kind: 'failed',
    status: 200,
    defect: 'no-choices',
    retryAfterMs: undefined,
    fault: 'provider',
  };
  const note = (ledger: CooldownLedger, outcome: Outcome, endpoint: string, nowMs: number): number =>
    ledger.note(attempt(a, outcome, { endpoint, isProbe: nowMs > 31_000 }), PAIR, POLICY, nowMs);

  test('cools by itself for what tells of it alone', () => {
    const ledger = new CooldownLedger();
    expect(note(ledger, NO_CHOICES, '/v1/completions', 1_000)).toBe(30_000);
    expect(ledger.availability(a.id, 2_000, '/v1/completions').kind).toBe('cooling');
    expect(ledger.availability(a.id, 2_000, '/v1/embeddings').kind).toBe('available');
    expect(ledger.availability(a.id, 2_000).kind).toBe('available');
  });

  test('cools with the whole route for what tells of the provider', () => {
    const ledger = new CooldownLedger();
    note(ledger, failed(500), '/v1/completions', 1_000);
    expect(ledger.availability(a.id, 2_000, '/v1/embeddings').kind).toBe('cooling');
  });

  test('is as badly off as the worse of the two', () => {
    const ledger = new CooldownLedger();
    note(ledger, NO_CHOICES, '/v1/completions', 1_000);
    note(ledger, failed(503, 60_000), '/v1/embeddings', 1_000);
    expect(ledger.availability(a.id, 2_000, '/v1/completions')).toEqual({ kind: 'cooling', untilMs: 61_000 });
  });

  test('has one probe, whose answer opens it', () => {
    const ledger = new CooldownLedger();
    note(ledger, NO_CHOICES, '/v1/completions', 1_000);
    expect(ledger.take(a.id, 31_000, '/v1/completions')).toBe(true);
    expect(ledger.take(a.id, 31_000, '/v1/completions')).toBe(false);
    expect(ledger.take(a.id, 31_000, '/v1/embeddings')).toBe(false);
    note(ledger, ANSWERED, '/v1/completions', 31_500);
    expect(ledger.availability(a.id, 31_500, '/v1/completions').kind).toBe('available');
  });

  test('cannot be cooled by a model that bears its name', () => {
    const ledger = new CooldownLedger();
    for (const upstream of ['m /v1/completions', 'm\n/v1/completions', '/v1/completions m']) {
      const twin = route('a', { id: routeId('a', upstream) });
      ledger.note(attempt(twin, failed(500)), PAIR, POLICY, 1_000);
    }
    expect(ledger.availability(a.id, 2_000, '/v1/completions').kind).toBe('available');
  });
});

describe('an operator', () => {
  test('drains a route until it is resumed, whatever becomes of it meanwhile', () => {
    const ledger = new CooldownLedger();
    ledger.drain(a.id);
    expect(ledger.allAvailable()).toBe(false);
    expect(ledger.availability(a.id, 0)).toEqual({ kind: 'draining' });
    expect(ledger.availability(a.id, 0, '/v1/chat/completions')).toEqual({ kind: 'draining' });
    expect(ledger.availability(b.id, 0)).toEqual({ kind: 'available' });
    ledger.note(attempt(a, failed(500)), PAIR, POLICY, 1_000);
    ledger.note(attempt(a, ANSWERED), PAIR, POLICY, 90_000);
    ledger.sweep(HOUR);
    expect(ledger.availability(a.id, HOUR)).toEqual({ kind: 'draining' });
    ledger.resume(a.id);
    ledger.resume(b.id);
    expect(ledger.availability(a.id, HOUR).kind).not.toBe('draining');
  });

  test('ends a cooldown, also that of one endpoint', () => {
    const ledger = new CooldownLedger();
    const chat = '/v1/chat/completions';
    ledger.note(attempt(a, failed(500)), PAIR, POLICY, 0);
    const noChat = {
      kind: 'failed',
      status: 404,
      defect: undefined,
      retryAfterMs: undefined,
      fault: 'provider',
    } as const;
    ledger.note(attempt(b, noChat, { endpoint: chat }), PAIR, POLICY, 0);
    ledger.note(attempt(b, noChat, { endpoint: chat }), PAIR, POLICY, 0);
    expect(ledger.availability(a.id, 1).kind).toBe('cooling');
    expect(ledger.availability(b.id, 1, chat).kind).toBe('cooling');
    for (const { id } of [a, b]) ledger.clear(id, [chat]);
    expect(ledger.availability(a.id, 1)).toEqual({ kind: 'available' });
    expect(ledger.availability(b.id, 1, chat)).toEqual({ kind: 'available' });
    expect(ledger.allAvailable()).toBe(true);
  });
});
