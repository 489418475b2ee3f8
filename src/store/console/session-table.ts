import type { Database } from '../database.ts';
import type { AccountRole } from './account-table.ts';

/** A sign-in to the console. */
export interface Session {
  /** SHA-256 of its token in lower-case hex. */
  readonly hash: string;
  /** Its public id, which reveals nothing about the token. */
  readonly id: string;
  /** The credential that opened it. */
  readonly kind: 'admin_key' | 'account' | 'master_key';
  /** The account's id; null: it was not opened with one. */
  readonly account: string | null;
  readonly name: string;
  readonly role: AccountRole | 'key';
  /** The fingerprint of the credential at the time of the sign-in. If it changes, the session ends. */
  readonly credential: string;
  /** The client's address. */
  readonly address: string;
  /** Milliseconds since 1970, here and below. */
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** The open sessions of the console. The functions over a database throw `StoreUnavailable` if it cannot be asked. */
export interface Sessions {
  readonly insert: (session: Session) => Promise<void>;
  /** Of these hashes. */
  readonly find: (hashes: readonly string[]) => Promise<Session[]>;
  /** Those that have not expired, the newest first. */
  readonly list: (nowMs: number) => Promise<Session[]>;
  /** Returns whether there was one. */
  readonly remove: (id: string) => Promise<boolean>;
  /** Deletes those that expired before that time. */
  readonly prune: (beforeMs: number) => Promise<void>;
}

interface SessionRow {
  readonly hash: string;
  readonly id: string;
  readonly kind: string;
  readonly account: string | null;
  readonly name: string;
  readonly role: string;
  readonly credential: string;
  readonly address: string;
  readonly created_ms: number | string;
  readonly expires_ms: number | string;
}

/** The sessions in a database, which all replicas share. */
export function sessionTable(database: Database): Sessions {
  return {
    insert: ({ createdMs, expiresMs, ...session }) =>
      database.write(async (sql) => {
        const row = { ...session, created_ms: createdMs, expires_ms: expiresMs };
        await sql`insert into console_sessions ${sql(row)}`;
      }),
    find: (hashes) =>
      hashes.length === 0
        ? Promise.resolve([])
        : database.read(async (sql) => {
            const rows: SessionRow[] = await sql`
              select * from console_sessions where hash in ${sql([...hashes])}`;
            return rows.map(parseRow);
          }),
    list: (nowMs) =>
      database.read(async (sql) => {
        const rows: SessionRow[] = await sql`
          select * from console_sessions where expires_ms > ${nowMs} order by created_ms desc, id`;
        return rows.map(parseRow);
      }),
    remove: (id) =>
      database.write(async (sql) => {
        const removed: unknown[] = await sql`delete from console_sessions where id = ${id} returning id`;
        return removed.length > 0;
      }),
    prune: (beforeMs) =>
      database.write(async (sql) => {
        await sql`delete from console_sessions where expires_ms < ${beforeMs}`;
      }),
  };
}

function parseRow({ kind, role, created_ms, expires_ms, ...row }: SessionRow): Session {
  return {
    ...row,
    kind: kind as Session['kind'],
    role: role as Session['role'],
    createdMs: Number(created_ms),
    expiresMs: Number(expires_ms),
  };
}

/** More are not people: the oldest session ends. */
const MOST_SESSIONS = 10_000;

/** The sessions of a gateway without a database: a restart ends them. */
export function memorySessions(): Sessions {
  const sessions = new Map<string, Session>();
  return {
    insert: async (session) => {
      const [oldest] = sessions.keys();
      if (sessions.size >= MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      sessions.set(session.hash, session);
    },
    find: async (hashes) => hashes.flatMap((hash) => sessions.get(hash) ?? []),
    list: async (nowMs) => [...sessions.values()].filter(({ expiresMs }) => expiresMs > nowMs).toReversed(),
    remove: async (id) => {
      const found = [...sessions.values()].find((session) => session.id === id);
      return found !== undefined && sessions.delete(found.hash);
    },
    prune: async (beforeMs) => {
      for (const { hash, expiresMs } of sessions.values()) if (expiresMs < beforeMs) sessions.delete(hash);
    },
  };
}
