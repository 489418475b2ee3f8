import { expect, test } from 'bun:test';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { JournaledRequest } from '../../../src/gateway/limits/ports.ts';
import type { RequestEnded } from '../../../src/gateway/events.ts';
import { Refusal } from '../../../src/gateway/refusals.ts';
import { PlainFields } from '../../../src/lib/http/fields.ts';
import { decodeLine, encodeLine } from '../../../src/spend/journal/line.ts';
import { readLines } from '../../../src/spend/journal/reader.ts';
import {
  type JournalOrders,
  type JournalSources,
  openProcessJournal,
} from '../../../src/spend/process-journal.ts';
import { rowOf } from '../../../src/store/records/request-record-row.ts';
import { recordOf } from '../../../src/store/records/request-record.ts';
import { ended } from '../../database/store/request-records.ts';
import { AT_MS, COUNTER, newFolder } from '../../database/spend/lines.ts';
import { attempt, route } from '../routing/world.ts';

const HOLDS = [{ counter: COUNTER, windowMs: AT_MS, amount: 700 }] as const;

function request(requestId: string): JournaledRequest {
  // As it was when the request began, whatever has become of the key since then.
  const attribution = {
    keyId: 'app',
    team: 'search',
    teamPath: 'acme/search',
    teamIds: '/acme/search/',
    userId: 'alice',
    user: 'alice',
    endUser: 'u1',
    tags: { app: 'web' },
    droppedTags: 0,
  };
  return {
    requestId,
    atMs: AT_MS,
    keyName: 'app',
    model: 'm',
    attribution,
    holds: () => HOLDS,
    heldNano: () => 700,
    before: undefined,
    after: undefined,
  };
}

function start(more: Partial<JournalOrders> = {}, sources: Partial<JournalSources> = {}) {
  const folder = newFolder();
  const journal = openProcessJournal(
    {
      folder: folder.path,
      node: folder.node,
      worker: 1,
      life: folder.nextLife(),
      fsyncMs: 1000,
      maxBytes: 2 ** 30,
      onFull: 'serve',
      ...more,
    },
    { epochMs: () => AT_MS, onTrouble: () => undefined, ...sources },
  );
  const lines = () =>
    readdirSync(folder.path)
      .filter((name) => name.endsWith('.log'))
      .flatMap((name) => readLines(join(folder.path, name), 0).map(({ line }) => line));
  return { folder, journal, lines };
}

test('a request with limits is closed by its settlement, and any other by its event; each once', () => {
  const { folder, journal, lines } = start();
  const a = request('a');
  journal.open(a);
  journal.settle(a);
  journal.close('a', ended({ requestId: 'a', keyId: 'app', team: 'search' }), HOLDS);
  journal.listen(ended({ requestId: 'a', keyId: 'app', team: 'search' }));
  journal.listen(ended({ requestId: 'b' }));
  journal.flush();
  expect(lines()).toMatchObject([
    {
      t: 'open',
      id: 'a',
      holds: [[COUNTER, AT_MS, 700]],
      holdNano: 700,
      names: {
        key: 'app',
        keyId: 'app',
        model: 'm',
        team: 'search',
        teamPath: 'acme/search',
        teamIds: '/acme/search/',
        userId: 'alice',
        userName: 'alice',
        endUser: 'u1',
        tags: '{"app":"web"}',
      },
    },
    { t: 'close', id: 'a', uses: [[COUNTER, AT_MS, 700]], record: { holdNano: 700, team: 'search' } },
    { t: 'close', id: 'b', uses: [] },
  ]);
  journal.end();
  folder.close();
});

test('requests that begin together are written at once before anything is sent, unless a full disk refuses them', async () => {
  const written = { serve: [0, 2], refuse: [2, 2] };
  for (const onFull of ['serve', 'refuse'] as const) {
    const prepare = new Set<() => void>();
    const beforeWrites: JournalSources['beforeWrites'] = (write) => {
      prepare.add(write);
      return () => prepare.delete(write);
    };
    const { folder, journal, lines } = start({ onFull }, { beforeWrites });
    const a = request('a');
    journal.open(a);
    journal.grow(a);
    const before = lines().length;
    for (const write of prepare) write();
    expect([before, lines().length]).toEqual(written[onFull]);
    // If nothing is sent, the turn's end writes them.
    journal.open(request('b'));
    await new Promise(setImmediate);
    expect(lines()).toHaveLength(3);
    journal.end();
    expect(prepare.size).toBe(0);
    folder.close();
  }
});

