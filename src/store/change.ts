import type { SQL } from 'bun';
import type { CompiledRevision, ResourceFinding } from './compile-plain-revision.ts';
import type { Database } from './database.ts';
import { AnsweredBefore, findAnswer, insertAnswer, type KeptAnswer } from './idempotency-table.ts';
import { changedIds } from './key-step.ts';
import type { Keyring } from './keyring.ts';
import { KINDS, mapKinds } from './resource-kinds.ts';
import type { Resource, ResourceName, Resources, Revision } from './revision.ts';
import { openRow, sealRow, type StoredRow } from './stored-row.ts';
import {
  insertHistory,
  insertSecret,
  readHistory,
  readRevision,
  readRows,
  readSecrets,
  readVersion,
  replaceRow,
  type RowChange,
  type StoredRevision,
  type VersionRow,
  writeVersion,
} from './tables.ts';
import { insertTombstone, requireFreshIds, deleteTombstone } from './tombstones.ts';

/** Computes the new configuration. If it throws, the write is cancelled and nothing has happened. */
export type Edit = (before: Revision, now: string) => Resources;

/** The author, purpose and precondition of a write. */
export interface ChangeContext {
  readonly actor: string;
  /** For the history, such as `update providers/openai`. */
  readonly action: string;
  /** The version that the writer has seen; undefined: any. */
  readonly ifVersion?: number | undefined;
  /** Resources that are new. The ids of deleted ones are refused for them with `IdRetired`. */
  readonly creates?: readonly ResourceName[] | undefined;
  /** Keeps the answer of the write in the same transaction. Throws `AnsweredBefore` if there is one already. */
  readonly once?: Once | undefined;
  /** Called after each written row with the number of rows so far. The transaction may still be rolled back. */
  readonly onRow?: ((count: number) => void) | undefined;
}

/** A write that its sender may repeat, with the answer that every repetition gets. */
export interface Once extends Omit<KeptAnswer, 'text'> {
  readonly textOf: (revision: Revision) => string;
}

/** The dependencies of a write. */
export interface WriteContext {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly compile: (revision: Revision) => CompiledRevision;
  /** The configuration in force. If the database has the same version, its resources are not read again. */
  readonly inForce: () => Revision | undefined;
  readonly now: () => Date;
  /** Throws `NotAdopted` if the database is not the one whose configuration is in force. */
  readonly requireAdopted: (found: VersionRow) => void;
}

/** The configuration has changed since the writer read it. */
export class VersionConflict extends Error {
  readonly version: number;

  constructor(version: number) {
    super(`the configuration is now at version ${version}`);
    this.name = 'VersionConflict';
    this.version = version;
  }
}

/** The write would make the configuration invalid. */
export class RevisionRefused extends Error {
  readonly findings: readonly ResourceFinding[];

  constructor(findings: readonly ResourceFinding[]) {
    super('the configuration would not be valid');
    this.name = 'RevisionRefused';
    this.findings = findings;
  }
}

/** The version to roll back to does not exist. */
export class VersionUnknown extends Error {}

/** A written revision and its compiled form. */
export interface Changed {
  readonly revision: Revision;
  readonly compiled: Extract<CompiledRevision, { kind: 'compiled' }>;
}

/**
 * Makes one write in one transaction: lock the version, edit, compile, store. Throws `RevisionRefused` if the result
 * does not compile; nothing is stored then.
 */
export function change(edit: Edit, context: ChangeContext, writing: WriteContext): Promise<Changed> {
  return write(context, writing, ({ before, now }) => Promise.resolve(edit(before, now)));
}

/** Restores the configuration of `version` as a new version. Throws `VersionUnknown`. */
export function rollback(version: number, context: ChangeContext, writing: WriteContext): Promise<Changed> {
  return write(context, writing, async ({ sql, before }) => {
    if (version >= before.version) throw new VersionUnknown(`there is no version ${version} to go back to`);
    const stored = await readRevision(sql, await readVersion(sql));
    const rows = await rowsAt(version, sql, stored);
    const secrets = new Map((await readSecrets(sql)).map((secret) => [secret.id, secret]));
    return openRevision({ ...stored, rows, secrets }, writing.keyring).resources;
  });
}

