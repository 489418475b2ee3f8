import { compile } from '../config/compile/compile.ts';
import type { Environment } from '../config/read/environment.ts';
import { normalise } from '../config/read/normalise.ts';
import { applyOverrides } from '../config/read/apply-overrides.ts';
import type { Overrides } from '../config/read/overrides.ts';
import type { Finding, Path } from '../config/read/problems.ts';
import type { KeySettings } from '../config/read/settings.ts';
import { takeShape } from '../config/read/quick/take-shape.ts';
import type { ConfigFile } from '../config/schema/schema.ts';
import type { KeptKeys } from '../config/compile/kept-keys.ts';
import type { Access, MasterKey, Snapshot } from '../config/snapshot.ts';
import type { KeyStep } from './key-step.ts';
import { buildFile, originOf } from './revision-file.ts';
import type { ResourceName, Revision } from './revision.ts';
import { storedKey } from './stored-key.ts';

/** The inputs of a revision's compilation besides the revision. */
export interface CompileRevisionContext {
  readonly env: Environment;
  readonly overrides: Overrides;
  readonly now: Date;
  /** Whether the store is unavailable, so that an unknown key may exist. */
  readonly isStale: () => boolean;
}

export type CompiledRevision =
  | {
      readonly kind: 'compiled';
      readonly snapshot: Snapshot;
      /** The keys that differ from an earlier version, if only these were compiled; undefined: all were. */
      readonly step?: KeyStep | undefined;
    }
  | { readonly kind: 'refused'; readonly findings: readonly ResourceFinding[] };

/** An error in a revision and the resource that it is in; undefined: it is in the program's options or environment. */
export interface ResourceFinding extends Omit<Finding, 'path' | 'part'> {
  readonly resource: ResourceName | undefined;
  /** Within the resource's fields. */
  readonly path: Path;
}

/** Compiles a revision whose shape is right; undefined: `compileRevision` has to say what is wrong. */
export function compilePlainRevision(
  revision: Revision,
  context: CompileRevisionContext,
): CompiledRevision | undefined {
  const file = takeShape(buildFile(revision));
  return file && compileShaped(file, revision, context);
}

/** Compiles a revision from its file. With `kept`, the result's `access` lacks those keys. */
export function compileShaped(
  file: ConfigFile,
  revision: Revision,
  context: CompileRevisionContext & { readonly kept?: KeptKeys },
): CompiledRevision {
  const { settings: normalised, findings } = normalise(file);
  const stored = { ...normalised, keys: withIds(normalised.keys, revision) };
  const { settings, faults } = applyOverrides(stored, context.overrides, context.env);
  const result = compile(settings, {
    version: revision.version,
    now: context.now,
    staysLocked: revision.hadKeys || !settings.allowUnauthenticated,
    kept: context.kept,
  });
  const all = [
    ...findings,
    ...(result.kind === 'refused' ? result.findings : []),
    ...faults.map(({ name, message, found }) => ({ path: ['environment', name], message, found })),
  ];
  if (result.kind === 'refused' || all.length > 0) return refused(all, revision);
  const access = withStoredKeys(result.snapshot.access, revision, context.isStale);
  return { kind: 'compiled', snapshot: { ...result.snapshot, access } };
}

/** Keys are counted by the ids of their resources, which outlive their names. */
function withIds(keys: readonly KeySettings[], { resources }: Revision): KeySettings[] {
  const ids = new Map<string, string>();
  for (const { id, fields } of resources.master_keys.values()) ids.set(storedKey(fields).name, id);
  return keys.map((key) => ({ ...key, id: ids.get(key.name) ?? key.id }));
}

/** Refuses a revision for findings in its file. */
export function refused(findings: readonly Finding[], revision: Revision): CompiledRevision {
  return {
    kind: 'refused',
    findings: findings.map(({ path, part: _, ...finding }) => ({ ...finding, ...originOf(path, revision) })),
  };
}

/**
 * The compiler hashes the keys that it is given, but a stored key is already a hash. So the hashes are compiled in
 * place of the secrets and indexed by the hashes of clients' keys afterwards.
 */
function withStoredKeys(access: Access, { resources }: Revision, isStale: () => boolean): Access {
  if (access.kind === 'open') return access;
  const byName = new Map([...access.keys.values()].map((key) => [key.name, key]));
  const keys = new Map<string, MasterKey>();
  for (const { fields } of resources.master_keys.values()) {
    const { name, hash, preview, previous } = storedKey(fields);
    const compiled = byName.get(name);
    if (compiled === undefined) continue;
    const key = { ...compiled, hash, secretHash: hash, preview };
    keys.set(hash, key);
    // Both secrets share one hash, and so one bucket: the former secret must not double the limit.
    if (previous !== undefined) {
      const former = { ...key, secretHash: previous.hash };
      keys.set(previous.hash, endingAt(Date.parse(previous.expires_at), former));
    }
  }
  return { ...access, keys, isStale };
}

/** The key as its former secret opens it. */
function endingAt(endsMs: number, key: MasterKey): MasterKey {
  return endsMs >= key.refusedFromMs ? key : { ...key, expiresAtMs: endsMs, refusedFromMs: endsMs };
}
