import { compileText, type LoadContext } from '../../../src/config/read/load.ts';
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

function compile(text: string, options: Options) {
  return compileText(text, {
    file: 'config.yaml',
    version: 7,
    now: new Date(0),
    env: {},
    overrides: {},
    ...options,
  });
}