/** Opens the secrets of a stored revision. Throws `SealBroken`. */
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
  readonly before: Revision;
  readonly now: string;
}

function write(
  context: ChangeContext,
  writing: WriteContext,
  plan: (write: Write) => Promise<Resources>,
): Promise<Changed> {
  return writing.database.write(async (sql) => {
    const version = await readVersion(sql, writing.database.dialect);
    writing.requireAdopted(version);
    const sealing = { keyring: writing.keyring, nowMs: writing.now().getTime() };
    const { once } = context;
    if (once !== undefined && (await findAnswer(sql, once.keyHash, sealing)) !== undefined)
      throw new AnsweredBefore('the request was answered already');
    if (context.ifVersion !== undefined && context.ifVersion !== version.version) {
      throw new VersionConflict(version.version);
    }
    await requireFreshIds(sql, context.creates ?? [], sealing.nowMs);
    const now = writing.now().toISOString();
    const before = await revisionAt(version, sql, writing);
    const resources = await plan({ sql, before, now });
    const revision: Revision = {
      version: version.version + 1,
      changedAt: now,
      hadKeys: version.hadKeys || resources.master_keys.size > 0,
      identity: version.identity,
      resources,
    };
    const compiled = writing.compile(revision);
    if (compiled.kind === 'refused') throw new RevisionRefused(compiled.findings);
    const changes = await storeRows(sql, { before, after: revision, onRow: context.onRow }, writing.keyring);
    await insertHistory(sql, { ...revision, actor: context.actor, action: context.action, changes });
    await writeVersion(sql, revision);
    if (once !== undefined) await insertAnswer(sql, { ...once, text: once.textOf(revision) }, sealing);
    return { revision, compiled };
  });
}

/** The revision of that version, which is read unless it is in force here. */
async function revisionAt(
  found: VersionRow,
  sql: SQL,
  { keyring, inForce }: WriteContext,
): Promise<Revision> {
  const known = inForce();
  const isKnown =
    known?.version === found.version &&
    known.identity === found.identity &&
    known.changedAt === found.changedAt;
  return isKnown ? known : openRevision(await readRevision(sql, found), keyring);
}

interface RowsToStore extends Pick<ChangeContext, 'onRow'> {
  readonly before: Revision;
  readonly after: Revision;
}

/** Writes the rows that differ and returns the changes. */
async function storeRows(
  sql: SQL,
  { before, after, onRow }: RowsToStore,
  keyring: Keyring,
): Promise<RowChange[]> {
  const changes: RowChange[] = [];
  for (const kind of KINDS) {
    const ids = changedIds(before.resources[kind], after.resources[kind]);
    const rows = await readRows(sql, kind, ids);
    for (const id of ids) {
      const old = before.resources[kind].get(id);
      const resource = after.resources[kind].get(id);
      const change = await storeRow(sql, { kind, id, row: rows.get(id), old, resource }, keyring);
      if (change === undefined) continue;
      await noteLife(sql, { kind, id, old, resource, nowMs: Date.parse(after.changedAt) });
      changes.push(change);
      onRow?.(changes.length);
    }
  }
  return changes;
}

interface Life extends ResourceName {
  readonly old: Resource | undefined;
  readonly resource: Resource | undefined;
  readonly nowMs: number;
}

/** Notes what was deleted, and what is back. */
async function noteLife(sql: SQL, { kind, id, old, resource, nowMs }: Life): Promise<void> {
  if (old !== undefined && resource === undefined) {
    const name = old.fields['name'];
    await insertTombstone(sql, { kind, id }, { name: typeof name === 'string' ? name : id, nowMs });
  }
  if (old === undefined && resource !== undefined) await deleteTombstone(sql, { kind, id });
}

interface RowToStore extends ResourceName {
  readonly row: StoredRow | undefined;
  readonly old: Resource | undefined;
  /** Undefined: the row is deleted. */
  readonly resource: Resource | undefined;
}

/** Writes one row with its new secrets. Returns undefined if the stored row would be the same. */
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

/** The rows of an earlier version: today's rows with all later changes undone, the latest first. */
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
