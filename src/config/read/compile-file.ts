import { compile } from '../compile/compile.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { Snapshot } from '../snapshot.ts';
import { applyOverrides, type VariableFault } from './apply-overrides.ts';
import type { LoadContext } from './load-result.ts';
import { normalise } from './normalise.ts';
import type { Finding, Problem } from './problems.ts';

export interface Compiled {
  readonly findings: readonly Finding[];
  /** The problems outside of the file. */
  readonly problems: readonly Problem[];
  readonly snapshot: Snapshot | undefined;
}

export const NOTHING_COMPILED: Compiled = { findings: [], problems: [], snapshot: undefined };

/** Compiles a configuration of the right shape, and checks what no shape says. */
export function compileFile(file: ConfigFile, context: LoadContext): Compiled {
  const normalised = normalise(file);
  const { settings, faults } = applyOverrides(normalised.settings, context.overrides, context.env);
  const result = compile(settings, context);
  return {
    findings: [...normalised.findings, ...(result.kind === 'refused' ? result.findings : [])],
    problems: faults.map(toEnvironmentProblem),
    snapshot: result.kind === 'compiled' ? result.snapshot : undefined,
  };
}

function toEnvironmentProblem({ name, message, found }: VariableFault): Problem {
  return { file: 'environment', line: undefined, column: undefined, path: name, message, found };
}
