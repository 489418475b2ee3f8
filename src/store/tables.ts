import type { SQL } from 'bun';
import type { Dialect } from './dialect.ts';
import { type Kind, KINDS, mapKinds } from './resource-kinds.ts';
import type { JsonObject } from './revision.ts';
import { EqualParts } from './equal-parts.ts';
import type { SealedSecret, StoredRow } from './stored-row.ts';

/** All rows of one version of the configuration. */
export interface StoredRevision extends VersionRow {
  readonly rows: Readonly<Record<Kind, readonly StoredRow[]>>;
  /** The secrets that the rows refer to, by id. */
  readonly secrets: ReadonlyMap<string, SealedSecret>;
}

export interface VersionRow {
  readonly version: number;
  readonly changedAt: string;
  readonly hadKeys: boolean;
  /** Identifies the database: a replacement has another identity. */
  readonly identity: string;
}

/** Reads the version. With a dialect it also locks it, so that other writers wait until this transaction ends. */
export async function readVersion(sql: SQL, locking?: Dialect): Promise<VersionRow> {
  const columns = `select version, changed_at, had_keys, (select identity from database_identity) as identity
    from config_version where id = 1`;
  const found: { version: number; changed_at: string; had_keys: number; identity: string }[] =
    await sql.unsafe(locking === undefined ? columns : `${columns} ${locking.forUpdate}`);
  const [row] = found;
  if (row === undefined) throw new Error('the table config_version has lost its row');
  const { version, changed_at: changedAt, had_keys: hadKeys, identity } = row;
  return { version, changedAt, hadKeys: hadKeys !== 0, identity };
}

/** Reads all tables, in one transaction that sees one consistent state. */
export async function readRevision(sql: SQL, version: VersionRow): Promise<StoredRevision> {
  const rows = mapKinds((): StoredRow[] => []);
  const parts = new EqualParts();
  for (const kind of KINDS) {
    // Named columns rather than `*`: a later schema may have more.
    const found: TextRow[] = await sql`
      select id, position, body, secrets, created_at, updated_at from ${sql(kind)} order by position, id`;
    rows[kind] = found.map((row) => parts.shared(parseRow(row)));
  }
  const named = new Set(KINDS.flatMap((kind) => rows[kind]).flatMap(({ secrets }) => Object.values(secrets)));
  const secrets = named.size === 0 ? [] : await readSecrets(sql);
  return {
    ...version,
    rows,
    secrets: new Map(secrets.filter(({ id }) => named.has(id)).map((secret) => [secret.id, secret])),
  };
}

/** Databases take some thousands of values in one statement. */
const MOST_IDS = 1_000;

/** The rows with these ids, as far as there are such. */
export async function readRows(
  sql: SQL,
  kind: Kind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredRow>> {
  const rows = new Map<string, StoredRow>();
  for (let at = 0; at < ids.length; at += MOST_IDS) {
    const found: TextRow[] = await sql`
      select id, position, body, secrets, created_at, updated_at from ${sql(kind)}
      where id in ${sql(ids.slice(at, at + MOST_IDS))}`;
    for (const row of found) rows.set(row.id, parseRow(row));
  }
  return rows;
}

/** The secrets with these ids, as far as there are such. */
export async function readSecretsOf(
  sql: SQL,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SealedSecret>> {
  if (ids.length === 0) return new Map();
  const found: SealedSecret[] = await sql`
    select id, owner, key_id, sealed from secrets where id in ${sql(ids)}`;
  return new Map(found.map((secret) => [secret.id, secret]));
}

/** All secrets, including those that only the history refers to. */
export async function readSecrets(sql: SQL): Promise<SealedSecret[]> {
  const found: SealedSecret[] = await sql`select id, owner, key_id, sealed from secrets`;
  return found;
}

export async function insertSecret(sql: SQL, { id, owner, key_id, sealed }: SealedSecret): Promise<void> {
  await sql`insert into secrets (id, owner, key_id, sealed) values (${id}, ${owner}, ${key_id}, ${sealed})`;
}

export async function updateSecret(sql: SQL, { id, key_id, sealed }: SealedSecret): Promise<void> {
  await sql`update secrets set key_id = ${key_id}, sealed = ${sealed} where id = ${id}`;
}

/** Replaces the row with that id; `row` undefined: deletes it. */
export async function replaceRow(
  sql: SQL,
  kind: Kind,
  id: string,
  row: StoredRow | undefined,
): Promise<void> {
  await sql`delete from ${sql(kind)} where id = ${id}`;
  if (row === undefined) return;
  await sql`insert into ${sql(kind)} (id, position, body, secrets, created_at, updated_at)
    values (${row.id}, ${row.position}, ${JSON.stringify(row.body)}, ${JSON.stringify(row.secrets)},
      ${row.created_at}, ${row.updated_at})`;
}

export async function writeVersion(
  sql: SQL,
  { version, changedAt, hadKeys }: Pick<VersionRow, 'version' | 'changedAt' | 'hadKeys'>,
): Promise<void> {
  await sql`update config_version
    set version = ${version}, changed_at = ${changedAt}, had_keys = ${hadKeys ? 1 : 0} where id = 1`;
}

/** One write, for the history. */
export interface HistoryEntry {
  readonly version: number;
  readonly changedAt: string;
  readonly actor: string;
  readonly action: string;
  readonly changes: readonly RowChange[];
}

/** One row before and after a write; null: there was none. */
export interface RowChange {
  readonly kind: Kind;
  readonly id: string;
  readonly before: StoredRow | null;
  readonly after: StoredRow | null;
}

export async function insertHistory(sql: SQL, entry: HistoryEntry): Promise<void> {
  await sql`insert into config_history (version, changed_at, actor, action, changes)
    values (${entry.version}, ${entry.changedAt}, ${entry.actor}, ${entry.action}, ${JSON.stringify(entry.changes)})`;
}

/** The entries from `atLeast` to `atMost`, the newest first. */
export async function readHistory(
  sql: SQL,
  { atLeast, atMost, limit }: { atLeast: number; atMost: number; limit: number },
): Promise<HistoryEntry[]> {
  const found: HistoryRow[] = await sql`select version, changed_at, actor, action, changes from config_history
    where version >= ${atLeast} and version <= ${atMost} order by version desc limit ${limit}`;
  return found.map(({ version, changed_at, actor, action, changes }) => ({
    version,
    changedAt: changed_at,
    actor,
    action,
    changes: JSON.parse(changes) as RowChange[],
  }));
}

interface HistoryRow {
  readonly version: number;
  readonly changed_at: string;
  readonly actor: string;
  readonly action: string;
  readonly changes: string;
}

interface TextRow extends Omit<StoredRow, 'body' | 'secrets'> {
  readonly body: string;
  readonly secrets: string;
}

function parseRow({ id, position, body, secrets, created_at, updated_at }: TextRow): StoredRow {
  return {
    id,
    position,
    body: JSON.parse(body) as JsonObject,
    secrets: JSON.parse(secrets) as Record<string, string>,
    created_at,
    updated_at,
  };
}
