import type { Changed } from './change.ts';
import type { CompiledRevision, CompileRevisionContext } from './compile-plain-revision.ts';
import { compileRevision } from './compile-revision.ts';
import { compileKeyStep } from './compile-key-step.ts';
import { keyStep } from './key-step.ts';
import type { Revision } from './revision.ts';

/** Compiles a revision from the one in force, where few keys differ; undefined: there is none. */
export function compileAfter(
  before: Changed | undefined,
  revision: Revision,
  context: CompileRevisionContext,
): CompiledRevision {
  const step = before && keyStep(before.revision, revision);
  const compiled = step && compileKeyStep(step, before.compiled.snapshot, context);
  return compiled ?? compileRevision(revision, context);
}
