import { checkShape } from '../config/read/shape.ts';
import {
  type CompiledRevision,
  compilePlainRevision,
  compileShaped,
  type CompileRevisionContext,
  refused,
} from './compile-plain-revision.ts';
import { buildFile } from './revision-file.ts';
import type { Revision } from './revision.ts';

/** Checks and compiles a revision like a configuration file of the same content. */
export function compileRevision(revision: Revision, context: CompileRevisionContext): CompiledRevision {
  const compiled = compilePlainRevision(revision, context);
  if (compiled !== undefined) return compiled;
  const shape = checkShape({ value: buildFile(revision), expanded: new Set() });
  if (shape.file === undefined || shape.findings.length > 0) return refused(shape.findings, revision);
  return compileShaped(shape.file, revision, context);
}
