import type { SQL } from 'bun';
import type { CompiledRevision, ResourceFinding } from './compile-revision.ts';
import type { Database } from './database.ts';
import type { Keyring } from './keyring.ts';
import { KINDS, mapKinds } from './resource-kinds.ts';
import type { Resource, ResourceName, Resources, Revision } from './revision.ts';
import { openRow, sealRow, type StoredRow } from './stored-row.ts';
import {
  insertHistory,
  insertSecret,
  readHistory,
  readRevision,
  readSecrets,
  readVersion,
  replaceRow,
  type RowChange,
  type StoredRevision,
  type VersionRow,
  writeVersion,
} from './tables.ts';

/** What the configuration is to become. Throws to call the write off; nothing has happened then. */
export type Edit = (before: Revision, now: string) => Resources;

/** Who writes, what for, and on which condition. */
export interface ChangeContext {
  readonly actor: string;
  /** For the history, such as `update providers/openai`. */
  readonly action: string;
  /** The version that the writer has seen; undefined: any. */
  readonly ifVersion?: number | undefined;
  /** Told after each row that was written, with their number so far; what is written may still be taken back. */
  readonly onRow?: ((count: number) => void) | undefined;
}

/** What a write needs of the program. */
export interface WriteContext {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly compile: (revision: Revision) => CompiledRevision;
  readonly now: () => Date;
  /** Throws `NotAdopted` where the database is not the one whose configuration is in force. */
  readonly requireAdopted: (found: VersionRow) => void;
}

/** The configuration is no longer the one that the writer has seen. */
export class VersionConflict extends Error {
  readonly version: number;

  constructor(version: number) {
    super(`the configuration has version ${version} by now`);
    this.name = 'VersionConflict';
    this.version = version;
  }
}

/** What was to be written would not be a valid configuration. */
export class RevisionRefused extends Error {
  readonly findings: readonly ResourceFinding[];

  constructor(findings: readonly ResourceFinding[]) {
    super('the configuration would not be valid');
    this.name = 'RevisionRefused';
    this.findings = findings;
  }
}

/** There is no such version to go back to. */
export class VersionUnknown extends Error {}

/** A revision that was written, and what it compiles to. */
export interface Changed {
  readonly revision: Revision;
  readonly compiled: Extract<CompiledRevision, { kind: 'compiled' }>;
}

/**
 * Makes one write: lock the version, edit, compile, store, all in one transaction. What would not compile throws
 * `RevisionRefused`, and nothing of it is stored.
 */
export function change(edit: Edit, context: ChangeContext, bench: WriteContext): Promise<Changed> {
  return write(context, bench, ({ before, now }) => Promise.resolve(edit(before, now)));
}

/** Makes the configuration what it was at `version`, as a new version. Throws `VersionUnknown`. */
export function rollback(version: number, context: ChangeContext, bench: WriteContext): Promise<Changed> {
  return write(context, bench, async ({ sql, stored }) => {
    if (version >= stored.version) throw new VersionUnknown(`there is no version ${version} to go back to`);
    const rows = await rowsAt(version, sql, stored);
    const secrets = new Map((await readSecrets(sql)).map((secret) => [secret.id, secret]));
    return openRevision({ ...stored, rows, secrets }, bench.keyring).resources;
  });
}

/** The secrets of a stored revision opened. Throws `SealBroken`. */
export function openRevision(stored: StoredRevision, keyring: Keyring): Revision {
  return {
    version: stored.version,
    changedAt: stored.changedAt,
    hadKeys: stored.hadKeys,
    identity: stored.identity,
    resources: mapKinds(
      (kind) =>
        new Map(stored.rows[kind].map((row) => [row.id, openRow(kind, row, stored.secrets, keyring)])),
    ),
  };
}

interface Write {
  readonly sql: SQL;
  readonly stored: StoredRevision;
  readonly before: Revision;
  readonly now: string;
}

