import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chownSync, chmodSync, writeFileSync } from 'node:fs';
import { SQL } from 'bun';
import { join } from 'node:path';
import { openDatabase, StoreUnavailable } from '../../../src/store/database.ts';
import { parseDatabaseUrl } from '../../../src/store/database-url.ts';
import { makeCertificates, OPENSSL } from '../../unit/upstream/certificates.ts';
import { eventually } from '../eventually.ts';
import { startDatabases, type TestDatabases } from './databases.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

describe('one line says what is wrong with', () => {
  const cases: Readonly<Record<string, readonly [url: string, message: string]>> = {
    'a lone %': ['postgres://u:100%@h/x', 'a % in a password as %25'],
    'an escape that is none': ['postgres://u:a%zz-canary@h/x', 'a % in a password as %25'],
    'a port that is none': ['postgres://u:canary@h:99999/x', 'not a valid URL'],
    'an sslmode that is none': [
      'postgres://u:canary@h/x?sslmode=maybe',
      'unknown sslmode; it is one of disable, allow, prefer, require, verify-ca, verify-full',
    ],
    'a file of authorities that is not there': [
      'postgres://u:canary@h/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      'sslrootcert) that is not there',
    ],
    'SQLite without a file': ['sqlite://', 'names no file'],
    'SQLite without anything': ['sqlite:', 'names no file'],
    'SQLite with parameters and no file': ['sqlite://?mode=rwc', 'names no file'],
    'SQLite with a folder': ['sqlite:///var/lib/', 'names no file'],
    'another database': ['mysql://u:canary@h/x', 'must begin with postgres://, postgresql:// or sqlite://'],
  };
  for (const [title, [url, message]] of Object.entries(cases)) {
    test(title, () => {
      let error: unknown;
      try {
        openDatabase(url);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(StoreUnavailable);
      const { message: said } = error as Error;
      expect(said).toStartWith('DB_URL ');
      expect(said).toContain(message);
      expect(said).not.toMatch(/canary|\n/);
    });
  }
});

test('the name of a file may be escaped, unless there is one of exactly that name', () => {
  expect(parseDatabaseUrl('sqlite:///data/a%20b.db')).toEqual({ kind: 'sqlite', file: '/data/a b.db' });
  expect(parseDatabaseUrl('sqlite://100%.db')).toEqual({ kind: 'sqlite', file: '100%.db' });
  const plain = join(databases.folder, 'a%20b.db');
  writeFileSync(plain, '');
  expect(parseDatabaseUrl(`sqlite://${plain}`)).toEqual({ kind: 'sqlite', file: plain });
});

test('the usual URLs reach the driver as they are', () => {
  const url = 'postgres://user:p%40ss@db.example:5432/llm_proxy?sslmode=require&application_name=x';
  expect(parseDatabaseUrl(url)).toEqual({
    kind: 'postgres',
    url,
    place: 'postgres://db.example:5432/llm_proxy',
    caFile: undefined,
  });
  expect(parseDatabaseUrl('sqlite://:memory:')).toEqual({ kind: 'memory' });
});

describe.skipIf(OPENSSL === null)('a PostgreSQL server with a certificate', () => {
  /** Turns TLS on in the running server. */
  async function turnOnTls(url: string): Promise<void> {
    const sql = new SQL(url, { max: 1 });
    const [row]: { data_directory: string }[] = await sql`show data_directory`;
    const { localhost } = makeCertificates();
    for (const [name, text] of [
      ['server.crt', localhost.cert],
      ['server.key', localhost.key],
    ] as const) {
      const path = join(row?.data_directory ?? '', name);
      writeFileSync(path, text);
      chmodSync(path, 0o600);
      if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534);
    }
    await sql`alter system set ssl = on`;
    await sql`select pg_reload_conf()`;
    await sql.close();
    await eventually(async () => {
      const another = new SQL(url, { max: 1 });
      const [now]: { ssl: string }[] = await another`show ssl`;
      await another.close();
      expect(now?.ssl).toBe('on');
    });
  }

  async function isEncrypted(url: string): Promise<boolean> {
    const database = openDatabase(url);
    try {
      const [row] = await database.read(
        (sql): Promise<{ ssl: boolean }[]> => sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`,
      );
      return row?.ssl === true;
    } finally {
      await database.close();
    }
  }

  test('is checked against the authorities that sslrootcert names', async () => {
    const plain = await databases.newUrl('postgres');
    await turnOnTls(plain);
    const url = (host: string, parameters: string): string => {
      const changed = new URL(plain);
      changed.hostname = host;
      changed.search = parameters;
      return changed.href;
    };
    const { caFile } = makeCertificates();
    expect(await isEncrypted(plain)).toBe(false);
    expect(await isEncrypted(url('127.0.0.1', 'sslmode=require'))).toBe(true);
    expect(await isEncrypted(url('localhost', `sslmode=verify-full&sslrootcert=${caFile}`))).toBe(true);
    // The client does not know the certificate's authority, and the certificate is not for this address.
    for (const untrusted of [
      url('localhost', 'sslmode=verify-full'),
      url('127.0.0.1', `sslmode=verify-full&sslrootcert=${caFile}`),
    ]) {
      const failure = await isEncrypted(untrusted).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreUnavailable);
    }
  });
});
