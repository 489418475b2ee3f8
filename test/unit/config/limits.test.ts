import { describe, expect, test } from 'bun:test';
import type { MasterKey, Snapshot } from '../../../src/config/snapshot.ts';
import type { Claim } from '../../../src/limits/claim.ts';
import { NO_CLAIMS } from '../../../src/limits/claim.ts';
import { problemsOf, snapshotOf } from './configuration.ts';

const PROVIDER = 'providers: [{ name: a, api_base: "http://127.0.0.1" }]\n';

function keyNamed({ access }: Snapshot, name: string): MasterKey {
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const key = keys.find((one) => one.name === name);
  if (key === undefined) throw new Error(`no key ${name}`);
  return key;
}

/** The claims of the key "app" with these limits. */
function claimsOf(limits: string, more = ''): readonly Claim[] {
  const snapshot = snapshotOf(
    `${PROVIDER}master_keys: [{ name: app, key: mk-app, limits: ${limits} }]\n${more}`,
  );
  return snapshot.limits.claimsOf(keyNamed(snapshot, 'app'), 'm');
}

function claimOf(limit: string, more = ''): Claim {
  const [claim] = claimsOf(`[${limit}]`, more);
  if (claim === undefined) throw new Error('no claim');
  return claim;
}

describe('a limit', () => {
  test.each([
    ['{ cost: 50, per: month }', 50e9],
    ['{ cost: 0.1, per: month }', 100_000_000],
    ['{ cost: "0.000000001", per: month }', 1],
    ['{ cost: 9_000_000, per: month }', 9e15],
    ['{ cost: 1.5k, per: month }', 1500e9],
    ['{ tokens: 400000, per: minute }', 400_000],
    ['{ tokens: 400_000, per: minute }', 400_000],
    ['{ tokens: 400k, per: minute }', 400_000],
    ['{ tokens: 2M, per: day }', 2_000_000],
    ['{ tokens: 1.1M, per: day }', 1_100_000],
    ['{ requests: 0, per: minute }', 0],
    ['{ concurrent: 8 }', 8],
  ])('%s amounts to %d', (limit, amount) => {
    expect(claimOf(limit).amount).toBe(amount);
  });

  test('says what it counts, over which time, and under which name it is counted', () => {
    expect(claimOf('{ cost: 50, per: month }')).toEqual({
      counter: 'key:app/cost/month',
      scope: 'key',
      scopeId: 'app',
      name: 'app',
      limitId: 'cost/month',
      kind: 'cost',
      amount: 50e9,
      period: { unit: 'month', timezone: 'UTC' },
      burst: undefined,
      hold: 'expected',
      isSoft: false,
      alertAt: [50, 80, 95, 100],
      countsCached: true,
      models: undefined,
    });
    expect(claimOf('{ concurrent: 3 }').period).toBeUndefined();
  });

  test('of a period under a day has a burst, its amount unless another is given', () => {
    expect(claimOf('{ tokens: 100k, per: minute }').burst).toBe(100_000);
    expect(claimOf('{ tokens: 100k, per: minute, burst: 10k }').burst).toBe(10_000);
    expect(claimOf('{ cost: 2, per: hour, burst: 0.5 }').burst).toBe(500_000_000);
    expect(claimOf('{ tokens: 100k, per: day }').burst).toBeUndefined();
  });

  test('takes the zone from itself, the team, or the options', () => {
    const zoneOf = (limit: string, more: string): unknown => {
      const period = claimOf(limit, more).period;
      return period !== undefined && 'timezone' in period ? period.timezone : undefined;
    };
    const options = 'limits_options: { timezone: Asia/Kolkata }';
    expect(zoneOf('{ cost: 1, per: day }', options)).toBe('Asia/Kolkata');
    expect(zoneOf('{ cost: 1, per: day, timezone: Europe/Berlin }', options)).toBe('Europe/Berlin');
    const snapshot = snapshotOf(`${PROVIDER}${options}
teams: [{ name: acme, timezone: America/New_York }, { name: search, parent: acme }]
master_keys: [{ name: app, key: mk-app, team: search, limits: [{ cost: 1, per: day }] }]`);
    const [claim] = snapshot.limits.claimsOf(keyNamed(snapshot, 'app'), 'm');
    expect(claim?.period).toEqual({ unit: 'day', timezone: 'America/New_York' });
  });

  test('of a total may have a start: a day in its zone, or a moment', () => {
    const startOf = (start: string): unknown => {
      const period = claimOf(`{ cost: 1, per: total, start: ${start}, timezone: Europe/Berlin }`).period;
      return period?.unit === 'total' ? period.startMs : undefined;
    };
    expect(startOf('2026-12-01')).toBe(Date.parse('2026-11-30T23:00:00Z'));
    expect(startOf('2026-12-01T08:00:00+02:00')).toBe(Date.parse('2026-12-01T06:00:00Z'));
  });

  test('that only warns, or counts some models, has an id of its own', () => {
    const ids = claimsOf(
      '[{ cost: 1, per: day }, { cost: 2, per: day, on_exceed: warn }, { cost: 3, per: day, models: [m, "n-*"] }, { cost: 4, per: day, id: mine }]',
    ).map(({ limitId }) => limitId);
    expect(ids.toSorted()).toEqual([
      'cost/day',
      expect.stringMatching(/^cost\/day\/[0-9a-f]{8}$/),
      'cost/day/warn',
      'mine',
    ]);
  });

  test('keeps its id when the amount changes, or the order of its models', () => {
    const idOf = (limit: string): string => claimOf(limit).counter;
    expect(idOf('{ cost: 1, per: day, models: [m, n] }')).toBe(
      idOf('{ cost: 9, per: day, models: [n, m], alert_at: [3] }'),
    );
  });

  test('of a renamed key is still counted under the first name', () => {
    const snapshot = snapshotOf(`${PROVIDER}
teams: [{ name: new-team, renamed_from: team, limits: [{ cost: 1, per: day }] }]
users: [{ name: new-user, renamed_from: user, limits: [{ cost: 1, per: day }] }]
master_keys: [{ name: new, renamed_from: old, key: mk-1, team: new-team, user: new-user, limits: [{ cost: 1, per: day }] }]`);
    const claims = snapshot.limits.claimsOf(keyNamed(snapshot, 'new'), 'm');
    expect(claims.map(({ counter, name }) => [counter, name])).toEqual([
      ['key:old/cost/day', 'new'],
      ['user:user/cost/day', 'new-user'],
      ['team:team/cost/day', 'new-team'],
    ]);
  });

  test('of an id with separators is not taken for another', () => {
    const snapshot = snapshotOf(`${PROVIDER}
master_keys:
  - { name: "a/b", key: mk-1, limits: [{ cost: 1, per: day, id: c }] }
  - { name: a, key: mk-2, limits: [{ cost: 1, per: day, id: b/c }] }`);
    const counters = [...snapshot.limits.all()].map(({ counter }) => counter);
    expect(counters).toEqual(['key:a%2Fb/c', 'key:a/b/c']);
  });
});

