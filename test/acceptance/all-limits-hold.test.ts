import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { systemClock } from '../../src/lib/system-clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { chat, startGateway, type TestGateway } from '../e2e/gateway.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

interface Answer {
  readonly status: number;
  readonly limit: { readonly scope: string; readonly name: string; readonly id: string } | undefined;
}

async function ask(gateway: TestGateway, key: string, endUser = 'someone'): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}`, 'x-llm-proxy-user': endUser };
  const answer = await gateway.post('/v1/chat/completions', chat('mock/ok'), { headers });
  const body = (await answer.json()) as { readonly error?: { readonly limit: Answer['limit'] } };
  return { status: answer.status, limit: body.error?.limit };
}

/** From the nearest, which a refusal names, to the widest. */
const SCOPES = ['end_user', 'key', 'team_user', 'user', 'team', 'global'] as const;

/** Every combination of scopes whose limit is used up, as bits in the order of `SCOPES`. */
const COMBINATIONS = Array.from({ length: 2 ** SCOPES.length }, (_, bits) => bits);

describe('a request is refused if, and only if, any limit that holds for it is used up', () => {
  for (const isGlobalFull of [false, true]) {
    test(`where that of the whole gateway is ${isGlobalFull ? '' : 'not '}used up`, async () => {
      const combinations = COMBINATIONS.filter((bits) => isFull(bits, 'global') === isGlobalFull);
      const gateway = startGateway(configFor(combinations));
      try {
        for (const bits of combinations) {
          const nearest = SCOPES.find((scope) => isFull(bits, scope));
          const { status, limit } = await ask(gateway, `mk-${bits}`);
          expect([bits, status, limit?.scope]).toEqual([bits, nearest === undefined ? 200 : 429, nearest]);
        }
      } finally {
        await gateway.stop();
      }
    });
  }
});

function isFull(bits: number, scope: (typeof SCOPES)[number]): boolean {
  return (bits & (1 << SCOPES.indexOf(scope))) !== 0;
}

/** A key of its own team and user for each combination. A limit of 0 is used up from the beginning. */
function configFor(combinations: readonly number[]): string {
  const list = (bits: number, scope: (typeof SCOPES)[number]): string =>
    `[{ requests: ${isFull(bits, scope) ? 0 : 1000}, per: day }]`;
  const lines = (one: (bits: number) => string): string =>
    combinations.map((bits) => `  - ${one(bits)}`).join('\n');
  return `providers: [{ name: mock, api_base: "${simulator.url}/v1" }]
spend: { journal: memory }
limits: ${list(combinations[0] ?? 0, 'global')}
teams:
${lines((bits) => `{ name: t${bits}, limits: ${list(bits, 'team')}, per_user: ${list(bits, 'team_user')} }`)}
users:
${lines((bits) => `{ name: u${bits}, limits: ${list(bits, 'user')} }`)}
master_keys:
${lines((bits) => `{ name: k${bits}, key: mk-${bits}, team: t${bits}, user: u${bits}, limits: ${list(bits, 'key')}, per_end_user: ${list(bits, 'end_user')} }`)}`;
}

const HOUR_MS = 3_600_000;

describe('a limit that is used up opens when its window ends, and nothing else has to happen', () => {
  const DAYS = { day: '2026-03-29', week: '2026-03-30', month: '2026-04-01' } as const;
  const scopes = ['key', 'user', 'team', 'team_user', 'end_user', 'global'] as const;
  test.each(
    scopes.flatMap((scope) => (['day', 'week', 'month'] as const).map((per) => [scope, per] as const)),
  )('of a %s by the %s', async (scope, per) => {
    // In Berlin the day before has 23 hours, and the first window ends at midnight of this date.
    const edgeMs = Date.parse(`${DAYS[per]}T00:00:00+0${per === 'day' ? 1 : 2}:00`);
    let epochMs = edgeMs - HOUR_MS;
    const gateway = startGateway(onlyLimited(scope, `{ requests: 1, per: ${per} }`), {
      ...systemClock,
      epochMs: () => epochMs,
    });
    try {
      const statuses = [];
      for (const momentMs of [edgeMs - HOUR_MS, edgeMs - HOUR_MS, edgeMs - 1, edgeMs, edgeMs]) {
        epochMs = momentMs;
        statuses.push((await ask(gateway, 'mk-app')).status);
      }
      expect(statuses).toEqual([200, 429, 429, 200, 429]);
    } finally {
      await gateway.stop();
    }
  });

  test('but a total never does', async () => {
    let epochMs = Date.parse('2026-03-29T00:00:00Z');
    const gateway = startGateway(onlyLimited('key', '{ requests: 1, per: total }'), {
      ...systemClock,
      epochMs: () => epochMs,
    });
    try {
      expect((await ask(gateway, 'mk-app')).status).toBe(200);
      epochMs += 10 * 365 * 24 * HOUR_MS;
      expect((await ask(gateway, 'mk-app')).status).toBe(429);
    } finally {
      await gateway.stop();
    }
  });
});

/** A configuration with this one limit of the scope, in Berlin. */
function onlyLimited(scope: (typeof SCOPES)[number], limit: string): string {
  const listOf = (wanted: string): string => (scope === wanted ? `[${limit}]` : '[]');
  return `providers: [{ name: mock, api_base: "${simulator.url}/v1" }]
spend: { journal: memory }
limits_options: { timezone: Europe/Berlin }
limits: ${listOf('global')}
teams: [{ name: search, limits: ${listOf('team')}, per_user: ${listOf('team_user')} }]
users: [{ name: alice, limits: ${listOf('user')} }]
master_keys:
  - { name: app, key: mk-app, team: search, user: alice, limits: ${listOf('key')}, per_end_user: ${listOf('end_user')} }`;
}

describe('what was used stays', () => {
  const config = (keys: string): string => `providers: [{ name: mock, api_base: "${simulator.url}/v1" }]
spend: { journal: memory }
master_keys:
${keys}`;

  test('when the amount, the order, the name or anything else changes', async () => {
    const gateway = startGateway(
      config(
        '  - { name: app, key: mk-app, limits: [{ requests: 3, per: day }, { requests: 9, per: month }] }',
      ),
    );
    try {
      for (const status of [200, 200]) expect((await ask(gateway, 'mk-app')).status).toBe(status);
      for (const key of [
        '{ name: app, key: mk-app, limits: [{ requests: 9, per: month }, { requests: 2, per: day, alert_at: [5] }] }',
        '{ name: new, renamed_from: app, key: mk-new-secret, limits: [{ requests: 2, per: day, id: requests/day }] }',
      ]) {
        gateway.reconfigure(config(`  - ${key}`));
        const { status, limit } = await ask(gateway, key.includes('mk-new') ? 'mk-new-secret' : 'mk-app');
        expect([status, limit?.id]).toEqual([429, 'requests/day']);
      }
      gateway.reconfigure(config('  - { name: other, key: mk-app, limits: [{ requests: 2, per: day }] }'));
      expect((await ask(gateway, 'mk-app')).status).toBe(200);
    } finally {
      await gateway.stop();
    }
  });
});
