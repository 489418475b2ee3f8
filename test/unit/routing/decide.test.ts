import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Conditions, type Decision, decide, type Availability } from '../../../src/routing/decide.ts';
import type { Attempt, Outcome } from '../../../src/routing/outcome.ts';
import type { Model, Route } from '../../../src/routing/route.ts';
import {
  ANSWERED,
  attempt,
  clientFault,
  conditions,
  failed,
  limited,
  model,
  RETRY,
  route,
  SILENT,
  UNREACHABLE,
} from './world.ts';

const a = route('a');
const b = route('b');
const later = route('later', { priority: 2 });
const x = route('x');
const y = route('y');
const MAIN = model('main', [a, b, later], [model('second', [x]), model('third', [y])]);
const ALONE = model('main', [a]);

/** A decision as a short text. */
function say(decision: Decision): string {
  switch (decision.kind) {
    case 'try':
      return `${decision.reason} ${decision.model}:${decision.route.provider} after ${decision.afterMs}`;
    case 'deliver':
      return 'deliver';
    case 'give-up':
      return `give up: ${decision.because}`;
  }
}

function decided(main: Model, history: readonly Attempt[], more: Partial<Conditions> = {}): string {
  return say(decide(main, history, conditions(more)));
}

/** The availability of routes, by provider. The others are available. */
function statuses(
  by: Readonly<Record<string, Availability['kind'] | number>>,
): Pick<Conditions, 'availability'> {
  return {
    availability: ({ provider }: Route): Availability => {
      const how = by[provider] ?? 'available';
      if (typeof how === 'number') return { kind: 'cooling', untilMs: how };
      return how === 'cooling' ? { kind: 'cooling', untilMs: 9_000 } : { kind: how };
    },
  };
}

describe('from history to decision:', () => {
  const cases: [what: string, history: readonly Attempt[], decision: string][] = [
    ['a new request goes to the best priority', [], 'first main:a after 0'],
    ['an answer is delivered', [attempt(a, ANSWERED)], 'deliver'],
    ['a rejection is delivered', [attempt(a, { kind: 'rejected', status: 400 })], 'deliver'],
    ['a client that left is the end', [attempt(a, { kind: 'cancelled' })], 'give up: cancelled'],
    [
      'a failure goes to the other route of its priority',
      [attempt(a, failed(500))],
      'fallback-route main:b after 0',
    ],
    ['a 429 goes on, too', [attempt(a, limited())], 'fallback-route main:b after 0'],
    ['so does a lost connection', [attempt(a, UNREACHABLE)], 'fallback-route main:b after 0'],
    ['so does silence', [attempt(a, SILENT)], 'fallback-route main:b after 0'],
    [
      "so does a client's fault that is listed",
      [attempt(a, clientFault(400))],
      'fallback-route main:b after 0',
    ],
    [
      'a priority that is used up gives way to the next',
      [attempt(a, failed(500)), attempt(b, failed(500))],
      'fallback-route main:later after 0',
    ],
    [
      'a model that is used up gives way to its fallback',
      [a, b, later].map((each) => attempt(each, failed(500))),
      'fallback-model second:x after 0',
    ],
    [
      'fallback models are tried in their order',
      [a, b, later, x].map((each) => attempt(each, failed(500))),
      'fallback-model third:y after 0',
    ],
    [
      'when all are used up it is over',
      [a, b, later, x, y].map((each) => attempt(each, failed(500))),
      'give up: no-route',
    ],
    ['an answer of a fallback is delivered', [attempt(a, failed(500)), attempt(b, ANSWERED)], 'deliver'],
  ];
  for (const [what, history, decision] of cases) {
    test(what, () => expect(decided(MAIN, history)).toBe(decision));
  }
});

describe('the checks that come before everything else:', () => {
  test('a client that left, even when an answer is there', () => {
    expect(decided(MAIN, [], { clientLeft: true })).toBe('give up: cancelled');
    expect(decided(MAIN, [attempt(a, ANSWERED)], { clientLeft: true })).toBe('give up: cancelled');
  });

  test('an answer is delivered even after the deadline and after the last attempt', () => {
    const late = { deadlineMs: 1_000, policy: { ...RETRY, maxAttempts: 1 } };
    expect(decided(MAIN, [attempt(a, ANSWERED)], late)).toBe('deliver');
  });

  test('nothing is tried at the deadline, and a moment before it there is a budget', () => {
    expect(decided(MAIN, [], { deadlineMs: 1_000 })).toBe('give up: deadline');
    expect(decide(MAIN, [], conditions({ deadlineMs: 1_001 }))).toMatchObject({ kind: 'try', budgetMs: 1 });
  });

  test('without a deadline the budget has no end', () => {
    expect(decide(MAIN, [], conditions())).toMatchObject({ kind: 'try', budgetMs: Infinity });
  });

  test('attempts end with max_retries, over routes and models together', () => {
    const policy = { ...RETRY, maxAttempts: 2 };
    const two = [attempt(a, failed(500)), attempt(b, failed(500))];
    expect(decided(MAIN, two.slice(1), { policy })).toStartWith('fallback-route');
    expect(decided(MAIN, two, { policy })).toBe('give up: attempts');
  });

  test('retries of one route count as attempts, too', () => {
    const policy = { ...RETRY, maxAttempts: 2, retries: 5 };
    const twice = [attempt(a, failed(500)), attempt(a, failed(500), { reason: 'retry' })];
    expect(decided(MAIN, twice, { policy })).toBe('give up: attempts');
  });
});

