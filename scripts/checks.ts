import { join } from 'node:path';

/** The numbers of checks or tests that passed and that failed. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

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
  { title: 'types of the console', command: ['tsc', '--noEmit', '-p', 'console'] },
  { title: 'dead code', command: ['knip'] },
  { title: 'generated files are current', command: ['bun', 'scripts/generate.ts', '--check'] },
];

const BINARIES = join(import.meta.dir, '..', 'node_modules', '.bin');

/** Runs the checks side by side, and prints one line for each, with its output if it failed. */
export async function runChecks(): Promise<Count> {
  const results = await Promise.all(CHECKS.map(holds));
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

async function holds({ title, command: [name = '', ...args] }: Check): Promise<boolean> {
  const env = { ...process.env, NO_COLOR: '1' };
  const child = Bun.spawn([join(BINARIES, name), ...args], { env, stdout: 'pipe', stderr: 'pipe' });
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const isFine = (await child.exited) === 0;
  console.log(`${isFine ? 'ok  ' : 'FAIL'} ${title}`);
  if (!isFine) console.log((await output).join(''));
  return isFine;
}
