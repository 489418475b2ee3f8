import { join } from 'node:path';

const ROOT = join(import.meta.dir, '..');

/** The slow test files and their seconds. `TIMINGS=write ./test.sh` measures them anew. */
const MEASURED = join(ROOT, 'test', 'timings.json');

/** Files that are quicker than this are not listed. */
const SLOW_S = 2;
const QUICK_MS = 400;

/**
 * Writes what `bun test --timings` reads: the milliseconds of every test file. The slowest ones start first, so that none
 * is still running alone when all others are over.
 */
export async function writeTimings(path: string): Promise<void> {
  const measured = (await Bun.file(MEASURED).json()) as Record<string, number>;
  const files: Record<string, number> = {};
  // The runner would take a file that is missing here for the slowest of all.
  for await (const file of new Bun.Glob('test/**/*.test.ts').scan(ROOT))
    files[file] = file in measured ? (measured[file] ?? 0) * 1000 : QUICK_MS;
  await Bun.write(path, JSON.stringify({ version: 1, files }));
}

/** The seconds of the slow files in a JUnit report, slowest first. */
export function slowFiles(report: string): Record<string, number> {
  const slow: [string, number][] = [];
  for (const [, attributes = ''] of report.matchAll(/<testsuite\b([^>]*)>/g)) {
    const [name, file, time] = ['name', 'file', 'time'].map(
      (key) => new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1],
    );
    // The suite of a whole file is named for it.
    const seconds = Math.round(Number(time));
    if (file !== undefined && name === file && seconds >= SLOW_S) slow.push([file, seconds]);
  }
  return Object.fromEntries(slow.toSorted(([, one], [, other]) => other - one));
}

export async function keepTimings(report: string): Promise<void> {
  await Bun.write(MEASURED, `${JSON.stringify(slowFiles(report), undefined, 2)}\n`);
}
