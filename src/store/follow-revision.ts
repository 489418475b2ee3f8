import type { SQL } from 'bun';
import { openRevision } from './change.ts';
import { type Keyring, SealBroken } from './keyring.ts';
import type { Kind } from './resource-kinds.ts';
import type { Resource, Resources, Revision } from './revision.ts';
import { openRow, type SealedSecret, type StoredRow } from './stored-row.ts';
import {
  readHistory,
  readRevision,
  readSecretsOf,
  readVersion,
  type RowChange,
  type VersionRow,
} from './tables.ts';

/** A revision that was found in the database. */
export interface FoundRevision {
  readonly version: number;
  /** Throws `SealBroken`. */
  readonly open: () => Revision;
}

/** Reads the whole configuration in the database. Throws `SealBroken`. */
export async function readWhole(sql: SQL, keyring: Keyring): Promise<Revision> {
  return openRevision(await readRevision(sql, await readVersion(sql)), keyring);
}

/** Reads a revision, of which only what has changed if that is possible. */
export async function findRevision(
  sql: SQL,
  keyring: Keyring,
  { known, found }: { readonly known: Revision | undefined; readonly found: VersionRow },
): Promise<FoundRevision> {
  const { version } = found;
  const followed = known && (await followRevision(sql, keyring, { known, found }));
  if (followed !== undefined) return { version, open: () => followed };
  const stored = await readRevision(sql, found);
  return { version, open: () => openRevision(stored, keyring) };
}

/** After more writes, or larger ones, all is read anew. */
const MOST_WRITES = 100;
const MOST_CHANGES = 500;

/**
 * Follows the history from a known revision to the one that was found, which reads only what has changed. undefined: the
 * whole configuration has to be read.
 */
export async function followRevision(
  sql: SQL,
  keyring: Keyring,
  { known, found }: { readonly known: Revision; readonly found: VersionRow },
): Promise<Revision | undefined> {
  const writes = found.version - known.version;
  if (writes < 1 || writes > MOST_WRITES) return undefined;
  const range = { atLeast: known.version, atMost: found.version, limit: writes + 1 };
  const [first, ...since] = (await readHistory(sql, range)).toReversed();
  // A database that was restored from a backup has another history since then.
  if (first?.version !== known.version || first.changedAt !== known.changedAt || since.length < writes)
    return undefined;
  const rows = lastRows(since.flatMap(({ changes }) => changes));
  if (rows.size > MOST_CHANGES) return undefined;
  const ids = [...rows.values()].flatMap(({ row }) => Object.values(row?.secrets ?? {}));
  const secrets = await readSecretsOf(sql, ids);
  const resources = withRows(known.resources, rows.values(), { keyring, secrets });
  return resources && { ...found, resources };
}

interface ChangedRow {
  readonly kind: Kind;
  readonly id: string;
  /** null: it is gone. */
  readonly row: StoredRow | null;
}

function lastRows(changes: readonly RowChange[]): ReadonlyMap<string, ChangedRow> {
  return new Map(changes.map(({ kind, id, after: row }) => [`${kind}/${id}`, { kind, id, row }]));
}

interface Opening {
  readonly keyring: Keyring;
  readonly secrets: ReadonlyMap<string, SealedSecret>;
}

/** undefined: a row has another place than at the end, or than it had, or a secret that cannot be opened. */
function withRows(
  before: Resources,
  rows: Iterable<ChangedRow>,
  { keyring, secrets }: Opening,
): Resources | undefined {
  const changed = new Map<Kind, Map<string, Resource>>();
  for (const { kind, id, row } of rows) {
    const all = changed.get(kind) ?? new Map(before[kind]);
    changed.set(kind, all);
    const old = all.get(id);
    if (row === null) {
      all.delete(id);
      continue;
    }
    if (row.position !== old?.position && (old !== undefined || row.position <= lastPosition(all)))
      return undefined;
    const resource = tryOpen(() => openRow(kind, row, secrets, keyring));
    if (resource === undefined) return undefined;
    all.set(id, resource);
  }
  return { ...before, ...Object.fromEntries(changed) };
}

/** undefined: its seal is broken. The caller then opens the whole configuration, which reports that. */
function tryOpen(open: () => Resource): Resource | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

function lastPosition(resources: ReadonlyMap<string, Resource>): number {
  let last = -1;
  for (const { position } of resources.values()) last = Math.max(last, position);
  return last;
}