describe('which routes are available:', () => {
  test('cooling and probed routes are left out, one on trial is not', () => {
    expect(decided(MAIN, [], statuses({ a: 'cooling' }))).toBe('first main:b after 0');
    expect(decided(MAIN, [], statuses({ a: 'probing' }))).toBe('first main:b after 0');
    expect(decided(MAIN, [], statuses({ a: 'on-trial', b: 'cooling' }))).toBe('first main:a after 0');
  });

  test('a better priority that cools leaves the worse one', () => {
    expect(decided(MAIN, [], statuses({ a: 'cooling', b: 'cooling' }))).toBe('first main:later after 0');
  });

  test('a model that cools as a whole leaves its fallback', () => {
    const cooled = statuses({ a: 'cooling', b: 'probing', later: 'cooling' });
    expect(decided(MAIN, [], cooled)).toBe('fallback-model second:x after 0');
  });

  test('a route that was tried under one model is not tried again under another', () => {
    const shared = model('main', [a], [model('second', [a, x])]);
    expect(decided(shared, [attempt(a, failed(500))])).toBe('fallback-model second:x after 0');
  });

  test('a model without routes is passed over', () => {
    expect(decided(model('main', [], [model('second', [x])]), [])).toBe('fallback-model second:x after 0');
  });

  test('the turn of the round robin is among those that are available', () => {
    const three = model('main', [a, b, x]);
    const picks = [0, 1, 2, 3].map((turn) => decided(three, [], { turn, ...statuses({ b: 'cooling' }) }));
    expect(picks.filter((pick) => pick.includes(':a'))).toHaveLength(2);
    expect(picks.filter((pick) => pick.includes(':x'))).toHaveLength(2);
  });
});

describe('the last resort:', () => {
  test('with everything cooling, the one whose cooldown ends first is tried, whatever its priority', () => {
    const cooling = statuses({ a: 9_000, b: 8_000, later: 7_000, x: 7_500, y: 9_500 });
    expect(decided(MAIN, [], cooling)).toBe('last-resort main:later after 0');
  });

  test('it may be a route of a fallback model', () => {
    const cooling = statuses({ a: 9_000, b: 8_000, later: 7_000, x: 6_000, y: 9_500 });
    expect(decided(MAIN, [], cooling)).toBe('last-resort second:x after 0');
  });

  test('a draining route is left out, even if nothing else is there', () => {
    const draining = statuses({ a: 'draining', later: 'draining', b: 8_000, x: 9_000, y: 9_000 });
    expect(decided(MAIN, [], draining)).toBe('last-resort main:b after 0');
    expect(decided(ALONE, [], statuses({ a: 'draining' }))).toBe('give up: no-route');
    expect(decided(MAIN, [], statuses({ a: 'draining', b: 'draining' }))).toBe('first main:later after 0');
    const tried = [attempt(a, failed(503))];
    const policy = { ...RETRY, retries: 3 };
    expect(decided(ALONE, tried, { ...statuses({ a: 'draining' }), policy })).toBe('give up: no-route');
  });

  test('a probed route goes before a cooling one: its time is up', () => {
    expect(decided(model('main', [a, b]), [], statuses({ a: 8_000, b: 'probing' }))).toBe(
      'last-resort main:b after 0',
    );
  });

  test('it is tried once, and neither another nor a retry follows', () => {
    const cooling = statuses({ a: 9_000, b: 8_000, later: 9_000, x: 9_000, y: 9_000 });
    const tried = [attempt(b, failed(503), { reason: 'last-resort' })];
    expect(decided(MAIN, tried, { ...cooling, policy: { ...RETRY, retries: 3 } })).toBe('give up: no-route');
  });

  test('a request that has tried something already does not fall back on cooling routes', () => {
    const cooling = statuses({ b: 'cooling', later: 'cooling', x: 'cooling', y: 'cooling' });
    expect(decided(MAIN, [attempt(a, failed(500))], cooling)).toBe('give up: no-route');
  });

  test('a model with no route at all has none', () => {
    expect(decided(model('main', []), [])).toBe('give up: no-route');
  });
});

