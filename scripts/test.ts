import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A check beside the tests: one command that must exit with 0. */
interface Check {
  readonly title: string;
  readonly command: readonly string[];
}

const CHECKS: readonly Check[] = [
  { title: 'format', command: ['oxfmt', '--check', '.'] },
  { title: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { title: 'types of the page', command: ['tsc', '--noEmit', '-p', 'src/console/page'] },
  { title: 'dead code', command: ['knip'] },
  { title: 'generated files are current', command: ['bun', 'scripts/generate.ts', '--check'] },
];

/** The tests inherit what the launcher sets: without it the runtime opens 256 connections at most. */
const env = { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', NO_COLOR: '1' };
const binaries = join(import.meta.dir, '..', 'node_modules', '.bin');

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** Runs every check and every test, or only the tests that are named, and says how many held. */
async function main(patterns: readonly string[]): Promise<Count> {
  const counts: Count[] = [];
  for (const check of patterns.length === 0 ? CHECKS : []) counts.push(await runCheck(check));
  counts.push(await runTests(patterns));
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
  };
}

async function runCheck({ title, command: [name = '', ...args] }: Check): Promise<Count> {
  const child = Bun.spawn([join(binaries, name), ...args], { env, stdout: 'pipe', stderr: 'pipe' });
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const isFine = (await child.exited) === 0;
  console.log(`${isFine ? 'ok  ' : 'FAIL'} ${title}`);
  if (!isFine) console.log((await output).join(''));
  return { passed: isFine ? 1 : 0, failed: isFine ? 0 : 1 };
}

async function runTests(patterns: readonly string[]): Promise<Count> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-proxy-test-'));
  const report = join(folder, 'report.xml');
  const child = Bun.spawn(
    [
      join(binaries, 'bun'),
      'test',
      '--parallel=2',
      '--timeout=60000',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      ...(patterns.length > 0 ? patterns : ['test']),
    ],
    { env, stdout: 'inherit', stderr: 'inherit' },
  );
  const exitCode = await child.exited;
  const count = countTests(await readFile(report, 'utf8').catch(() => ''));
  await rm(folder, { recursive: true });
  // A runner that failed without a failed test has not run them all.
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
