/**
 * Kills and restarts PostgreSQL again and again while four machines store their journals in it, and compares the sums: every
 * request has one row, none counts twice, and no writer ends in a deadlock.
 *
 *     bun bench/long/restarts.ts [--restarts 20]
 *
 * It is a test of test/database/spend/ledger.test.ts, which restarts three times. Exits with 1 if something is missing.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';

const { values } = parseArgs({ options: { restarts: { type: 'string', default: '20' } } });
const restarts = Number(values.restarts);
const root = join(import.meta.dir, '..', '..');
const child = Bun.spawn(
  [
    process.execPath,
    'test',
    '--timeout',
    String(60_000 * (restarts + 1)),
    '--test-name-pattern',
    'of four machines in one database',
    'test/database/spend/ledger.test.ts',
  ],
  {
    cwd: root,
    env: { ...process.env, LEDGER_ROUNDS: String(restarts * 4) },
    stdout: 'inherit',
    stderr: 'inherit',
  },
);
process.exit(await child.exited);
