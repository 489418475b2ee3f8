import { expect, test } from 'bun:test';
import { RouteSync, type RouteStateStore } from '../../../src/app/route-sync.ts';
import { CooldownLedger } from '../../../src/routing/cooldown.ts';
import type { RouteState } from '../../../src/routing/route-change.ts';
import { until } from '../../e2e/gateway.ts';

/** A store in memory, by the clock of the test. It may be away. */
class MemoryStore implements RouteStateStore {
  isAway = false;
  reads = 0;
  readonly rows = new Map<string, { untilMs: number; isDrained: boolean }>();

  async write(changes: Parameters<RouteStateStore['write']>[0]): Promise<void> {
    await Bun.sleep(1);
    if (this.isAway) throw new Error('away');
    for (const change of changes) {
      const row = this.rows.get(change.route) ?? { untilMs: 0, isDrained: false };
      if (change.kind === 'cooled') row.untilMs = Math.max(row.untilMs, performance.now() + change.forMs);
      else if (change.kind === 'cleared') row.untilMs = 0;
      else row.isDrained = change.kind === 'drained';
      this.rows.set(change.route, row);
      if (row.untilMs === 0 && !row.isDrained) this.rows.delete(change.route);
    }
  }

  async read(): Promise<RouteState[]> {
    await Bun.sleep(1);
    this.reads += 1;
    if (this.isAway) throw new Error('away');
    return [...this.rows].map(([route, { untilMs, isDrained }]) => ({
      route,
      coolsForMs: Math.max(0, untilMs - performance.now()),
      isDrained,
    }));
  }
}

const now = (): number => performance.now();

async function machine(store: RouteStateStore) {
  const cooldowns = new CooldownLedger();
  const sync = new RouteSync(store, now);
  await sync.start(cooldowns);
  return { cooldowns, sync, state: (route: string) => cooldowns.availability(route, now()).kind };
}

test('a route drained while the store is away is drained elsewhere once it is back', async () => {
  const store = new MemoryStore();
  const [one, other] = [await machine(store), await machine(store)];
  store.isAway = true;
  one.cooldowns.drain('a');
  const reads = store.reads;
  await until(() => store.reads > reads + 1);
  expect([one.state('a'), other.state('a')]).toEqual(['draining', 'available']);
  store.isAway = false;
  await until(() => other.state('a') === 'draining');
  expect(one.state('a')).toBe('draining');
  other.cooldowns.resume('a');
  await until(() => one.state('a') === 'available');
  for (const { sync } of [one, other]) sync.close();
});

test('a cooldown is adopted once, so a trial elsewhere may end it', async () => {
  const store = new MemoryStore();
  store.rows.set('a', { untilMs: now() + 60_000, isDrained: false });
  const one = await machine(store);
  expect(one.state('a')).toBe('cooling');
  one.cooldowns.adopt({ kind: 'cleared', route: 'a' }, now());
  const reads = store.reads;
  await until(() => store.reads > reads + 2);
  expect(one.state('a')).toBe('available');
  one.sync.close();
});

test('a route with a name that is too long to be shared stays as it is', async () => {
  const store = new MemoryStore();
  const one = await machine(store);
  const route = 'x'.repeat(501);
  one.cooldowns.drain(route);
  const reads = store.reads;
  await until(() => store.reads > reads + 2);
  expect([one.state(route), store.rows.size]).toEqual(['draining', 0]);
  one.sync.close();
});
