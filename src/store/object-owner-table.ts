import type { SQL } from 'bun';
import type { ObjectOwner } from '../gateway/objects/object-owners.ts';
import type { OwnerRecord, OwnerStore } from '../gateway/objects/stored-object-owners.ts';
import type { Database } from './database.ts';

/** An older object has no owner any more. */
const KEPT_MS = 180 * 24 * 3_600_000;

/** How often old rows are deleted. */
const PRUNE_MS = 3_600_000;

/** The owners of objects, in a database. Every function throws `StoreUnavailable` if it cannot be asked. */
export function objectOwnerTable(database: Database): OwnerStore {
  let prunedAtMs = 0;
  return {
    insert: (records) =>
      database.write(async (sql) => {
        await insert(sql, records);
        const nowMs = Math.max(...records.map(({ madeAtMs }) => madeAtMs));
        if (nowMs - prunedAtMs < PRUNE_MS) return;
        prunedAtMs = nowMs;
        await sql`delete from object_owners where made_at_ms < ${nowMs - KEPT_MS}`;
      }),
    find: (id) => database.read((sql) => find(sql, id)),
  };
}

async function insert(sql: SQL, records: readonly OwnerRecord[]): Promise<void> {
  const rows = records.map(({ id, keyId, keyName, provider, madeAtMs }) => ({
    id,
    key_id: keyId ?? null,
    key_name: keyName,
    provider,
    made_at_ms: madeAtMs,
  }));
  await sql`insert into object_owners ${sql(rows)} on conflict do nothing`;
}

async function find(sql: SQL, id: string): Promise<ObjectOwner | undefined> {
  const [row]: { key_id: string | null; key_name: string; provider: string }[] =
    await sql`select key_id, key_name, provider from object_owners where id = ${id}`;
  return row && { keyId: row.key_id ?? undefined, keyName: row.key_name, provider: row.provider };
}
