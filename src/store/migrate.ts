import type { SQL } from 'bun';
import { type Database, StoreUnavailable } from './database.ts';
import { initial } from './migrations/0001-initial.ts';
import { requestRecords } from './migrations/0002-request-records.ts';
import type { Migration } from './migrations/migration.ts';

/** All steps of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [initial, requestRecords];

/** The database has a schema that this program does not know, or lacks steps that it needs. */
export class SchemaMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaMismatch';
  }
}

/** What a migration did, and where the schema stands now; 0: there is none. */
export interface Migrated {
  readonly version: number;
  /** The steps that were made or taken back, in that order. */
  readonly steps: readonly Pick<Migration, 'version' | 'name'>[];
}

/**
 * Makes all pending steps in one transaction: one that fails leaves the schema as it was. Programs that start at once
 * wait for each other. Throws `SchemaMismatch` where the schema is newer than the program.
 */
export function migrateUp(database: Database, migrations = MIGRATIONS): Promise<Migrated> {
  return database.write(async (sql) => {
    const current = await lockSchema(sql, database);
    refuseNewer(current, migrations);
    const pending = migrations.filter(({ version }) => version > current);
    for (const { version, name, up } of pending) {
      await step(sql, `${version} (${name})`, up[database.dialect.kind]);
      await sql`insert into llm_proxy_migrations (version, name, applied_at)
        values (${version}, ${name}, ${new Date().toISOString()})`;
    }
    return { version: pending.at(-1)?.version ?? current, steps: pending };
  });
}

/** Takes the last step back, with its data. */
export function migrateDown(database: Database, migrations = MIGRATIONS): Promise<Migrated> {
  return database.write(async (sql) => {
    const current = await lockSchema(sql, database);
    refuseNewer(current, migrations);
    const last = migrations.find(({ version }) => version === current);
    if (last === undefined) return { version: current, steps: [] };
    await step(sql, `${last.version} (${last.name})`, last.down[database.dialect.kind]);
    await sql`delete from llm_proxy_migrations where version = ${last.version}`;
    return { version: last.version - 1, steps: [last] };
  });
}

/** The version of the schema; 0: there is none yet. */
export function schemaVersion(database: Database): Promise<number> {
  return database.write(async (sql) => lockSchema(sql, database));
}

/** Throws `SchemaMismatch` unless the schema is just the one that this program was written for. */
export async function requireSchema(database: Database, migrations = MIGRATIONS): Promise<void> {
  const current = await schemaVersion(database);
  refuseNewer(current, migrations);
  if (current < latest(migrations)) {
    throw new SchemaMismatch(
      `the database has schema version ${current}, this program needs ${latest(migrations)}; run "llm-proxy migrate up"`,
    );
  }
}

async function lockSchema(sql: SQL, { dialect }: Database): Promise<number> {
  if (dialect.migrationLock !== undefined) await sql.unsafe(dialect.migrationLock);
  await sql`create table if not exists llm_proxy_migrations
    (version integer primary key, name text not null, applied_at text not null)`;
  const rows: { version: number | null }[] =
    await sql`select max(version) as version from llm_proxy_migrations`;
  return rows[0]?.version ?? 0;
}

function refuseNewer(current: number, migrations: readonly Migration[]): void {
  if (current <= latest(migrations)) return;
  throw new SchemaMismatch(
    `the database has schema version ${current}, this program knows no later than ${latest(migrations)}; use a newer llm-proxy`,
  );
}

function latest(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

async function step(sql: SQL, title: string, statements: string): Promise<void> {
  try {
    await sql.unsafe(statements);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`migration ${title} failed, the schema is as it was: ${reason}`, {
      cause: error,
    });
  }
}
