import { expect } from 'bun:test';
import { compileText } from '../../../src/config/read/compile-text.ts';
import type { LoadContext, LoadResult } from '../../../src/config/read/load-result.ts';
import { loadPlain } from '../../../src/config/read/quick/load-plain.ts';
import { formatProblem } from '../../../src/config/read/problems.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';

type Options = Partial<Pick<LoadContext, 'env' | 'overrides' | 'staysLocked' | 'readFile'>>;

/** Compiles a configuration that is expected to be valid. */
export function snapshotOf(text: string, options: Options = {}): Snapshot {
  const result = compile(text, options);
  if (result.kind === 'refused') throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.snapshot;
}

/** The problems of a configuration as a user sees them, without the name of the file. */
export function problemsOf(text: string, options: Options = {}): string[] {
  const result = compile(text, options);
  return result.kind === 'loaded'
    ? []
    : result.problems.map((problem) => formatProblem(problem).replace('config.yaml:', ''));
}

/** Compiles the text as it would be explained, and checks that the quick way agrees where it does not leave it to this one. */
function compile(text: string, options: Options) {
  const context = { file: 'config.yaml', version: 7, now: new Date(0), env: {}, overrides: {}, ...options };
  const result = compileText(text, context);
  const quick = loadPlain(text, context);
  const fileOf = (loaded: LoadResult) => loaded.kind === 'loaded' && JSON.stringify(loaded.file);
  if (quick !== undefined) expect(fileOf(quick)).toBe(fileOf(result));
  return result;
}