test.each([
  ['{ cost: 50 }', 'limits[0]: say per: month, day, … or total.'],
  ['{ per: day }', 'limits[0]: says no amount; write one of cost, tokens'],
  ['{ cost: 1, tokens: 2, per: day }', 'limits[0]: says cost and tokens; a limit counts one of them'],
  ['{ requests: 1.5, per: day }', 'limits[0].requests: must be a whole number'],
  ['{ tokens: 0.5k, per: day }', ''],
  ['{ tokens: 0.0005k, per: day }', 'limits[0].tokens: must be a whole number'],
  ['{ cost: 9_000_001, per: day }', 'limits[0].cost: must be an amount in dollars of at most 9000000'],
  ['{ cost: -1, per: day }', 'limits[0].cost: must be at least 0, found -1.'],
  ['{ cost: 1e400, per: day }', 'limits[0].cost: must be a number'],
  ['{ cost: .nan, per: day }', 'limits[0].cost: must be a number'],
  ['{ tokens: many, per: day }', 'limits[0].tokens: must be a number that is not negative, such as 400000'],
  ['{ cost: 1, per: year }', 'limits[0].per: is not one of the allowed values, found "year".'],
  ['{ cost: 1, per: { rolling: 7d } }', 'limits[0].per: is not one of the allowed values'],
  ['{ concurrent: 1, per: day }', 'limits[0].per: is not for concurrent'],
  ['{ cost: 1, per: day, burst: 1 }', 'limits[0].burst: is only for periods under a day'],
  ['{ tokens: 1, per: minute, burst: 0 }', 'limits[0].burst: must be more than 0'],
  ['{ tokens: 1, per: minute, timezone: UTC }', 'limits[0].timezone: is only for day, week and month'],
  ['{ tokens: 1, per: day, week_starts: sunday }', 'limits[0].week_starts: is only for per: week.'],
  ['{ tokens: 1, per: day, start: 2026-01-01 }', 'limits[0].start: is only for per: total.'],
  ['{ tokens: 1, per: total, start: 2026-02-30 }', 'limits[0].start: must be a day such as "2026-12-01"'],
  ['{ tokens: 1, per: total, start: 2026-02-01T10:00:00 }', 'limits[0].start: must be a day'],
  ['{ requests: 1, per: day, hold: maximum }', 'limits[0].hold: is only for limits on cost or tokens.'],
  ['{ cost: 1, per: day, count_cached: false }', 'limits[0].count_cached: is only for limits on tokens'],
  [
    '{ cost: 1, per: day, timezone: Europe/Brlin }',
    'limits[0].timezone: "Europe/Brlin" is not a time zone; write its name in the IANA database, such as Europe/Berlin. Did you mean "Europe/Berlin"?',
  ],
  ['{ cost: 1, per: day }, { cost: 2, per: day }', 'limits[1]: has the same id "cost/day" as limits[0]'],
])('limits: [%s] says what is wrong', (limits, problem) => {
  const problems = problemsOf(`${PROVIDER}limits: [${limits}]\nallow_unauthenticated: true\n`);
  if (problem === '') expect(problems).toEqual([]);
  else expect(problems).toEqual([expect.stringContaining(problem)]);
  for (const each of problems) expect(each).toMatch(/^2:\d+ /);
});

