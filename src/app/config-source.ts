import { loadText } from '../config/read/load.ts';
import type { Overrides } from '../config/read/overrides.ts';
import type { SecretFile } from '../config/read/secret-file.ts';
import { formatProblem } from '../config/read/problems.ts';
import type { Snapshot } from '../config/snapshot.ts';
import {
  type CompiledRevision,
  compilePlainRevision,
  type CompileRevisionContext,
} from '../store/compile-plain-revision.ts';
import { findingText } from '../store/finding-text.ts';
import { compileKeyStep } from '../store/compile-key-step.ts';
import type { KeyStep } from '../store/key-step.ts';
import type { Revision } from '../store/revision.ts';

/** A compiled configuration, and the source from which another process can compile it. */
export interface CompiledConfig {
  readonly snapshot: Snapshot;
  readonly source: ConfigSource;
  /** A shorter source for a process that has the version before; undefined: there is none. */
  readonly step?: StepSource | undefined;
}

/** The source of a snapshot as data that can be sent to another process, which uses its own environment. */
export type ConfigSource =
  | ({
      readonly kind: 'text';
      readonly text: string;
      readonly file: string;
      readonly staysLocked: boolean;
      /** The files that the text names, with the contents that were read. */
      readonly files: readonly (readonly [path: string, file: SecretFile])[];
    } & Context)
  | ({ readonly kind: 'revision'; readonly revision: Revision } & Context);

/** The few keys that differ from the version before. */
export type StepSource = { readonly kind: 'step'; readonly step: KeyStep } & Context;

interface Context {
  readonly version: number;
  readonly now: Date;
  readonly overrides: Overrides;
}

/**
 * Compiles a source. `isStale` is asked in database mode. Throws if the source does not compile here, although it did
 * where it came from.
 */
export async function compileSource(source: ConfigSource, isStale: () => boolean): Promise<Snapshot> {
  const env = process.env;
  if (source.kind === 'text') {
    const files = new Map(source.files);
    const readFile = (path: string): SecretFile =>
      files.get(path) ?? { kind: 'problem', message: `the file ${path} was not read`, isMissing: true };
    const result = await loadText(source.text, { ...source, env, readFile });
    if (result.kind === 'loaded') return result.snapshot;
    throw new Error(result.problems.map(formatProblem).join('\n'));
  }
  const result = await compileRevision(source.revision, { ...source, env, isStale });
  if (result.kind === 'compiled') return result.snapshot;
  throw new Error(result.findings.map(findingText).join('\n'));
}

/** Compiles a step from the snapshot of the version before. undefined: this process needs the whole source. */
export function compileStep(
  { step, overrides, now }: StepSource,
  before: Snapshot,
  isStale: () => boolean,
): Snapshot | undefined {
  const compiled = compileKeyStep(step, before, { env: process.env, overrides, now, isStale });
  return compiled?.kind === 'compiled' ? compiled.snapshot : undefined;
}

async function compileRevision(
  revision: Revision,
  context: CompileRevisionContext,
): Promise<CompiledRevision> {
  const compiled = compilePlainRevision(revision, context);
  if (compiled !== undefined) return compiled;
  const loaded = await import('../store/compile-revision.ts');
  return loaded.compileRevision(revision, context);
}
