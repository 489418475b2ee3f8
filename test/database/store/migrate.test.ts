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
  test('goes up to the latest version, and down again step by step, until nothing is left where that is wanted', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    expect(await schemaVersion(database)).toBe(0);
    const before = await inventory(database);
    const up = await migrateUp(database);
    expect(up.version).toBe(LATEST);
    expect(up.steps.map(({ version }) => version)).toEqual(MIGRATIONS.map(({ version }) => version));
    expect(await inventory(database)).toContain('config_history');
    expect((await migrateUp(database)).steps).toEqual([]);
    for (const { version } of MIGRATIONS.toReversed()) {
      expect((await migrateDown(database, { drops: true })).version).toBe(version - 1);
    }
    const left = (await inventory(database)).filter((name) => !name.startsWith('llm_proxy_kept_steps'));
    expect(left).toEqual(before);
    expect((await migrateDown(database)).steps).toEqual([]);
    await database.close();
  });

  test('is made once by programs that start at the same moment', async () => {
    const url = await databases.emptyUrl(engine);
    const replicas = Array.from({ length: 3 }, () => openDatabase(url));
    const made = await Promise.all(replicas.map((database) => migrateUp(database)));
    expect(made.map(({ version }) => version)).toEqual([LATEST, LATEST, LATEST]);
    expect(made.filter(({ steps }) => steps.length > 0)).toHaveLength(1);
    await Promise.all(replicas.map((database) => database.close()));
  });

  test('is as it was after a migration that fails, the steps before it included', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
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

  test('keeps its data on the way down, and has it again on the way up', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    await migrateUp(database);
    await database.write(
      (sql) => sql`insert into settings (id, position, body, secrets, created_at, updated_at)
        values ('docs', 1, '{}', '{}', '', '')`,
    );
    const before = await inventory(database);
    const identityOf = async () =>
      String((await database.read((sql) => sql`select identity from database_identity`))[0].identity);
    const identity = await identityOf();
    for (const { version } of MIGRATIONS.toReversed())
      expect((await migrateDown(database)).version).toBe(version - 1);
    expect(await schemaVersion(database)).toBe(0);
    expect((await migrateUp(database)).version).toBe(LATEST);
    const after = (await inventory(database)).filter((name) => !name.startsWith('llm_proxy_kept_steps'));
    expect(after).toEqual(before.filter((name) => !name.startsWith('llm_proxy_kept_steps')));
    expect(await identityOf()).toEqual(identity);
    expect((await database.read((sql) => sql`select id from settings`))[0]).toMatchObject({ id: 'docs' });
    // Runs once more, for a step that a newer program has reverted.
    await migrateUp(database, later('create table third (id text)'));
    await migrateDown(database, { migrations: later('') });
    await migrateDown(database, { migrations: later('') });
    await migrateUp(database);
    expect((await migrateUp(database, later('create table third (id text)'))).version).toBe(LATEST + 2);
    await database.close();
  });

  test('is another database in each, and the same for all who open it', async () => {
    const identities = [];
    for (const url of [await databases.emptyUrl(engine), await databases.newUrl(engine)]) {
      const database = openDatabase(url);
      await migrateUp(database);
      identities.push(
        String((await database.read((sql) => sql`select identity from database_identity`))[0].identity),
      );
      await database.close();
    }
    expect(new Set(identities).size).toBe(2);
    expect(identities[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test('that is newer and only adds to what the program knows is one that it runs on', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    await migrateUp(database, later('create table third (id text)'));
    await requireSchema(database);
    expect(await migrateUp(database)).toEqual({ version: LATEST + 2, steps: [] });
    await database.close();
  });

  test('that is newer and has changed what the program knows is left alone', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    const [good, other] = later('create table third (id text)').slice(-2);
    const breaking = [...MIGRATIONS, good!, { ...other!, runsFrom: LATEST + 2 }];
    await migrateUp(database, breaking);
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
    const database = openDatabase(await databases.emptyUrl(engine));
    await expect(requireSchema(database)).rejects.toThrow('llm-proxy migrate up');
    await database.close();
  });

  test('takes up the records of the version before, which its programs go on writing', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    const before = MIGRATIONS.filter(({ version }) => version < 6);
    await migrateUp(database, before);
    const rows = Array.from({ length: 2000 }, (_, i) => ({
      ended_at_ms: i,
      request_id: `r${i}`,
      attempts: 1,
      ending: 'complete',
      status: 200,
      is_estimated: 0,
      is_streamed: 0,
      duration_ms: 1,
    }));
    for (let at = 0; at < 25; at++) {
      const batch = rows.map((row) => ({ ...row, ended_at_ms: row.ended_at_ms + at * 2000 }));
      await database.write((sql) => sql`insert into request_records ${sql(batch)}`);
    }
    await migrateUp(database);
    // A program of the version before names its columns.
    await database.write(
      (sql) => sql`insert into request_records ${sql([{ ...rows[0], request_id: 'late' }])}`,
    );
    const found = await database.read(
      (sql) => sql`select hold_nano, team from request_records where request_id = 'late'`,
    );
    expect([...found]).toEqual([{ hold_nano: null, team: null }]);
    await requireSchema(database, before);
    await database.close();
  });

  test('keeps corrections of the ledger from being deleted, unless that is forced', async () => {
    const database = openDatabase(await databases.emptyUrl(engine));
    const known = MIGRATIONS.filter(({ version }) => version <= 6);
    await migrateUp(database, known);
    await database.write(
      (sql) =>
        sql`insert into spend_entries ${sql([{ at_ms: 1, created_ms: 1, kind: 'adjust', reason: 'r', actor: 'a', source: 's', external_id: 'e' }])}`,
    );
    const changing = database.write((sql) => sql`update spend_entries set amount = 1`);
    expect(changing).rejects.toThrow('only inserted');
    const down = migrateDown(database, { migrations: known, drops: true });
    expect(down).rejects.toThrow('--force deletes them');
    await down.catch(() => undefined);
    expect(await schemaVersion(database)).toBe(6);
    expect((await migrateDown(database, { migrations: known, drops: true, forces: true })).version).toBe(5);
    await database.close();
  });
});

test('a step that takes longer than any other transaction may is waited for', async () => {
  const database = openDatabase(await databases.emptyUrl('postgres'), { timeoutMs: 2_000 });
  const slow = later('select pg_sleep(3)');
  expect((await migrateUp(database, slow)).version).toBe(LATEST + 2);
  await database.close();
});
