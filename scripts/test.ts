import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_PORT, startPostgres } from '../test/e2e/db-postgres.ts';
import { type Count, runChecks } from './checks.ts';
import { skippedTests } from './skipped-tests.ts';

/** The tests inherit what the launcher sets: without it the runtime opens 256 connections at most. */
const environment = { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', NO_COLOR: '1' };
const binaries = join(import.meta.dir, '..', 'node_modules', '.bin');

/**
 * Runs every check and every test, or only the named tests. Arguments that begin with a hyphen go to the test runner.
 * Returns how many passed.
 */
async function main(patterns: readonly string[]): Promise<Count> {
  const checks = patterns.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
  const postgres = await startPostgres();
  const tests = await runTests(patterns, { ...environment, [SHARED_PORT]: `${postgres.port}` });
  await postgres.stop();
  return { passed: checks.passed + tests.passed, failed: checks.failed + tests.failed };
}

async function runTests(patterns: readonly string[], env: NodeJS.ProcessEnv): Promise<Count> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-test-'));
  const report = join(folder, 'report.xml');
  const child = Bun.spawn(
    [
      join(binaries, 'bun'),
      'test',
      `--parallel=${availableParallelism() + 1}`,
      '--timeout=60000',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      ...(patterns.length > 0 ? patterns : ['test']),
    ],
    { env, stdout: 'inherit', stderr: 'inherit' },
  );
  const exitCode = await child.exited;
  const text = await readFile(report, 'utf8').catch(() => '');
  const count = countTests(text);
  for (const line of skippedTests(text)) console.log(line);
  await rm(folder, { recursive: true });
  // A runner that failed without a failed test has not run all tests.
  return exitCode !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/** The totals that the report's outermost element gives. */
function countTests(report: string): Count {
  const totals = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? '';
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  return { passed: number('tests') - failed - number('skipped'), failed };
}

const { passed, failed } = await main(process.argv.slice(2));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
