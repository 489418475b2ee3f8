import type { SQL } from 'bun';
import { type Database, StoreUnavailable } from './database.ts';
import { initial } from './migrations/0001-initial.ts';
import { requestRecords } from './migrations/0002-request-records.ts';
import { identity } from './migrations/0003-identity.ts';
import { objectOwners } from './migrations/0004-object-owners.ts';
import { cost } from './migrations/0005-cost.ts';
import { ownersAndLedger } from './migrations/0006-owners-and-ledger.ts';
import { console } from './migrations/0007-console.ts';
import { sharedLimits } from './migrations/0008-shared-limits.ts';
import { spendSums } from './migrations/0009-spend-sums.ts';
import { requestDetails } from './migrations/0010-request-details.ts';
import { routeStates } from './migrations/0011-route-states.ts';
import { laterWork } from './migrations/0012-later-work.ts';
import { sharedRates } from './migrations/0013-shared-rates.ts';
import { hostsAndPrices } from './migrations/0014-hosts-and-prices.ts';
import { overflow } from './migrations/0015-overflow.ts';
import { finerTimes } from './migrations/0016-finer-times.ts';
import type { Migration } from './migrations/migration.ts';

/** All steps of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  requestRecords,
  identity,
  objectOwners,
  cost,
  ownersAndLedger,
  console,
  sharedLimits,
  spendSums,
  requestDetails,
  routeStates,
  laterWork,
  sharedRates,
  hostsAndPrices,
  overflow,
  finerTimes,
];

/** The schema is unknown to this program, or lacks steps that it needs. */
export class SchemaMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaMismatch';
  }
}

/** The result of a migration, with the schema's version afterwards; 0: there is none. */
export interface Migrated {
  readonly version: number;
  /** The steps that were applied or reverted, in that order. */
  readonly steps: readonly Pick<Migration, 'version' | 'name'>[];
}

/**
 * Applies all pending steps in one transaction: if one fails, the schema stays as it was. Programs that start at once
 * wait for each other. A reverted step whose data was kept is not applied again. A newer schema stays unchanged. Throws
 * `SchemaMismatch` if the program cannot run on it.
 */
export function migrateUp(database: Database, migrations = MIGRATIONS): Promise<Migrated> {
  return database.writeSlowly(async (sql) => {
    const current = await lockSchema(sql, database);
    await refuseForeign(sql, current, migrations);
    const pending = migrations.filter(({ version }) => version > current);
    const kept = pending.length === 0 ? new Set<number>() : await takeKept(sql, latest(migrations));
    for (const { version, name, up, runsFrom } of pending) {
      if (!kept.has(version)) await step(sql, `${version} (${name})`, up[database.dialect.kind]);
      await sql`insert into llm_proxy_migrations (version, name, applied_at)
        values (${version}, ${name}, ${new Date().toISOString()})`;
      if (runsFrom !== undefined)
        await sql`update llm_proxy_migrations set runs_from = ${runsFrom} where version = ${version}`;
    }
    return { version: pending.at(-1)?.version ?? current, steps: pending };
  });
}

/**
 * Reverts the last step, so that a program that does not know it can run again. The step's tables and data are kept and
 * reused by the next `migrateUp`; with `drops` they are deleted. Throws `SchemaMismatch` if that would delete what nothing
 * brings back, unless `forces` is set.
 */
export function migrateDown(
  database: Database,
  { migrations = MIGRATIONS, drops = false, forces = false }: DownOptions = {},
): Promise<Migrated> {
  return database.write(async (sql) => {
    const current = await lockSchema(sql, database);
    if (current > latest(migrations)) throw tooNew(current, migrations);
    const last = migrations.find(({ version }) => version === current);
    if (last === undefined) return { version: current, steps: [] };
    if (drops && !forces) await refusePrecious(sql, last);
    if (drops) await step(sql, `${last.version} (${last.name})`, last.down[database.dialect.kind]);
    else await keep(sql, last.version);
    await sql`delete from llm_proxy_migrations where version = ${last.version}`;
    return { version: last.version - 1, steps: [last] };
  });
}

export interface DownOptions {
  readonly migrations?: readonly Migration[];
  /** Whether tables and data of the step are deleted. */
  readonly drops?: boolean;
  /** Whether corrections of the ledger may be deleted, too. */
  readonly forces?: boolean;
}

async function refusePrecious(sql: SQL, { precious, name }: Migration): Promise<void> {
  if (precious === undefined) return;
  const [row]: { count: number | string }[] = await sql`select count(*) as count from ${sql(precious)}`;
  const count = Number(row?.count ?? 0);
  if (count === 0) return;
  throw new SchemaMismatch(
    `${precious} of the step ${name} has ${count} rows, which nothing brings back; --force deletes them`,
  );
}

/** The reverted steps whose tables still exist. */
const KEPT_TABLE = 'create table if not exists llm_proxy_kept_steps (version integer primary key)';

async function keep(sql: SQL, version: number): Promise<void> {
  await sql.unsafe(KEPT_TABLE);
  await sql`insert into llm_proxy_kept_steps (version) values (${version})`;
}

/** Takes up the kept steps that this program knows. The notes of later ones stay. */
async function takeKept(sql: SQL, known: number): Promise<ReadonlySet<number>> {
  await sql.unsafe(KEPT_TABLE);
  const rows: { version: number }[] = await sql`select version from llm_proxy_kept_steps`;
  await sql`delete from llm_proxy_kept_steps where version <= ${known}`;
  return new Set(rows.map(({ version }) => version));
}

/** The version of the schema; 0: there is none yet. */
export function schemaVersion(database: Database): Promise<number> {
  return database.write(async (sql) => lockSchema(sql, database));
}

/**
 * Throws `SchemaMismatch` unless the program can run on the schema, which is its own or a newer one that only adds to
 * it.
 */
export async function requireSchema(database: Database, migrations = MIGRATIONS): Promise<void> {
  const current = await database.write(async (sql) => {
    const version = await lockSchema(sql, database);
    await refuseForeign(sql, version, migrations);
    return version;
  });
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

/** A newer schema records which programs can still use it. */
async function refuseForeign(sql: SQL, current: number, migrations: readonly Migration[]): Promise<void> {
  const known = latest(migrations);
  if (current <= known) return;
  const rows: { oldest: number | null }[] =
    await sql`select max(runs_from) as oldest from llm_proxy_migrations`;
  if ((rows[0]?.oldest ?? 0) > known) throw tooNew(current, migrations);
}

function tooNew(current: number, migrations: readonly Migration[]): SchemaMismatch {
  return new SchemaMismatch(
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
