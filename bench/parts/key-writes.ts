import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring } from '../../src/store/keyring.ts';
import { withChanges, withResource } from '../../src/store/revision.ts';
import { openStore } from '../../src/store/store.ts';
import { markOf } from '../../src/store/stored-key.ts';

/**
 * Measures a write of one key among many in SQLite: until it is in force, and all the CPU that follows from it. Each key has
 * three limits. Run: bun bench/parts/key-writes.ts [1000 10000 100000]
 */
const COUNTS = process.argv.slice(2).map(Number);
const WRITES = 10;
const WHO = { actor: 'bench', action: 'bench' };

const keyring = createKeyring({ current: 'a passphrase for a measurement' });

for (const count of COUNTS.length > 0 ? COUNTS : [1_000, 10_000, 100_000]) {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-keys-'));
  const store = await openStore({
    url: `sqlite://${join(folder, 'db')}`,
    keyring,
    lastGoodPath: join(folder, 'last-good'),
    env: {},
    overrides: {},
    now: () => new Date(),
    migrates: true,
    onEvent: () => undefined,
  });
  const keys = Array.from({ length: count }, (_, n) => [`key-${n}`, fieldsOf(n, 50)] as const);
  await store.change(
    ({ resources }, now) => ({ ...resources, master_keys: withChanges(resources.master_keys, keys, now) }),
    WHO,
  );
  const times: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < WRITES; round++) {
    Bun.gc(true);
    const before = process.cpuUsage();
    const startMs = performance.now();
    const n = Math.floor((count / WRITES) * round);
    await store.change(
      ({ resources }, now) =>
        withResource(resources, { kind: 'master_keys', id: `key-${n}` }, fieldsOf(n, 51), now),
      WHO,
    );
    times.push(performance.now() - startMs);
    await Bun.sleep(count / 25);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1000);
  }
  console.log(
    `${count} keys: write median ${median(times).toFixed(1)} ms, CPU in all ${median(cpu).toFixed(1)} ms`,
  );
  await store.close();
  await rm(folder, { recursive: true });
}

function fieldsOf(n: number, dollars: number) {
  return {
    name: `Key ${n}`,
    ...markOf(`sk-bench-${n}`),
    limits: [
      { cost: dollars, per: 'month' },
      { tokens: 1_000_000, per: 'day' },
      { requests: 60, per: 'minute' },
    ],
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
