import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULTS } from '../src/config/schema/defaults.ts';
import { SHARED_PORT, startPostgres } from '../test/e2e/db-postgres.ts';
import { type Count, runChecks } from './checks.ts';
import { skippedTests } from './skipped-tests.ts';
import { keepTimings, writeTimings } from './test-timings.ts';

/** The tests inherit what the launcher sets: without it the runtime opens 256 connections at most. */
const environment = {
  ...process.env,
  BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
  NO_COLOR: '1',
  ...withEngine(process.env['LLM_PROXY_TEST_ENGINE']),
};
const binaries = join(import.meta.dir, '..', 'node_modules', '.bin');

/**
 * Runs every check and every test, or only the named tests. Arguments that begin with a hyphen go to the test runner.
 * Returns how many passed.
 */
async function main(patterns: readonly string[]): Promise<Count> {
  const checks = patterns.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
  const postgres = includeDatabases(patterns) ? await startPostgres() : undefined;
  const env = { ...environment, ...(postgres && { [SHARED_PORT]: `${postgres.port}` }) };
  const runs = [runTests(patterns, { env, workers: availableParallelism() + 2 })];
  // Many tests wait for something, so that these take little time beside them.
  if (patterns.length === 0)
    runs.push(
      runTests(await promises(), { env: { ...env, ...withEngine(OTHER_ENGINE) }, workers: 1, isQuiet: true }),
    );
  const counts = [checks, ...(await Promise.all(runs))];
  await postgres?.stop();
  return {
    passed: counts.reduce((sum, { passed }) => sum + passed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** Whether tests with a database are among these. */
function includeDatabases(patterns: readonly string[]): boolean {
  const paths = patterns.filter((pattern) => !pattern.startsWith('-'));
  return paths.length === 0 || paths.some((path) => !/^test\/(unit|architecture|simulation)\b/.test(path));
}

const DEFAULT_ENGINE: string = DEFAULTS.serverEngine;
const OTHER_ENGINE = DEFAULT_ENGINE === 'runtime' ? 'lean' : 'runtime';

/**
 * The tests of what users are promised, which hold with both engines. Translation does not see the engine, and some files
 * play both by themselves.
 */
async function promises(): Promise<string[]> {
  const names = await readdir(join(import.meta.dir, '..', 'test', 'acceptance'));
  return names
    .filter((name) => name.endsWith('.test.ts') && !/translat|engines|slow-reader/.test(name))
    .map((name) => `test/acceptance/${name}`);
}

/** The variables with which gateways whose configuration names no engine get this one. */
function withEngine(engine: string | undefined): Record<string, string> {
  if (engine === undefined) return {};
  const preloaded = join(import.meta.dir, '..', 'test', 'e2e', 'other-engine.ts');
  // The runtime splits the options at white space, whatever quotes they have.
  if (/\s/.test(preloaded))
    throw new Error(`tests of the other engine need a path without spaces: ${preloaded}`);
  return { LLM_PROXY_TEST_ENGINE: engine, BUN_OPTIONS: `--preload=${preloaded}` };
}

interface Run {
  readonly env: NodeJS.ProcessEnv;
  /** The number of test files that run at once. */
  readonly workers: number;
  /** Whether the output is printed when the run is over. */
  readonly isQuiet?: boolean;
}

async function runTests(patterns: readonly string[], { env, workers, isQuiet }: Run): Promise<Count> {
  // Tests leave their temporary files here. A database server and a browser may run as other users.
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-test-'));
  await chmod(folder, 0o1777);
  const [report, timings, printed] = [
    join(folder, 'report.xml'),
    join(folder, 'timings.json'),
    join(folder, 'printed'),
  ];
  await writeTimings(timings);
  const output = isQuiet ? Bun.file(printed) : 'inherit';
  const child = Bun.spawn(
    [
      join(binaries, 'bun'),
      'test',
      `--parallel=${workers}`,
      `--timings=${timings}`,
      '--timeout=180000',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      ...(patterns.length > 0 ? patterns : ['test']),
    ],
    { env: { ...env, TMPDIR: folder }, stdout: output, stderr: output },
  );
  const exitCode = await child.exited;
  if (isQuiet) process.stdout.write(await readFile(printed, 'utf8'));
  const text = await readFile(report, 'utf8').catch(() => '');
  if (patterns.length === 0 && process.env['TIMINGS'] === 'write') await keepTimings(text);
  const count = countTests(text);
  for (const line of skippedTests(text)) console.log(line);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
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