describe('the claims of a request', () => {
  const snapshot = snapshotOf(`${PROVIDER}
teams:
  - { name: acme, limits: [{ cost: 5000, per: month }], per_user: [{ cost: 100, per: month }] }
  - { name: search, parent: acme, limits: [{ tokens: 400k, per: minute }], per_user: [{ cost: 25, per: month }] }
users: [{ name: alice, limits: [{ cost: 60, per: month }] }, { name: bob }]
master_keys:
  - name: app
    key: mk-app
    team: search
    user: alice
    limits:
      - { cost: 40, per: month, id: warn, on_exceed: warn }
      - { cost: 50, per: month }
      - { cost: 5, per: day }
      - { requests: 60, per: minute }
      - { concurrent: 8 }
      - { cost: 1, per: day, models: ["big-*"], id: big }
  - { name: second, key: mk-second, team: search, user: alice }
  - { name: robot, key: mk-robot, team: search }
  - { name: free, key: mk-free }
limits: [{ concurrent: 500 }]`);
  const countersOf = (name: string, model = 'm'): string[] =>
    snapshot.limits.claimsOf(keyNamed(snapshot, name), model).map(({ counter }) => counter);

  test('are those of every scope, refusing ones first, the nearest first', () => {
    expect(countersOf('app')).toEqual([
      'key:app/concurrent',
      'key:app/requests/minute',
      'key:app/cost/day',
      'key:app/cost/month',
      'team_user:search:alice/cost/month',
      'team_user:acme:alice/cost/month',
      'user:alice/cost/month',
      'team:search/tokens/minute',
      'team:acme/cost/month',
      'global/concurrent',
      'key:app/warn',
    ]);
  });

  test('contain a limit on some models only for these', () => {
    expect(countersOf('app', 'big-one')).toContain('key:app/big');
    expect(countersOf('app', 'small')).not.toContain('key:app/big');
  });

  test('count a key without a user as a user of its own', () => {
    expect(countersOf('robot')).toContain('team_user:search:key:robot/cost/month');
  });

  test('are one object for all keys that share them', () => {
    const [first, second] = ['app', 'second'].map((name) =>
      snapshot.limits.claimsOf(keyNamed(snapshot, name), 'm').find(({ scope }) => scope === 'team_user'),
    );
    expect(first).toBe(second);
  });

  test('are one list for each key and model, and equal periods are one object', () => {
    const key = keyNamed(snapshot, 'app');
    const list = snapshot.limits.claimsOf(key, 'm');
    expect(snapshot.limits.claimsOf(key, 'm')).toBe(list);
    expect(snapshot.limits.claimsOf(key, 'n')).toBe(list);
    const months = list.filter(({ period }) => period?.unit === 'month').map(({ period }) => period);
    expect(new Set(months).size).toBe(1);
  });

  test('without a key are those of the gateway', () => {
    expect(snapshot.limits.claimsOf(undefined, 'm').map(({ counter }) => counter)).toEqual([
      'global/concurrent',
    ]);
    expect(countersOf('free')).toEqual(['global/concurrent']);
  });

  test('stay few however many models clients ask for', () => {
    const key = keyNamed(snapshot, 'app');
    const lists = new Set<readonly Claim[]>();
    for (let n = 0; n < 5_000; n += 1) lists.add(snapshot.limits.claimsOf(key, `big-${n}`));
    expect(lists.size).toBe(1);
  });

  test('can all be listed, each once', () => {
    const counters = [...snapshot.limits.all()].map(({ counter }) => counter);
    expect(new Set(counters).size).toBe(counters.length);
    expect(counters).toContain('team_user:acme:key:robot/cost/month');
    expect(counters.length).toBe(14);
  });

  test('without any limit are the same empty list, at once', () => {
    const { limits, access } = snapshotOf(`${PROVIDER}master_keys: [{ name: app, key: mk-app }]`);
    const [key] = access.kind === 'keys' ? [...access.keys.values()] : [];
    expect(limits.claimsOf(key, 'm')).toBe(NO_CLAIMS);
    expect(limits.endUserClaims(key, 'u', 'm')).toBe(NO_CLAIMS);
    expect([limits.isEmpty, limits.needsJournal]).toEqual([true, false]);
  });

  test('need a journal if one of them outlives a restart', () => {
    const needs = (limit: string): boolean =>
      snapshotOf(`${PROVIDER}allow_unauthenticated: true\nlimits: [${limit}]`).limits.needsJournal;
    expect(needs('{ tokens: 1, per: minute }')).toBe(false);
    expect(needs('{ tokens: 1, per: day }')).toBe(true);
    expect(needs('{ concurrent: 1 }')).toBe(true);
  });

  test('are at most 24 for one model', () => {
    const limits = (count: number, models = ''): string =>
      Array.from(
        { length: count },
        (_, n) => `{ cost: 1, per: day, id: l${n}${models && `, models: [${models}${n}]`} }`,
      ).join(', ');
    const problems = (own: string, perEndUser = ''): string[] =>
      problemsOf(
        `${PROVIDER}master_keys: [{ name: app, key: mk-app, limits: [${own}], per_end_user: [${perEndUser}] }]`,
      );
    expect(problems(limits(24))).toEqual([]);
    expect(problems(limits(25))).toEqual([
      expect.stringContaining('master_keys[0]: has 25 limits that hold for one request'),
    ]);
    expect(problems(limits(20), limits(5))).toEqual([expect.stringContaining('has 25 limits')]);
    expect(problems(limits(40, 'm'))).toEqual([]);
  });
});

