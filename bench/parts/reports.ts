import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spendGroups, type SpendQuery } from '../../src/spend/report/spend-report.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrateUp } from '../../src/store/migrate.ts';
import { startPostgres } from '../../test/e2e/db-postgres.ts';

/**
 * Measures reports on a month of 1,000,000 quarters in both databases. Prints seconds of each, and how much memory it
 * took. Run: bun bench/parts/reports.ts [sqlite] [postgres] [--analyze]
 */
const ROWS = 1_000_000;
const START_MS = Date.parse('2026-11-01T00:00:00Z');
const MONTH = { sinceMs: START_MS, untilMs: Date.parse('2026-12-01T00:00:00Z') };
const NOTHING = { ...MONTH, timezone: 'Europe/Berlin', filter: {}, period: undefined, names: [] };

const QUERIES: Readonly<Record<string, SpendQuery>> = {
  total: NOTHING,
  'by day': { ...NOTHING, period: 'day' },
  'by month, team and model': { ...NOTHING, period: 'month', names: ['team', 'model'] },
  'by day and team': { ...NOTHING, period: 'day', names: ['team'] },
  'by a tag': { ...NOTHING, names: ['tag:cost_center'] },
  'by key': { ...NOTHING, names: ['key'] },
  'of a team': { ...NOTHING, filter: { team: 'team-3' }, names: ['key'] },
};

/** A row for each of 350 keys in every quarter, in 20 teams and 3 models. */
function fill(isPostgres: boolean): string {
  const cast = isPostgres ? '::text' : '';
  const numbers = isPostgres
    ? `generate_series(0, ${ROWS - 1}) as g(n)`
    : `(with recursive g(n) as (select 0 union all select n + 1 from g where n < ${ROWS - 1}) select n from g)`;
  return `insert into spend_quarters (quarter_ms, key_id, model, provider, end_bucket, key_name, team, team_path, tags,
      requests, input_tokens, output_tokens, cost)
    select ${START_MS} + cast(n / 350 as bigint) * 900000, 'key-' || (n % 350)${cast}, 'model-' || (n % 3)${cast}, 'openai', '0123456789abcdef',
      'key-' || (n % 350)${cast}, 'team-' || (n % 20)${cast}, 'acme/team-' || (n % 20)${cast},
      '{"cost_center":"' || (n % 50)${cast} || '"}', 3, 1000, 200, 5000000 + n
    from ${numbers}`;
}

async function timed(database: Database, query: SpendQuery): Promise<string> {
  let best = Infinity;
  let groups = 0;
  const before = process.memoryUsage.rss();
  let most = before;
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now();
    groups = 0;
    for await (const some of spendGroups(database, query)) {
      groups += some.length;
      most = Math.max(most, process.memoryUsage.rss());
    }
    best = Math.min(best, performance.now() - startMs);
  }
  return `${(best / 1000).toFixed(2)} s, ${groups} groups, +${Math.round((most - before) / 2 ** 20)} MB`;
}

async function measure(name: string, url: string): Promise<void> {
  const database = openDatabase(url, { timeoutMs: 600_000 });
  await migrateUp(database);
  await database.writeSlowly((sql) => sql.unsafe(fill(name === 'postgres')));
  if (process.argv.includes('--analyze')) await database.writeSlowly((sql) => sql.unsafe('analyze'));
  for (const [what, query] of Object.entries(QUERIES))
    console.log(name.padEnd(9), what.padEnd(25), await timed(database, query));
  await database.close();
}

const wanted = ['sqlite', 'postgres'].filter((name) => process.argv.includes(name));
for (const name of wanted.length > 0 ? wanted : ['sqlite', 'postgres']) {
  if (name === 'sqlite') {
    const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-reports-'));
    await measure(name, `sqlite://${join(folder, 'db')}`);
    await rm(folder, { recursive: true });
  } else {
    const server = await startPostgres();
    try {
      await measure(name, await server.newDatabase());
    } finally {
      await server.stop();
    }
  }
}
