import { expect, test } from 'bun:test';
import { MemoryAnswers } from '../../../../src/gateway/cache/memory-answers.ts';
import type { StoredAnswer } from '../../../../src/gateway/cache/stored-answer.ts';

function answer(bytes: number, more: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    model: 'fast',
    keyId: 'one',
    keyName: 'one',
    print: '',
    status: 200,
    fields: {},
    pieces: [{ atMs: 0, bytes: new Uint8Array(bytes) }],
    byteLength: bytes,
    isStream: false,
    storedAtMs: 0,
    ttlMs: 1000,
    costNano: undefined,
    ...more,
  };
}

function memory(maxBytes = 100_000, maxEntries = 100): MemoryAnswers {
  const answers = new MemoryAnswers();
  answers.bound({ maxBytes, maxEntries });
  return answers;
}

test('an answer is found until its time is over', () => {
  const answers = memory();
  answers.keep('a', answer(10));
  expect(answers.find('a', 999)).toBeDefined();
  expect(answers.find('a', 1000)).toBeUndefined();
  expect([answers.entries, answers.bytes]).toEqual([0, 0]);
});

test('the least recently used make room, by bytes', () => {
  const answers = memory(35_000);
  for (const id of ['a', 'b', 'c']) answers.keep(id, answer(10_000));
  expect(answers.entries).toBe(3);
  answers.find('a', 0);
  answers.keep('d', answer(10_000));
  expect(['a', 'b', 'c', 'd'].filter((id) => answers.find(id, 0))).toEqual(['a', 'c', 'd']);
  expect(answers.bytes).toBeLessThanOrEqual(35_000);
});

test('and by number', () => {
  const answers = memory(1_000_000, 2);
  for (const id of ['a', 'b', 'c']) answers.keep(id, answer(1));
  expect(['a', 'b', 'c'].filter((id) => answers.find(id, 0))).toEqual(['b', 'c']);
});

test('an answer that alone is too large leaves nothing behind', () => {
  const answers = memory(5000);
  answers.keep('a', answer(10_000));
  expect([answers.entries, answers.bytes]).toEqual([0, 0]);
});

test('a newer answer replaces the former, and counts once', () => {
  const answers = memory();
  answers.keep('a', answer(10_000));
  answers.keep('a', answer(10));
  expect(answers.entries).toBe(1);
  expect(answers.bytes).toBeLessThan(10_000);
});

test('smaller bounds, a sweep and forgetting free memory', () => {
  const answers = memory();
  for (const id of ['a', 'b', 'c']) answers.keep(id, answer(10_000, { model: id }));
  answers.bound({ maxBytes: 25_000, maxEntries: 100 });
  expect(answers.entries).toBe(2);
  expect(answers.forget(({ model }) => model === 'b')).toBe(1);
  answers.sweep(1000);
  expect([answers.entries, answers.bytes]).toEqual([0, 0]);
});
