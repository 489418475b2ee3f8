import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { listOwnRequests, readOwnRequest } from '../../../src/spend/key/own-requests.ts';
import type { KeyAnswer } from '../../../src/gateway/key-use.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { requestRecords } from '../../../src/store/records/request-record-table.ts';
import { ENGINES, startDatabases, type TestDatabases } from '../store/databases.ts';
import { record } from '../store/request-records.ts';

const NOON_MS = Date.parse('2026-11-01T12:00:00Z');

let databases: TestDatabases;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());

function bodyOf(answer: KeyAnswer): { requests: { id: string }[]; next_cursor: string | null; id: string } {
  if (answer.kind !== 'answered') throw new Error(answer.kind);
  return JSON.parse(answer.body);
}

describe.each([...ENGINES])('the requests of a key in %s', (engine) => {
  test('are found among many of other keys, in order, each once', async () => {
    const database = openDatabase(await databases.newUrl(engine));
    const table = requestRecords(database);
    const others = Array.from({ length: 12_000 }, (_, at) =>
      record({ endedAtMs: NOON_MS + at, requestId: `r${at}`, key: 'other', keyId: 'k2' }),
    );
    const own = [1, 2, 5_999, 6_000, 11_998].map((at) =>
      record({ endedAtMs: NOON_MS + at, requestId: `own${at}`, key: 'app', keyId: 'k1' }),
    );
    // A record of an older program has only the name of its key.
    const old = record({ endedAtMs: NOON_MS, requestId: 'old', key: 'app' });
    for (let at = 0; at < others.length; at += 500) await table.insert(others.slice(at, at + 500));
    await table.insert([...own, old]);
    const asker = { keyId: 'k1', keyName: 'app' };
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = bodyOf(await listOwnRequests(database, asker, { limit: '2', ...(cursor && { cursor }) }));
      found.push(...page.requests.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(found).toEqual(['own11998', 'own6000', 'own5999', 'own2', 'own1', 'old']);
    expect(bodyOf(await readOwnRequest(database, asker, 'own1')).id).toBe('own1');
    expect((await readOwnRequest(database, asker, 'r5')).kind).toBe('not-found');
    expect((await listOwnRequests(database, asker, { cursor: 'made-up' })).kind).toBe('invalid');
    await database.close();
  });
});