test('a request that outlives ten files is written again as it is by then', () => {
  let nowMs = AT_MS;
  const { folder, journal, lines } = start({ fileBytes: 1 }, { epochMs: () => nowMs });
  let amount = 700;
  const long = {
    ...request('a'),
    holds: () => [{ counter: COUNTER, windowMs: AT_MS, amount }],
    heldNano: () => amount,
  };
  journal.open(long);
  [nowMs, amount] = [AT_MS + 9, 1050];
  journal.grow(long);
  for (let file = 0; file < 12; file++) {
    journal.listen(ended({ requestId: 'b' }));
    journal.flush();
  }
  const opens = lines().flatMap((line) => (line?.t === 'open' ? [line] : []));
  const [first, ...again] = opens.sort((a, b) => a.atMs - b.atMs);
  const grown = { holds: [[COUNTER, AT_MS, 1050]], holdNano: 1050, atMs: AT_MS + 9 };
  expect(again).toMatchObject([{ ...first!, ...grown }]);
  journal.settle(long);
  journal.close('a', ended({ requestId: 'a' }), []);
  for (let file = 0; file < 12; file++) {
    journal.listen(ended({ requestId: 'b' }));
    journal.flush();
  }
  expect(lines().filter((line) => line?.t === 'open')).toHaveLength(2);
  expect([long.before, long.after]).toEqual([undefined, undefined]);
  journal.end();
  folder.close();
});

test('what a provider reports is whole in the journal, whatever it is', () => {
  const { folder, journal, lines } = start();
  const usage = {
    inputTokens: 1.5,
    outputTokens: -3,
    totalTokens: 1e300,
    cachedTokens: NaN,
    reasoningTokens: 1,
  };
  journal.open(request('a'));
  const uses = [1.5, Infinity, -2].map((amount) => ({ counter: COUNTER, windowMs: AT_MS, amount }));
  journal.close('a', ended({ requestId: 'a', usage }), uses);
  journal.flush();
  const [, line] = lines();
  expect(line?.t === 'close' && line.uses.map(([, , amount]) => amount)).toEqual([2, 0, 0]);
  expect(line).toMatchObject({ record: { promptTokens: 2, completionTokens: 0, totalTokens: 2 ** 31 - 1 } });
  journal.end();
  folder.close();
});

/** Requests that ended in every way that a record tells apart. */
const ENDINGS: readonly Partial<RequestEnded>[] = [
  {},
  { ending: 'refused', status: 401, code: 'invalid_api_key', model: undefined, provider: undefined },
  {
    ending: 'truncated',
    method: 'GET',
    history: [
      attempt(route('p'), {
        kind: 'failed',
        status: 500,
        defect: 'empty',
        retryAfterMs: 5,
        fault: 'provider',
      }),
      { ...attempt(route('q'), { kind: 'answered' }), isProbe: true, connectMs: 2.4 },
    ],
    skipped: [{ route: route('r'), model: 'fast', why: 'cooling', forMs: 10, beforeAttempt: 1 }],
    isStreamed: true,
    isUsageEstimated: true,
    overheadMs: undefined,
    plannedAtMs: 1001,
    traceId: 'a'.repeat(32),
    requestHeaders: new PlainFields({ accept: '*/*', 'user-agent': 'a"b\n' }),
    translation: {
      from: 'openai-chat',
      to: 'anthropic-messages',
      losses: [{ what: 'dropped', path: 'seed', why: 'no "seed"' }],
      count: 1,
    },
    keyId: 'k',
    team: 't',
    user: 'u',
    endUser: 'e@1',
    tags: { app: 'we"b' },
    usage: {
      inputTokens: 0,
      outputTokens: 0,
      totalTokens: 0,
      cachedTokens: 0,
      reasoningTokens: 0,
      parts: { serviceTier: 'flex', cacheWrite: 0, webSearches: 2 },
    },
    cost: {
      nano: 0,
      basis: 'estimated',
      priceRef: 'abc',
      priceSheet: '{}',
      savedNano: 0,
      providerNano: 7,
      attempts: [
        {
          provider: 'p',
          model: 'm',
          nano: undefined,
          basis: 'provider',
          priceRef: undefined,
          inputTokens: 1,
          outputTokens: 2,
        },
      ],
    },
  },
  // The id of a key of the configuration is its name.
  { keyId: 'team-a' },
  { history: Array.from({ length: 40 }, () => attempt(route('p'), { kind: 'cancelled' })) },
];

