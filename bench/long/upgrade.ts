import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { MIGRATIONS, migrateUp } from '../../src/store/migrate.ts';
import { startPostgres } from '../../test/e2e/db-postgres.ts';

/**
 * Measures each step of the schema that comes after the records of requests, on 1,000,000 of them, in both databases.
 * All of them together may take two seconds; exits with 1 if they take longer. Run: bun bench/long/upgrade.ts
 */
const ROWS = 1_000_000;
const FIRST_WITH_RECORDS = 2;
const MOST_SECONDS = 2;

function fill(isPostgres: boolean): string {
  const cast = isPostgres ? '::text' : '';
  const numbers = isPostgres
    ? `generate_series(0, ${ROWS - 1}) as g(n)`
    : `(with recursive g(n) as (select 0 union all select n + 1 from g where n < ${ROWS - 1}) select n from g)`;
  return `insert into request_records (ended_at_ms, request_id, key_name, model, provider, attempts, ending, status,
      prompt_tokens, completion_tokens, total_tokens, cached_tokens, reasoning_tokens, is_estimated, is_streamed, first_token_ms, duration_ms)
    select 1764547200000 + cast(n as bigint) * 2500, 'req_' || n${cast}, 'key-' || (n % 350)${cast}, 'model-' || (n % 3)${cast}, 'openai', 1, 'complete', 200,
      1000, 200, 1200, 0, 0, 0, 1, 300, 2000
    from ${numbers}`;
}

async function measure(name: string, url: string): Promise<void> {
  const database = openDatabase(url, { timeoutMs: 600_000 });
  await migrateUp(database, MIGRATIONS.slice(0, FIRST_WITH_RECORDS));
  await database.writeSlowly((sql) => sql.unsafe(fill(name === 'postgres')));
  let total = 0;
  for (let count = FIRST_WITH_RECORDS + 1; count <= MIGRATIONS.length; count++) {
    const startMs = performance.now();
    const { steps } = await migrateUp(database, MIGRATIONS.slice(0, count));
    const seconds = (performance.now() - startMs) / 1000;
    if (steps.length === 0) throw new Error('the database has the schema already');
    total += seconds;
    console.log(
      name.padEnd(9),
      steps
        .map((step) => step.name)
        .join(', ')
        .padEnd(20),
      `${seconds.toFixed(2)} s`,
    );
  }
  console.log(name.padEnd(9), 'all'.padEnd(20), `${total.toFixed(2)} s`);
  if (total > MOST_SECONDS) process.exitCode = 1;
  await database.close();
}

const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-upgrade-'));
await measure('sqlite', `sqlite://${join(folder, 'db')}`);
await rm(folder, { recursive: true });
const server = await startPostgres();
try {
  await measure('postgres', await server.emptyDatabase());
} finally {
  await server.stop();
}
