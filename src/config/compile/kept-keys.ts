import type { MasterKey, Snapshot } from '../snapshot.ts';

/** Keys that an earlier compilation made under the same other settings, so that a change of few keys compiles only those. */
export interface KeptKeys extends Pick<Snapshot, 'limits' | 'caching' | 'keyWarnings'> {
  /** Each once. */
  readonly keys: readonly MasterKey[];
  /** The keys as they were that are compiled anew, or gone. */
  readonly replaced: readonly MasterKey[];
}

/** The keys of a snapshot but those with these ids; undefined: it requires no keys. */
export function keptKeys(
  { access, limits, caching, keyWarnings }: Snapshot,
  changed: ReadonlySet<string>,
): KeptKeys | undefined {
  if (access.kind === 'open') return undefined;
  const keys: MasterKey[] = [];
  const replaced: MasterKey[] = [];
  for (const key of access.keys.values()) {
    // During a rotation, a key occurs with both secrets.
    if (key.secretHash === key.hash) (changed.has(key.id) ? replaced : keys).push(key);
  }
  return { keys, replaced, limits, caching, keyWarnings };
}

/** The entries of kept keys in a map by id. */
export function* keptEntries<T>(
  byId: ReadonlyMap<string, T>,
  { replaced }: KeptKeys,
): Iterable<readonly [id: string, value: T]> {
  const ids = new Set(replaced.map(({ id }) => id));
  for (const entry of byId) if (!ids.has(entry[0])) yield entry;
}
