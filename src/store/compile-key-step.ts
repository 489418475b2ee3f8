import { keptKeys } from '../config/compile/kept-keys.ts';
import { takeShape } from '../config/read/quick/take-shape.ts';
import type { Access, MasterKey, Snapshot } from '../config/snapshot.ts';
import {
  type CompiledRevision,
  type CompileRevisionContext,
  compileShaped,
} from './compile-plain-revision.ts';
import type { KeyStep } from './key-step.ts';
import { buildFile } from './revision-file.ts';

/**
 * Compiles the changed keys and takes the others over from the snapshot of the version before. undefined: only compiling
 * all of them shows what becomes of it.
 */
export function compileKeyStep(
  step: KeyStep,
  before: Snapshot,
  context: CompileRevisionContext,
): CompiledRevision | undefined {
  if (before.version !== step.from) return undefined;
  const changed = new Set(step.changed);
  const kept = keptKeys(before, changed);
  const file = takeShape(buildFile(step.revision));
  if (kept === undefined || file === undefined) return undefined;
  const compiled = compileShaped(file, step.revision, { ...context, kept });
  if (compiled.kind === 'refused') return undefined;
  const access = joinKeys(before, compiled.snapshot, changed);
  return access && { kind: 'compiled', snapshot: { ...compiled.snapshot, access }, step };
}

/** The keys of both snapshots; undefined: a name or a secret occurs twice. */
function joinKeys(before: Snapshot, { access }: Snapshot, changed: ReadonlySet<string>): Access | undefined {
  if (before.access.kind === 'open' || access.kind === 'open') return undefined;
  const names = new Set([...access.keys.values()].map(({ name }) => name));
  const keys = new Map<string, MasterKey>();
  for (const [hash, key] of before.access.keys) {
    if (changed.has(key.id)) continue;
    if (names.has(key.name) || access.keys.has(hash)) return undefined;
    keys.set(hash, key);
  }
  for (const [hash, key] of access.keys) keys.set(hash, key);
  // It depends on whether there is a key at all, and at least one has stayed.
  return { ...access, keys, publicModels: before.access.publicModels };
}
