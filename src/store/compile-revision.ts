import { compile } from '../config/compile/compile.ts';
import type { Environment } from '../config/read/environment.ts';
import { normalise } from '../config/read/normalise.ts';
import { applyOverrides } from '../config/read/apply-overrides.ts';
import type { Overrides } from '../config/read/overrides.ts';
import type { Finding, Path } from '../config/read/problems.ts';
import { checkShape } from '../config/read/shape.ts';
import type { Access, MasterKey, Snapshot } from '../config/snapshot.ts';
import { buildFile, originOf } from './revision-file.ts';
import type { ResourceName, Revision } from './revision.ts';
import { storedKey } from './stored-key.ts';

/** What a revision is compiled with besides itself. */
export interface CompileRevisionContext {
  readonly env: Environment;
  readonly overrides: Overrides;
  readonly now: Date;
  /** Whether the store can't be asked just now, so that a key that is not known may yet exist. */
  readonly isStale: () => boolean;
}

export type CompiledRevision =
  | {
      readonly kind: 'compiled';
      readonly snapshot: Snapshot;
      /** When a rotated key stops to work, in milliseconds since 1970; the snapshot is out of date then. */
      readonly expiresAtMs: number;
    }
  | { readonly kind: 'refused'; readonly findings: readonly ResourceFinding[] };

/** Something wrong with a revision, and with which of its resources; undefined: with what the program was started with. */
export interface ResourceFinding extends Omit<Finding, 'path' | 'part'> {
  readonly resource: ResourceName | undefined;
  /** Within the resource's fields. */
  readonly path: Path;
}

/** Checks and compiles a revision just as a configuration file of the same content. */
export function compileRevision(revision: Revision, context: CompileRevisionContext): CompiledRevision {
  const shape = checkShape({ value: buildFile(revision), expanded: new Set() });
  if (shape.file === undefined || shape.findings.length > 0) return refused(shape.findings, revision);
  const { settings: stored, findings } = normalise(shape.file);
  const { settings, faults } = applyOverrides(stored, context.overrides, context.env);
  const result = compile(settings, {
    version: revision.version,
    now: context.now,
    staysLocked: revision.hadKeys || !settings.allowUnauthenticated,
  });
  const all = [
    ...findings,
    ...(result.kind === 'refused' ? result.findings : []),
    ...faults.map(({ name, message, found }) => ({ path: ['environment', name], message, found })),
  ];
  if (result.kind === 'refused' || all.length > 0) return refused(all, revision);
  const { access, expiresAtMs } = withStoredKeys(result.snapshot.access, revision, context);
  return { kind: 'compiled', snapshot: { ...result.snapshot, access }, expiresAtMs };
}

function refused(findings: readonly Finding[], revision: Revision): CompiledRevision {
  return {
    kind: 'refused',
    findings: findings.map(({ path, part: _, ...finding }) => ({ ...finding, ...originOf(path, revision) })),
  };
}

/**
 * The compiler hashes the keys that it is given, and a stored key is a hash already. So the keys are compiled with their
 * hashes in place of their secrets, and put under the hashes that clients' keys come to afterwards.
 */
function withStoredKeys(
  access: Access,
  { resources }: Revision,
  { now, isStale }: CompileRevisionContext,
): { readonly access: Access; readonly expiresAtMs: number } {
  if (access.kind === 'open') return { access, expiresAtMs: Infinity };
  const byName = new Map([...access.keys.values()].map((key) => [key.name, key]));
  const keys = new Map<string, MasterKey>();
  let expiresAtMs = Infinity;
  for (const { fields } of resources.master_keys.values()) {
    const { name, hash, preview, previous } = storedKey(fields);
    const compiled = byName.get(name);
    if (compiled === undefined) continue;
    const key = { ...compiled, hash, preview };
    const previousEndsMs = previous === undefined ? 0 : Date.parse(previous.expires_at);
    if (previous !== undefined && previousEndsMs > now.getTime()) {
      // One bucket for both: the former key must not double the limit.
      keys.set(previous.hash, key);
      expiresAtMs = Math.min(expiresAtMs, previousEndsMs);
    }
    keys.set(key.hash, key);
  }
  return { access: { ...access, keys, isStale }, expiresAtMs };
}
