import { expect, test } from 'bun:test';
import { leaveList, type ListNeighbour, NeighbourList } from '../../../src/lib/neighbour-list.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';

interface Numbered extends ListNeighbour {
  readonly number: number;
}

function entryOf(number: number): Numbered {
  return { number, before: undefined, after: undefined };
}

test('entries come out in the order in which they went in, without those that have left', () => {
  const roll = seededDice(7);
  for (let round = 0; round < 50; round++) {
    const list = new NeighbourList<Numbered>();
    const entries = Array.from({ length: 20 }, (_, number) => entryOf(number));
    for (const entry of entries) list.add(entry);
    const leaving = entries.filter(() => roll() < 0.5);
    for (const entry of leaving) leaveList(entry);
    const out: number[] = [];
    for (let next = list.shift(); next !== undefined; next = list.shift()) out.push(next.number);
    expect(out).toEqual(entries.filter((entry) => !leaving.includes(entry)).map(({ number }) => number));
  }
});

test('an entry that has left knows no other, so that it keeps none in memory, and may leave again', () => {
  const list = new NeighbourList<Numbered>();
  const [one, two] = [entryOf(1), entryOf(2)];
  list.add(one);
  list.add(two);
  leaveList(one);
  leaveList(one);
  expect([one.before, one.after]).toEqual([undefined, undefined]);
  expect(list.shift()).toBe(two);
  expect([two.before, two.after]).toEqual([undefined, undefined]);
  expect(list.shift()).toBeUndefined();
});
