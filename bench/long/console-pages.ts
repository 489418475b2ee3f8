/**
 * Fills a database with millions of request records, starts the gateway over it, and measures each call that a page of the
 * console makes.
 *
 *     bun bench/long/console-pages.ts [--rows 10000000] [--database sqlite|postgres] [--limit-ms 300] [--keep FOLDER] [--only overview,spend]
 *
 * The rows of 28 days lie in a folder that is removed at the end: about 4 GB for ten million. With `--keep`, the folder stays, and the
 * next run with it measures the same rows. `--only` takes the calls with one of these texts. Prints the first and the median time of
 * each call, and exits with 1 if a median is above the limit. Everything runs on the loopback address.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../test/e2e/db-postgres.ts';
import { ADMIN_KEY, startDatabaseGateway } from '../../test/e2e/db-program.ts';
import { consoleCalls } from './console-calls.ts';
import { DAYS, type Filled, fillDatabase } from './console-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    database: { type: 'string', default: 'sqlite' },
    'limit-ms': { type: 'string', default: '300' },
    keep: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const rows = Number(values.rows);
const limitMs = Number(values['limit-ms']);
const TIMES = 5;

const only = values.only.split(',');
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'llm-proxy-console-pages-'));
mkdirSync(folder, { recursive: true });
const server = values.keep === undefined ? undefined : join(folder, 'postgres');
const postgres = values.database === 'postgres' ? await startPostgres({ kept: server }) : undefined;
try {
  process.exitCode = await measure();
} finally {
  await postgres?.stop();
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

/** A database as it was filled. `name`: PostgreSQL's for it. */
type Kept = Filled & { readonly name: string };

/** The rows of an earlier run, or new ones. */
async function fill(): Promise<{ readonly url: string; readonly filled: Filled }> {
  const notes = join(folder, `${values.database}.json`);
  const sqlite = `sqlite://${join(folder, 'rows.db')}`;
  if (existsSync(notes)) {
    const kept = JSON.parse(readFileSync(notes, 'utf8')) as Kept;
    const url = postgres === undefined ? sqlite : `postgres://proxy@127.0.0.1:${postgres.port}/${kept.name}`;
    return { url, filled: kept };
  }
  const url = (await postgres?.newDatabase()) ?? sqlite;
  const startedAtMs = performance.now();
  const filled = await fillDatabase(url, rows, (text) => console.log(text));
  console.log(`${rows} rows of ${DAYS} days in ${Math.round((performance.now() - startedAtMs) / 1000)} s`);
  const kept: Kept = { ...filled, name: new URL(url).pathname.slice(1) };
  writeFileSync(notes, JSON.stringify(kept));
  return { url, filled };
}

async function measure(): Promise<number> {
  const { url, filled } = await fill();
  const gateway = await startDatabaseGateway({ dbUrl: url, folder, env: { REQUEST_RETENTION_DAYS: '400' } });
  const slow: string[] = [];
  const calls = consoleCalls(filled.nowMs, filled.requestId);
  for (const path of calls.filter((call) => only.some((part) => call.includes(part)))) {
    const times = await timesOf(`${gateway.url}/admin/v1${path}`);
    const [first = 0] = times;
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    if (median > limitMs) slow.push(path);
    console.log(`${first.toFixed(0).padStart(6)} ms ${median.toFixed(0).padStart(6)} ms  ${path}`);
  }
  gateway.program.kill();
  await gateway.program.exited;
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
