/**
 * Fills a database with millions of request records, starts the gateway over it, and measures each call that a page of the
 * console makes.
 *
 *     bun bench/long/console-pages.ts [--rows 10000000] [--database sqlite|postgres] [--limit-ms 300]
 *
 * The rows of 28 days lie in a folder that is removed at the end: about 4 GB for ten million. Prints the first and the median time of
 * each call, and exits with 1 if a median is above the limit. Everything runs on the loopback address.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../test/e2e/db-postgres.ts';
import { ADMIN_KEY, startDatabaseGateway } from '../../test/e2e/db-program.ts';
import { consoleCalls } from './console-calls.ts';
import { DAYS, fillDatabase } from './console-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    database: { type: 'string', default: 'sqlite' },
    'limit-ms': { type: 'string', default: '300' },
  },
});
const rows = Number(values.rows);
const limitMs = Number(values['limit-ms']);
const TIMES = 5;

const folder = mkdtempSync(join(tmpdir(), 'llm-proxy-console-pages-'));
const postgres = values.database === 'postgres' ? await startPostgres() : undefined;
try {
  process.exitCode = await measure();
} finally {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<number> {
  const url = (await postgres?.newDatabase()) ?? `sqlite://${join(folder, 'rows.db')}`;
  const startedAtMs = performance.now();
  const { requestId, nowMs } = await fillDatabase(url, rows, (text) => console.log(text));
  console.log(`${rows} rows of ${DAYS} days in ${Math.round((performance.now() - startedAtMs) / 1000)} s`);
  const gateway = await startDatabaseGateway({ dbUrl: url, folder, env: { REQUEST_RETENTION_DAYS: '400' } });
  const slow: string[] = [];
  for (const path of consoleCalls(nowMs, requestId)) {
    const times = await timesOf(`${gateway.url}/admin/v1${path}`);
    const [first = 0] = times;
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    if (median > limitMs) slow.push(path);
    console.log(`${first.toFixed(0).padStart(6)} ms ${median.toFixed(0).padStart(6)} ms  ${path}`);
  }
  gateway.program.kill();
  for (const path of slow) console.log(`above ${limitMs} ms: ${path}`);
  return slow.length === 0 ? 0 : 1;
}

async function timesOf(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const startedAtMs = performance.now();
    const response = await fetch(url, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 500)}`);
    times.push(performance.now() - startedAtMs);
  }
  return times;
}
