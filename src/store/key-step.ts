import { KINDS } from './resource-kinds.ts';
import type { Resource, Revision } from './revision.ts';

/** The keys that a write of few keys changed. The others need not be compiled again. */
export interface KeyStep {
  /** The version that it starts from. */
  readonly from: number;
  /** The ids of the keys that were changed, added or removed. */
  readonly changed: readonly string[];
  /** The new revision, of whose keys it has only those. */
  readonly revision: Revision;
}

/** More are compiled with all others. */
const MOST_CHANGED = 500;

/** The step between two revisions; undefined: they differ in more than a few keys. */
export function keyStep(before: Revision, after: Revision): KeyStep | undefined {
  const isSame = KINDS.every(
    (kind) => kind === 'master_keys' || before.resources[kind] === after.resources[kind],
  );
  if (!isSame) return undefined;
  const [former, keys] = [before.resources.master_keys, after.resources.master_keys];
  const changed = changedIds(former, keys);
  if (changed.length > MOST_CHANGED || changed.length * 2 > former.size) return undefined;
  const some = new Map<string, Resource>();
  for (const id of changed) {
    const key = keys.get(id);
    if (key !== undefined) some.set(id, key);
  }
  const resources = { ...after.resources, master_keys: some };
  return { from: before.version, changed, revision: { ...after, resources } };
}

/** The ids of the resources that are not the same object in both. */
export function changedIds(
  before: ReadonlyMap<string, Resource>,
  after: ReadonlyMap<string, Resource>,
): string[] {
  if (before === after) return [];
  const changed: string[] = [];
  for (const id of before.keys()) if (!after.has(id)) changed.push(id);
  for (const [id, resource] of after) if (before.get(id) !== resource) changed.push(id);
  return changed;
}
