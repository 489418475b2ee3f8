import { expect, test } from 'bun:test';
import { createAttemptLog, type NewAttempt } from '../../../src/simulator/attempt-log.ts';

function attempt(model: string, bodyBytes = 0): NewAttempt {
  const request = {
    method: 'POST',
    target: '/',
    path: '/',
    rawHeaders: [],
    headers: {},
    framing: { kind: 'length', bytes: bodyBytes } as const,
    keepAlive: true,
    chunkedAllowed: true,
    body: new Uint8Array(bodyBytes),
  };
  return { request, model, fault: 'ok', status: 200, connection: 1 };
}

test('the newest 10,000 records are kept', () => {
  const log = createAttemptLog();
  for (let count = 1; count <= 25_000; count++) log.add(attempt(String(count)));
  const records = log.records();
  expect([records.length, records[0]?.model, records.at(-1)?.model]).toEqual([10_000, '15001', '25000']);
});

test('a body above 32 MB is dropped, but its size is kept', () => {
  const log = createAttemptLog();
  const record = log.add(attempt('large', 33 * 1024 * 1024));
  expect([record.body.length, record.bodyBytes]).toEqual([0, 33 * 1024 * 1024]);
});

test('all bodies together stay below 256 MB; the oldest are dropped first', () => {
  const log = createAttemptLog();
  const megabyte = 1024 * 1024;
  for (let count = 0; count < 40; count++) log.add(attempt(String(count), 10 * megabyte));
  const kept = log.records().map(({ body }) => body.length);
  expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBe(250 * megabyte);
  expect([kept[0], kept.at(-1)]).toEqual([0, 10 * megabyte]);
  expect(log.records()[0]?.bodyBytes).toBe(10 * megabyte);
});

test('waiting ends when enough attempts have arrived since the last reset', async () => {
  const log = createAttemptLog();
  log.add(attempt('before'));
  log.reset();
  const waiting = log.waitFor(2, 5000);
  log.add(attempt('one'));
  log.add(attempt('two'));
  expect((await waiting).map(({ model }) => model)).toEqual(['one', 'two']);
  await expect(log.waitFor(3, 10)).rejects.toThrow('2 of 3 attempts came within 10 ms');
});
