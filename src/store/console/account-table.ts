import type { SQL } from 'bun';
import type { Database } from '../database.ts';

export type AccountRole = 'viewer' | 'operator' | 'admin';

/** A person who may sign in to the console. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly role: AccountRole;
  /** SHA-256 of the sign-in secret in lower-case hex. */
  readonly secretHash: string;
  readonly isEnabled: boolean;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
}

/** The accounts of the console. Every function throws `StoreUnavailable` if the database cannot be asked. */
export interface Accounts {
  /** All, by name. */
  readonly list: () => Promise<Account[]>;
  readonly find: (id: string) => Promise<Account | undefined>;
  readonly findBySecret: (hash: string) => Promise<Account | undefined>;
  /** Returns false if another account has the name. */
  readonly insert: (account: Account) => Promise<boolean>;
  /** Replaces the account of that id. Returns `name` if another account has the name, `gone` if there is none. */
  readonly update: (account: Account) => Promise<'updated' | 'name' | 'gone'>;
  /** Returns whether there was one. Its sessions end. */
  readonly remove: (id: string) => Promise<boolean>;
  readonly noteUse: (id: string, atMs: number) => Promise<void>;
}

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly secret_hash: string;
  readonly is_enabled: number;
  readonly created_ms: number | string;
  readonly last_used_ms: number | string | null;
}

/** The accounts in a database. */
export function accountTable(database: Database): Accounts {
  const select = async (sql: SQL, column: 'id' | 'name' | 'secret_hash', value: string) => {
    const rows: AccountRow[] = await sql`select * from console_accounts where ${sql(column)} = ${value}`;
    return rows.map(parseRow)[0];
  };
  return {
    list: () =>
      database.read(async (sql) => {
        const rows: AccountRow[] = await sql`select * from console_accounts order by name, id`;
        return rows.map(parseRow);
      }),
    find: (id) => database.read((sql) => select(sql, 'id', id)),
    findBySecret: (hash) => database.read((sql) => select(sql, 'secret_hash', hash)),
    insert: (account) =>
      database.write(async (sql) => {
        const made: unknown[] =
          await sql`insert into console_accounts ${sql(rowOf(account))} on conflict do nothing returning id`;
        return made.length > 0;
      }),
    update: (account) =>
      database.write(async (sql) => {
        const holder = await select(sql, 'name', account.name);
        if (holder !== undefined && holder.id !== account.id) return 'name';
        const { id, ...row } = rowOf(account);
        const changed: unknown[] =
          await sql`update console_accounts set ${sql(row)} where id = ${id} returning id`;
        return changed.length > 0 ? 'updated' : 'gone';
      }),
    remove: (id) =>
      database.write(async (sql) => {
        await sql`delete from console_sessions where account = ${id}`;
        const removed: unknown[] = await sql`delete from console_accounts where id = ${id} returning id`;
        return removed.length > 0;
      }),
    noteUse: (id, atMs) =>
      database.write(async (sql) => {
        await sql`update console_accounts set last_used_ms = ${atMs} where id = ${id}`;
      }),
  };
}

function rowOf(account: Account): AccountRow {
  const { id, name, role, secretHash, isEnabled, createdMs, lastUsedMs } = account;
  return {
    id,
    name,
    role,
    secret_hash: secretHash,
    is_enabled: isEnabled ? 1 : 0,
    created_ms: createdMs,
    last_used_ms: lastUsedMs,
  };
}

function parseRow(row: AccountRow): Account {
  return {
    id: row.id,
    name: row.name,
    role: row.role as AccountRole,
    secretHash: row.secret_hash,
    isEnabled: row.is_enabled !== 0,
    createdMs: Number(row.created_ms),
    lastUsedMs: row.last_used_ms === null ? null : Number(row.last_used_ms),
  };
}
