/**
 * Kills workers, supervisors and whole gateways at random moments under load, and compares what the ledger says with what
 * the provider was asked: every request has one row, none counts twice.
 *
 *     bun bench/long/kills.ts [--kills 200]
 *
 * It is test/e2e/spend-crash.test.ts, which kills eight times. Exits with 1 if something is missing.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } });
const kills = Number(values.kills);
const root = join(import.meta.dir, '..', '..');
const child = Bun.spawn(
  [process.execPath, 'test', '--timeout', String(60_000 * (kills + 1)), 'test/e2e/spend-crash.test.ts'],
  { cwd: root, env: { ...process.env, SPEND_KILLS: String(kills) }, stdout: 'inherit', stderr: 'inherit' },
);
process.exit(await child.exited);
