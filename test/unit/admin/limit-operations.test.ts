import { expect, test } from 'bun:test';
import { limitOperations } from '../../../src/admin/limit-operations.ts';
import type { Call } from '../../../src/admin/operation.ts';
import { standingsFrom } from '../../../src/app/claim-standing.ts';
import { loneLedgers } from '../../../src/app/lone-ledgers.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { snapshotOf } from '../config/configuration.ts';

const KEYS = 600;
const keys = Array.from(
  { length: KEYS },
  (_, at) =>
    `  - { name: "k${at}/x", key: mk-${at}, team: search, user: alice, limits: [{ cost: 5, per: day }, { requests: 9, per: week }] }`,
);
const snapshot = snapshotOf(`
providers: [{ name: a, api_base: "http://127.0.0.1:8000/v1" }]
teams: [{ name: search, limits: [{ tokens: 1M, per: month }], per_user: [{ requests: 10, per: day }] }]
users: [{ name: alice, limits: [{ cost: 5, per: total }] }]
limits: [{ concurrent: 50 }]
master_keys:
${keys.join('\n')}
`);
const all = [...snapshot.limits.all()].map(({ counter }) => counter);

/** How often the journals were read. */
let reads = 0;
const used = (counter: string): number => (counter.includes('k9%2Fx/requests') ? 8 : 0);
const standing = standingsFrom({
  counters: loneLedgers().counters,
  usedOf: (counter) => {
    reads += 1;
    return used(counter);
  },
  knownOf: used,
  clock: systemClock,
});

async function list(query: Call['query']) {
  const [operation] = limitOperations;
  const call = { store: { snapshot: () => snapshot }, query, now: new Date(), services: { standing } };
  const { body } = (await operation?.run(call as unknown as Call)) ?? {};
  const { limits, next_cursor: next } = body as { limits: { counter: string }[]; next_cursor: string | null };
  return { counters: limits.map(({ counter }) => counter), next };
}

test('the limits of many keys are listed page by page, each once', async () => {
  const found: string[] = [];
  let cursor: string | null | undefined;
  do {
    const { counters, next } = await list({ limit: '499', ...(cursor && { cursor }) });
    found.push(...counters);
    cursor = next;
  } while (cursor !== null);
  expect(found).toEqual(all);
  expect(found).toHaveLength(2 * KEYS + 4);
  for (const [at, counter] of [0, 1, 801, 2 * KEYS - 1, 2 * KEYS, 2 * KEYS + 3].map(
    (at) => [at, all[at]] as const,
  )) {
    const next = Buffer.from(`counter/${counter}`).toString('base64url');
    expect((await list({ limit: '3', cursor: next })).counters).toEqual(all.slice(at + 1, at + 4));
  }
  const gone = Buffer.from('counter/key:gone/cost/day').toString('base64url');
  expect((await list({ cursor: gone })).counters).toEqual([]);
});

test('the claims before a counter’s key are not made', () => {
  expect([...snapshot.limits.all(all[801])].map(({ counter }) => counter)).toEqual(all.slice(800));
  expect([...snapshot.limits.all(all.at(-1))].map(({ counter }) => counter)).toEqual(all.slice(2 * KEYS));
});

test('looking for the fullest of many limits lets others have their turn, and reads the journals once a turn', async () => {
  let [turns, isOver] = [0, false];
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  reads = 0;
  const { counters } = await list({ sort: 'used', limit: '2' });
  isOver = true;
  expect(counters[0]).toBe('key:k9%2Fx/requests/week');
  expect(turns).toBeGreaterThan(1);
  expect(reads).toBeLessThan(2 * turns);
  expect((await list({ over: '80' })).counters).toEqual(['key:k9%2Fx/requests/week']);
});