describe('the limits of end users', () => {
  const snapshot = snapshotOf(`${PROVIDER}
master_keys: [{ name: app, key: mk-app, per_end_user: [{ requests: 30, per: minute }, { cost: 1, per: day, models: [big] }] }]`);
  const key = keyNamed(snapshot, 'app');

  test('are claims of each', () => {
    const [claim, ...others] = snapshot.limits.endUserClaims(key, 'u/1', 'm');
    expect(others).toEqual([]);
    expect(claim).toMatchObject({
      counter: 'end_user:app:u%2F1/requests/minute',
      scope: 'end_user',
      scopeId: 'app:u%2F1',
      name: 'u/1',
      amount: 30,
      burst: 30,
    });
    expect(snapshot.limits.endUserClaims(key, '', 'big').map(({ counter }) => counter)).toEqual([
      'end_user:app:/requests/minute',
      'end_user:app:/cost/day/8ce95d94',
    ]);
  });

  test('let the key name end users, and contradict a key that does not', () => {
    expect(key.endUsers).toBe('optional');
    expect(
      problemsOf(
        `${PROVIDER}master_keys: [{ name: app, key: mk-app, end_users: off, per_end_user: [{ requests: 1, per: minute }] }]`,
      ),
    ).toEqual([
      expect.stringContaining('master_keys[0].end_users: is off, and per_end_user limits end users'),
    ]);
    for (const settings of ['per_end_user: [{ requests: 1, per: minute }]', 'end_users: required'])
      expect(
        problemsOf(
          `${PROVIDER}attribution: { end_user: off }\nmaster_keys: [{ name: app, key: mk-app, ${settings} }]`,
        ),
      ).toEqual([expect.stringContaining('needs to tell end users apart, and attribution.end_user is off')]);
  });
});
