import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { SQL } from 'bun';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import {
  migrateDown,
  MIGRATIONS,
  migrateUp,
  requireSchema,
  SchemaMismatch,
  schemaVersion,
} from '../../../src/store/migrate.ts';
import type { Migration } from '../../../src/store/migrations/migration.ts';
import { ENGINES, startDatabases, type TestDatabases } from './databases.ts';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

const both = (statements: string): Migration['up'] => ({ postgres: statements, sqlite: statements });
const LATEST = MIGRATIONS.at(-1)!.version;
const later = (up: string): readonly Migration[] => [
  ...MIGRATIONS,
  {
    version: LATEST + 1,
    name: 'good',
    up: both('create table extra (id text)'),
    down: both('drop table extra'),
  },
  { version: LATEST + 2, name: 'other', up: both(up), down: both('select 1') },
];

/** The names of all tables, indexes and triggers. */
function inventory(database: Database): Promise<string[]> {
  return database.read(async (sql: SQL) => {
    const query =
      database.dialect.kind === 'sqlite'
        ? `select name from sqlite_master order by name`
        : `select relname as name from pg_class where relnamespace = 'public'::regnamespace
           union all select proname from pg_proc where pronamespace = 'public'::regnamespace
           union all select tgname from pg_trigger where not tgisinternal order by name`;
    const rows: { name: string }[] = await sql.unsafe(query);
    return rows.map(({ name }) => name);
  });
}

describe.each([...ENGINES])('the schema in %s', (engine) => {
  test('goes up to the latest version, and down again step by step until nothing is left', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    expect(await schemaVersion(database)).toBe(0);
    const before = await inventory(database);
    const up = await migrateUp(database);
    expect(up.version).toBe(LATEST);
    expect(up.steps.map(({ version }) => version)).toEqual(MIGRATIONS.map(({ version }) => version));
    expect(await inventory(database)).toContain('config_history');
    expect((await migrateUp(database)).steps).toEqual([]);
    for (const { version } of MIGRATIONS.toReversed()) {
      expect((await migrateDown(database)).version).toBe(version - 1);
    }
    expect(await inventory(database)).toEqual(before);
    expect((await migrateDown(database)).steps).toEqual([]);
    await database.close();
  });

  test('is made once by programs that start at the same moment', async () => {
    const url = await databases.newUrl(engine);
    const replicas = Array.from({ length: 3 }, () => openDatabase(url));
    const made = await Promise.all(replicas.map((database) => migrateUp(database)));
    expect(made.map(({ version }) => version)).toEqual([LATEST, LATEST, LATEST]);
    expect(made.filter(({ steps }) => steps.length > 0)).toHaveLength(1);
    await Promise.all(replicas.map((database) => database.close()));
  });

  test('is as it was after a migration that fails, the steps before it included', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    await migrateUp(database);
    const before = await inventory(database);
    const broken = later('create table half (id text); create table half (id text)');
    await expect(migrateUp(database, broken)).rejects.toThrow(
      new RegExp(`migration ${LATEST + 2} \\(other\\) failed.*half.*already exists`),
    );
    expect(await inventory(database)).toEqual(before);
    expect(await schemaVersion(database)).toBe(LATEST);
    await database.close();
  });

  test('that is newer than the program is left alone', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    await migrateUp(database, later('create table third (id text)'));
    for (const attempt of [migrateUp, migrateDown, requireSchema]) {
      expect(await attempt(database).catch((error: unknown) => error)).toBeInstanceOf(SchemaMismatch);
    }
    await expect(requireSchema(database)).rejects.toThrow(
      new RegExp(`schema version ${LATEST + 2}.*no later than ${LATEST}.*newer llm-proxy`),
    );
    expect(await inventory(database)).toContain('third');
    await database.close();
  });

  test('that lacks a step is named with the command that makes it', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    await expect(requireSchema(database)).rejects.toThrow('llm-proxy migrate up');
    await database.close();
  });
});
