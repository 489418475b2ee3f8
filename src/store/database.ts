import type { SQL } from 'bun';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DatabaseUrl, parseDatabaseUrl } from './database-url.ts';
import { type Dialect, postgres, sqlite } from './dialect.ts';
import { runInThread, ThreadFailed } from './sqlite-thread.ts';

/** A connection to the database, which offers only transactions. Errors of the database are `StoreUnavailable`. */
export interface Database {
  readonly dialect: Dialect;
  /** The place of the database, for people: without user and password. */
  readonly place: string;
  /** Runs a read-only transaction that sees one consistent state of all tables. */
  readonly read: <T>(work: (sql: SQL) => Promise<T>) => Promise<T>;
  /** Runs a transaction; an error from `work` rolls it back and is passed on. */
  readonly write: <T>(work: (sql: SQL) => Promise<T>) => Promise<T>;
  /** Runs one statement that is a transaction of its own, in one round trip. */
  readonly single: <T>(work: (sql: SQL) => Promise<T>) => Promise<T>;
  /** As `write`, for work on whole tables, such as an index, which may take minutes. */
  readonly writeSlowly: <T>(work: (sql: SQL) => Promise<T>) => Promise<T>;
  /**
   * Runs a statement outside of a transaction that may take minutes, such as the creation of an index. Readers go on
   * meanwhile. PostgreSQL's writers go on if the statement lets them; SQLite's wait.
   */
  readonly build: (statement: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The database is unreachable or failed. The message is one line without credentials. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

export interface DatabaseOptions {
  /** Called when an open connection is lost, but not when it is closed on purpose. */
  readonly onLost?: () => void;
  /** A transaction that takes longer means that the database is gone. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5000;
const SLOW_MS = 3_600_000;
const CONNECT_SECONDS = 3;
const MOST_CONNECTIONS = 4;

/**
 * Opens `postgres://…`, `postgresql://…`, `sqlite://FILE` or `sqlite::memory:`. It does not connect yet, but it creates
 * SQLite's file with its folder. Throws `StoreUnavailable` for any other URL.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const parsed = parseDatabaseUrl(url);
  if (parsed.kind === 'wrong') throw new StoreUnavailable(parsed.message);
  const dialect = parsed.kind === 'postgres' ? postgres : sqlite;
  const connection = parsed.kind === 'postgres' ? pooled(parsed, options) : embedded(parsed);
  const run = async <T>(mode: string, work: (sql: SQL) => Promise<T>, limitMs?: number): Promise<T> => {
    try {
      return await connection.within((sql) => sql.begin(mode, work), limitMs);
    } catch (error) {
      throw asUnavailable(error, connection.place);
    }
  };
  return {
    dialect,
    place: connection.place,
    read: (work) => run(dialect.readMode, work),
    write: (work) => run(dialect.writeMode, work),
    single: async (work) => {
      try {
        return await connection.within(work);
      } catch (error) {
        throw asUnavailable(error, connection.place);
      }
    },
    writeSlowly: (work) => run(dialect.writeMode, work, SLOW_MS),
    build: (statement) =>
      connection.build(statement).catch((error: unknown) => {
        throw asUnavailable(error, connection.place);
      }),
    close: connection.close,
  };
}

interface Connection {
  readonly place: string;
  /** `limitMs` replaces the usual limit of time, where there is one. */
  readonly within: <T>(work: (sql: SQL) => Promise<T>, limitMs?: number) => Promise<T>;
  readonly build: (statement: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** PostgreSQL. A pool with hanging connections is replaced, since they would never be freed. */
function pooled(
  { url, place, caFile }: Extract<DatabaseUrl, { kind: 'postgres' }>,
  { onLost, timeoutMs = TIMEOUT_MS }: DatabaseOptions,
): Connection {
  let isClosing = false;
  const connect = (): SQL =>
    new Bun.SQL(url, {
      max: MOST_CONNECTIONS,
      connectionTimeout: CONNECT_SECONDS,
      // Poolers such as PgBouncer use a different connection per transaction, which does not know the prepared
      // statements.
      prepare: false,
      ...(caFile !== undefined && { tls: { ca: Bun.file(caFile) } }),
      onclose: () => {
        if (!isClosing) onLost?.();
      },
    });
  let pool = connect();
  return {
    place,
    async within(work, limitMs = timeoutMs) {
      const used = pool;
      try {
        return await within(limitMs, work(used));
      } catch (error) {
        if (error instanceof TimedOut && pool === used) {
          pool = connect();
          void used.close({ timeout: 0 }).catch(() => undefined);
        }
        throw error;
      }
    },
    build: (statement) =>
      within(
        SLOW_MS,
        pool.unsafe(statement).then(() => undefined),
      ),
    async close() {
      isClosing = true;
      await pool.close({ timeout: 1 });
    },
  };
}

/** How long a transaction waits while another process writes. */
const BUSY_MS = 5000;
const BUSY_PAUSE_MS = 10;

/**
 * SQLite. Its one connection runs one transaction at a time; `begin` queues the others. Waiting for another process is
 * done here, since SQLite would block the whole program.
 */
function embedded(database: Extract<DatabaseUrl, { kind: 'sqlite' | 'memory' }>): Connection {
  const isMemory = database.kind === 'memory';
  const file = isMemory ? '' : database.file;
  let opened: SQL | undefined;
  const open = async (): Promise<SQL> => {
    if (opened !== undefined) return opened;
    if (!isMemory) createPrivately(file);
    const sql = new Bun.SQL(isMemory ? 'sqlite::memory:' : `sqlite://${file}`);
    opened = sql;
    if (!isMemory) await sql`pragma journal_mode = wal`;
    return sql;
  };
  return {
    place: isMemory ? 'sqlite::memory:' : `sqlite://${file}`,
    async within(work) {
      const untilMs = performance.now() + BUSY_MS;
      for (;;) {
        try {
          return await work(await open());
        } catch (error) {
          const isBusy = error instanceof Bun.SQL.SQLiteError && error.code.startsWith('SQLITE_BUSY');
          if (!isBusy || performance.now() > untilMs) throw error;
          await Bun.sleep(BUSY_PAUSE_MS);
        }
      }
    },
    async build(statement) {
      if (isMemory) await (await open()).unsafe(statement);
      else await runInThread({ file, statement });
    },
    close: async () => opened?.close(),
  };
}

/** The file contains hashes of keys and sealed credentials, so nobody else on the machine may read it. */
function createPrivately(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
  } catch {
    // Opening the file will report what is wrong.
  }
}

class TimedOut extends Error {}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  // A late failure of the loser must not end the process.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The runtime reports untrusted certificates and broken handshakes with errors other than SQL's. */
function isOfConnection(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^[A-Z][A-Z0-9_]+$/.test(String(error.code));
}

function asUnavailable(error: unknown, place: string): unknown {
  if (
    error instanceof TimedOut ||
    error instanceof ThreadFailed ||
    error instanceof Bun.SQL.SQLError ||
    isOfConnection(error)
  ) {
    const message = error.message.replaceAll(/\s+/g, ' ');
    return new StoreUnavailable(`${place}: ${message}`, { cause: error });
  }
  return error;
}