test('a record is in the journal what it is elsewhere', () => {
  const { folder, journal, lines } = start();
  const events = ENDINGS.map(ended);
  const first = request(events[0]!.requestId);
  journal.open(first);
  journal.settle(first);
  for (const event of events) journal.listen(event);
  journal.flush();
  const rows = lines().flatMap((line) => (line?.t === 'close' ? [rowOf(line.record)] : []));
  const [record, ...others] = events.map((event) => recordOf(event, AT_MS));
  expect(rows).toEqual([{ ...record!, holdNano: 700 }, ...others].map(rowOf));
  journal.end();
  folder.close();
});

test('lines of an earlier version are read', () => {
  const record = recordOf(ended(ENDINGS[2]), AT_MS);
  const uses = [['end_user:app:a@b/cost/day', AT_MS, 5]] as const;
  const old = [
    { t: 'open', id: 'a', atMs: AT_MS, holds: uses, holdNano: 5, names: { key: 'app', model: 'm' } },
    { t: 'grow', id: 'a', atMs: AT_MS, holds: uses, holdNano: 6 },
    { t: 'close', id: 'a', record, uses },
  ];
  for (const line of old) {
    const json = JSON.stringify(line);
    const bytes = Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}`);
    expect(decodeLine(bytes)).toEqual(JSON.parse(json));
  }
  const brief = {
    t: 'grow',
    id: 'a',
    atMs: AT_MS,
    holds: [`end_user:app:a@b/cost/day@${AT_MS}`, 5],
  } as const;
  expect(decodeLine(encodeLine(brief).subarray(0, -1))).toEqual({ ...brief, holds: uses });
});

test('the prices behind costs are in each file once', () => {
  const { folder, journal, lines } = start();
  const cost = { nano: 1, basis: 'provider', priceRef: 'abc', priceSheet: '{}' } as const;
  for (const requestId of ['a', 'b', 'c']) journal.listen(ended({ requestId, cost }));
  journal.flush();
  const sheets = lines().map((line) => line?.t === 'close' && line.record.priceSheet);
  expect(sheets).toEqual(['{}', null, null]);
  journal.end();
  folder.close();
});

test('the first requests of a new file bring their prices, though they ended before it began', () => {
  const { folder, journal, lines } = start({ fileBytes: 1 });
  const cost = { nano: 1, basis: 'provider', priceRef: 'abc', priceSheet: '{}' } as const;
  for (let file = 0; file < 2; file++) {
    for (const requestId of ['a', 'b']) journal.listen(ended({ requestId, cost }));
    journal.flush();
  }
  const sheets = lines().map((line) => line?.t === 'close' && line.record.priceSheet);
  expect(sheets).toEqual(['{}', null, '{}', null]);
  journal.end();
  folder.close();
});

test.each(['serve', 'refuse'] as const)('a journal that cannot be written: on_full is %p', async (onFull) => {
  const { folder, journal } = start({ onFull });
  const path = join(folder.path, 'gone');
  // The lock cannot be made either, and the journal begins all the same.
  const full = openProcessJournal(
    {
      folder: path,
      node: folder.node,
      worker: 2,
      life: folder.nextLife(),
      fsyncMs: 1000,
      maxBytes: 1,
      onFull,
    },
    { epochMs: () => AT_MS, onTrouble: () => undefined },
  );
  const opening = (): void => full.open(request('a'));
  if (onFull === 'serve') opening();
  else expect(opening).toThrow(Refusal);
  expect(full.isDegraded()).toBe(true);
  mkdirSync(path, { recursive: true });
  while (full.isDegraded()) await Bun.sleep(20);
  full.open(request('b'));
  full.end();
  journal.end();
  folder.close();
});
