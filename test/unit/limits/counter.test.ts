import { expect, test } from 'bun:test';
import { LocalTable } from '../../../src/lib/number-table.ts';
import { counterFields, CounterLedger, type CounterNeed } from '../../../src/limits/counter.ts';

const END = 10_000;

function wanted(need: number, more: Partial<CounterNeed> = {}): CounterNeed {
  return { need, amount: 100, endMs: END, mayPassIdle: false, isSoft: false, ...more };
}

/** A known counter `a`, of which so much was used. */
function seeded(used = 0): CounterLedger {
  const ledger = new CounterLedger(new LocalTable(counterFields(1)));
  ledger.seed('a', used, END);
  return ledger;
}

test('exactly the amount fits, and not one more', () => {
  const ledger = seeded(60);
  expect(ledger.take('a', wanted(30)).kind).toBe('taken');
  expect(ledger.take('a', wanted(11)).kind).toBe('full');
  expect(ledger.take('a', wanted(10)).kind).toBe('taken');
  expect(ledger.take('a', wanted(1)).kind).toBe('full');
  expect(ledger.standing('a')).toEqual({ used: 60, held: 40 });
});

test('an amount of 0 refuses all', () => {
  expect(seeded().take('a', wanted(1, { amount: 0, mayPassIdle: true })).kind).toBe('full');
});

test('a record that was never seeded is unknown and admits nothing, not even what would fit', () => {
  const ledger = new CounterLedger(new LocalTable(counterFields(1)));
  expect(ledger.take('a', wanted(1)).kind).toBe('unseeded');
  expect(ledger.standing('a')).toBeUndefined();
  ledger.seed('a', 99, END);
  expect(ledger.take('a', wanted(2)).kind).toBe('full');
  expect(ledger.take('a', wanted(1)).kind).toBe('taken');
});

test('a hold becomes what was used, or nothing', () => {
  const ledger = seeded();
  ledger.take('a', wanted(40));
  ledger.take('a', wanted(40));
  ledger.settle('a', { held: 40, endMs: END }, 7);
  ledger.settle('a', { held: 40, endMs: END }, 0);
  expect(ledger.standing('a')).toEqual({ used: 7, held: 0 });
});

test('a hold that grows may pass the amount, and stands in the way of the next request', () => {
  const ledger = seeded();
  ledger.take('a', wanted(90));
  ledger.grow('a', 30);
  expect(ledger.standing('a')).toEqual({ used: 0, held: 120 });
  expect(ledger.take('a', wanted(1)).kind).toBe('full');
  ledger.settle('a', { held: 120, endMs: END }, 95);
  expect(ledger.take('a', wanted(5)).kind).toBe('taken');
});

test('one request passes a counter that nobody holds and that is not used up', () => {
  const ledger = seeded(99);
  const idle = wanted(50, { mayPassIdle: true });
  expect(ledger.take('a', wanted(50)).kind).toBe('full');
  expect(ledger.take('a', idle).kind).toBe('taken');
  expect(ledger.take('a', idle).kind).toBe('full');
  ledger.settle('a', { held: 50, endMs: END }, 1);
  expect(ledger.take('a', idle).kind).toBe('full');
});

test('a soft limit holds what does not fit, known or not', () => {
  const ledger = new CounterLedger(new LocalTable(counterFields(1)));
  expect(ledger.take('a', wanted(500, { isSoft: true })).kind).toBe('taken');
  ledger.seed('a', 1, END);
  expect(ledger.standing('a')).toEqual({ used: 1, held: 500 });
});

test('processes see the holds of each other, and those of a dead one are given back', () => {
  const table = new LocalTable(counterFields(2));
  const [one, two] = [new CounterLedger(table, 1, 2), new CounterLedger(table, 2, 2)];
  one.seed('a', 0, END);
  one.take('a', wanted(60));
  expect(two.take('a', wanted(60)).kind).toBe('full');
  two.take('a', wanted(30));
  two.releaseColumn(1);
  expect(two.standing('a')).toEqual({ used: 0, held: 30 });
});

test('a record that was lost gets the holds of the living back, and never a negative one', () => {
  const table = new LocalTable(counterFields(2));
  const [one, two] = [new CounterLedger(table, 1, 2), new CounterLedger(table, 2, 2)];
  one.seed('a', 0, END);
  one.take('a', wanted(40));
  two.take('a', wanted(50));
  table.sweep(() => true);
  one.settle('a', { held: 40, endMs: END }, 5);
  expect(one.take('a', wanted(1)).kind).toBe('unseeded');
  for (const process of [one, two]) process.publish('a');
  one.seed('a', 20, END);
  expect(two.standing('a')).toEqual({ used: 25, held: 50 });
  two.settle('a', { held: 50, endMs: END }, 50);
  expect(two.standing('a')).toEqual({ used: 75, held: 0 });
});

test('a counter that has ended is forgotten, unless somebody holds it', () => {
  const ledger = seeded(5);
  ledger.seed('b', 5, END);
  ledger.take('b', wanted(1));
  ledger.sweep(END - 1);
  expect(ledger.standing('a')).toBeDefined();
  ledger.sweep(END);
  expect([ledger.standing('a'), ledger.standing('b')]).toEqual([undefined, { used: 5, held: 1 }]);
  ledger.settle('b', { held: 1, endMs: END }, 1);
  ledger.sweep(END);
  expect(ledger.standing('b')).toBeUndefined();
});

test('an adjustment changes a known counter, below 0 too: that is a credit', () => {
  const ledger = seeded(10);
  ledger.adjust('a', -4);
  expect(ledger.standing('a')?.used).toBe(6);
  ledger.adjust('a', -40);
  expect(ledger.standing('a')?.used).toBe(-34);
  ledger.adjust('unknown', 5);
  expect(ledger.standing('unknown')).toBeUndefined();
});
