/**
 * Measures the start and the memory of a gateway with 100,000 keys in SQLite, without limits and with three limits each. Run:
 * bun bench/long/many-keys.ts [100000]
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { migrateUp } from '../../src/store/migrate.ts';
import { markOf } from '../../src/store/stored-key.ts';

const count = Number(process.argv[2] ?? 100_000);
const ROUNDS = 3;
const LIMITS = [
  { cost: 50, per: 'month' },
  { tokens: 1_000_000, per: 'day' },
  { requests: 60, per: 'minute' },
];

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-many-keys-'));
const databases = [
  ['without limits', await filled('none.db', [])],
  ['three limits each', await filled('three.db', LIMITS)],
] as const;
for (let round = 0; round < ROUNDS; round++)
  for (const [name, path] of databases) console.log(name.padEnd(20), await started(path, round));
await rm(folder, { recursive: true });

async function filled(name: string, limits: readonly object[]): Promise<string> {
  const path = join(folder, name);
  const database = openDatabase(`sqlite://${path}`);
  await migrateUp(database);
  const now = new Date().toISOString();
  await database.writeSlowly(async (sql) => {
    for (let at = 0; at < count; at += 1_000) {
      const rows = Array.from({ length: Math.min(1_000, count - at) }, (_, n) => ({
        id: `key-${at + n}`,
        position: at + n,
        body: JSON.stringify({
          name: `Key ${at + n}`,
          ...markOf(`sk-bench-${at + n}`),
          ...(limits.length > 0 && { limits }),
        }),
        secrets: '{}',
        created_at: now,
        updated_at: now,
      }));
      await sql`insert into master_keys ${sql(rows)}`;
    }
    await sql`update config_version set version = 1, changed_at = ${now}, had_keys = 1 where id = 1`;
  });
  await database.close();
  return path;
}

/** The time until the gateway is ready, and its memory some seconds later. */
async function started(path: string, round: number): Promise<string> {
  const port = 21_500 + round;
  const startMs = performance.now();
  const gateway = Bun.spawn(['bin/llm-proxy', '--host', '127.0.0.1', '--port', String(port)], {
    env: {
      ...process.env,
      DB_URL: `sqlite://${path}`,
      SECRET_KEY: 'a-passphrase-for-a-measurement',
      ADMIN_KEY: 'an-admin-key-of-a-measurement-0123456789',
      SNAPSHOT_FILE: 'off',
      LLM_PROXY_DATA_DIR: folder,
    },
    stdout: 'ignore',
    stderr: 'inherit',
  });
  try {
    while (gateway.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      if (answer !== undefined) break;
      await Bun.sleep(10);
    }
    const readyMs = performance.now() - startMs;
    await Bun.sleep(6_000);
    const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
    const mega = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    const most = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    return `ready after ${(readyMs / 1000).toFixed(2)} s, ${mega.toFixed(0)} MB, at most ${most.toFixed(0)} MB`;
  } finally {
    gateway.kill('SIGTERM');
    await gateway.exited;
  }
}