function write(
  context: ChangeContext,
  bench: WriteContext,
  plan: (write: Write) => Promise<Resources>,
): Promise<Changed> {
  return bench.database.write(async (sql) => {
    const version = await readVersion(sql, bench.database.dialect);
    bench.requireAdopted(version);
    if (context.ifVersion !== undefined && context.ifVersion !== version.version) {
      throw new VersionConflict(version.version);
    }
    const stored = await readRevision(sql, version);
    const now = bench.now().toISOString();
    const before = openRevision(stored, bench.keyring);
    const resources = await plan({ sql, stored, before, now });
    const revision: Revision = {
      version: version.version + 1,
      changedAt: now,
      hadKeys: version.hadKeys || resources.master_keys.size > 0,
      identity: version.identity,
      resources,
    };
    const compiled = bench.compile(revision);
    if (compiled.kind === 'refused') throw new RevisionRefused(compiled.findings);
    const changes = await storeRows(
      sql,
      { stored, before, after: revision, onRow: context.onRow },
      bench.keyring,
    );
    await insertHistory(sql, { ...revision, actor: context.actor, action: context.action, changes });
    await writeVersion(sql, revision);
    return { revision, compiled };
  });
}

interface RowsToStore extends Pick<ChangeContext, 'onRow'> {
  readonly stored: StoredRevision;
  readonly before: Revision;
  readonly after: Revision;
}

/** Writes what differs, and says what that was. */
async function storeRows(
  sql: SQL,
  { stored, before, after, onRow }: RowsToStore,
  keyring: Keyring,
): Promise<RowChange[]> {
  const changes: RowChange[] = [];
  for (const kind of KINDS) {
    const rows = new Map(stored.rows[kind].map((row) => [row.id, row]));
    for (const id of new Set([...rows.keys(), ...after.resources[kind].keys()])) {
      const old = before.resources[kind].get(id);
      const resource = after.resources[kind].get(id);
      if (resource === old) continue;
      const change = await storeRow(sql, { kind, id, row: rows.get(id), old, resource }, keyring);
      if (change === undefined) continue;
      changes.push(change);
      onRow?.(changes.length);
    }
  }
  return changes;
}

interface RowToStore extends ResourceName {
  readonly row: StoredRow | undefined;
  readonly old: Resource | undefined;
  /** Undefined: the row is deleted. */
  readonly resource: Resource | undefined;
}

/** Writes one row with its new secrets; undefined if the stored row would be the same. */
async function storeRow(
  sql: SQL,
  { kind, id, row, old, resource }: RowToStore,
  keyring: Keyring,
): Promise<RowChange | undefined> {
  const known = row !== undefined && old !== undefined ? { row, resource: old } : undefined;
  const next = resource && sealRow(kind, resource, known, keyring);
  if (JSON.stringify(next?.row) === JSON.stringify(row)) return undefined;
  for (const secret of next?.sealed ?? []) await insertSecret(sql, secret);
  await replaceRow(sql, kind, id, next?.row);
  return { kind, id, before: row ?? null, after: next?.row ?? null };
}

/** The rows of a former version: those of today with all that happened since taken back, the latest first. */
async function rowsAt(version: number, sql: SQL, stored: StoredRevision): Promise<StoredRevision['rows']> {
  const since = await readHistory(sql, {
    atLeast: version + 1,
    atMost: stored.version,
    limit: stored.version - version,
  });
  if (since.length < stored.version - version) {
    throw new VersionUnknown(`the history does not reach back to version ${version}`);
  }
  const rows = mapKinds((kind) => new Map(stored.rows[kind].map((row) => [row.id, row])));
  for (const { kind, id, before } of since.flatMap(({ changes }) => changes)) {
    if (before === null) rows[kind].delete(id);
    else rows[kind].set(id, before);
  }
  return mapKinds((kind) => [...rows[kind].values()].sort((a, b) => a.position - b.position));
}