describe('the same route again:', () => {
  const once = { ...RETRY, retries: 1 };
  const unset = { ...RETRY, retries: undefined };

  const passing: [Outcome, boolean][] = [
    ...[408, 500, 502, 503, 504, 529].map((status): [Outcome, boolean] => [failed(status), true]),
    ...[400, 401, 402, 403, 404, 501, 505].map((status): [Outcome, boolean] => [failed(status), false]),
    [limited(), true],
    [UNREACHABLE, true],
    [SILENT, false],
    [{ kind: 'timed-out', phase: 'connect' }, false],
    [{ kind: 'timed-out', phase: 'idle' }, false],
  ];
  for (const [outcome, isRetried] of passing) {
    const what = [outcome.kind, 'status' in outcome ? outcome.status : undefined].filter(Boolean).join(' ');
    test(`${what} is ${isRetried ? '' : 'not '}tried again where that is asked for`, () => {
      const expected = isRetried ? /^retry main:a/ : /^fallback-route main:b/;
      expect(decided(MAIN, [attempt(a, outcome)], { policy: once })).toMatch(expected);
    });
  }

  test('by default there is no retry while another route is left', () => {
    expect(decided(MAIN, [attempt(a, failed(503))], { policy: unset })).toStartWith('fallback-route');
  });

  test('by default the last route of all gets one retry', () => {
    const first = attempt(a, failed(503));
    expect(decided(ALONE, [first], { policy: unset })).toStartWith('retry main:a');
    const second = attempt(a, failed(503), { reason: 'retry' });
    expect(decided(ALONE, [first, second], { policy: unset })).toBe('give up: no-route');
  });

  test('with retries: 0 the last route gets none', () => {
    expect(decided(ALONE, [attempt(a, failed(503))])).toBe('give up: no-route');
  });

  test('retries are counted for each route by itself', () => {
    const history = [
      attempt(a, failed(503)),
      attempt(a, failed(503), { reason: 'retry' }),
      attempt(b, failed(503), { reason: 'fallback-route' }),
    ];
    expect(decided(MAIN, history.slice(0, 2), { policy: once })).toBe('fallback-route main:b after 0');
    expect(decided(MAIN, history, { policy: once })).toStartWith('retry main:b');
  });

  test('the pause doubles with each retry and is drawn from the whole of it', () => {
    const policy = { ...RETRY, retries: 5, backoffMs: 250 };
    const pause = (tries: number, dice: number): string =>
      decided(ALONE, Array(tries).fill(attempt(a, failed(503))) as Attempt[], { policy, dice: () => dice });
    expect(pause(1, 0)).toBe('retry main:a after 0');
    expect(pause(1, 0.5)).toBe('retry main:a after 125');
    expect(pause(2, 0.5)).toBe('retry main:a after 250');
    expect(pause(3, 0.5)).toBe('retry main:a after 500');
    expect(pause(5, 0.5)).toBe('retry main:a after 2000');
  });

  test('a Retry-After that is short enough is waited for, exactly', () => {
    for (const outcome of [limited(5_000), failed(503, 5_000)])
      expect(decided(ALONE, [attempt(a, outcome)], { policy: once })).toBe('retry main:a after 5000');
    expect(decided(ALONE, [attempt(a, limited(0))], { policy: once })).toBe('retry main:a after 0');
  });

  test('a Retry-After that is too long is not waited for: the next route, or the end', () => {
    expect(decided(MAIN, [attempt(a, limited(5_001))], { policy: once })).toBe(
      'fallback-route main:b after 0',
    );
    expect(decided(ALONE, [attempt(a, limited(5_001))], { policy: once })).toBe('give up: no-route');
  });

  test('a pause that would reach the deadline is not made', () => {
    const history = [attempt(a, limited(2_000))];
    const until = (deadlineMs: number): Partial<Conditions> => ({ policy: once, deadlineMs });
    expect(decided(ALONE, history, until(3_000))).toBe('give up: no-route');
    expect(decide(ALONE, history, conditions(until(3_100)))).toMatchObject({ afterMs: 2_000, budgetMs: 100 });
  });

  test('a retry stays with the model under which the route was found', () => {
    const history = [
      attempt(a, failed(400)),
      attempt(x, failed(503), { model: 'second', reason: 'fallback-model' }),
    ];
    const short = model('main', [a], [model('second', [x])]);
    expect(decided(short, history, { policy: once })).toStartWith('retry second:x');
  });
});

test('a request that is known to find everything open goes where it would go after a look at each route', () => {
  const routes = fc.array(fc.record({ priority: fc.nat(2), weight: fc.nat(3) }), { maxLength: 6 });
  fc.assert(
    fc.property(routes, routes, fc.nat(50), (own, spare, turn) => {
      const made = (name: string, all: typeof own): Model =>
        model(
          name,
          all.map((more, index) => route(`${name}${index}`, more)),
        );
      const main = { ...made('main', own), fallbacks: [made('spare', spare)] };
      for (const moment of [turn, turn + 1])
        expect(decided(main, [], { turn: moment, allAvailable: true })).toBe(
          decided(main, [], { turn: moment }),
        );
    }),
  );
});
