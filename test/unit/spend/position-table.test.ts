import { expect, test } from 'bun:test';
import { newRequestId } from '../../../src/gateway/request-id.ts';
import { type LinePosition, PositionTable } from '../../../src/spend/journal/position-table.ts';
import { seededDice } from '../../simulation/seeded-dice.ts';

const sorted = (positions: Iterable<LinePosition>) =>
  [...positions].sort((a, b) => a.file - b.file || a.at - b.at);

/** Ids that want the same places of a small table, ids of another form, and usual ones. */
function idsOf(roll: () => number): string[] {
  const low = (place: number) => (place + 64 * Math.floor(roll() * 1000)).toString(16).padStart(8, '0');
  const crowded = Array.from({ length: 60 }, (_, place) => `req_00${(place % 8) + 10}${low(place % 4)}`);
  const usual = Array.from({ length: 200 }, newRequestId);
  return [...crowded, ...usual, 'req_000000000000', 'req_ffffffffffff', 'req_FFFFFFFFFFFF', 'a', ''];
}

test('it is a map, whatever the ids are and in whatever order they come and go', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const roll = seededDice(seed);
    const ids = idsOf(roll);
    const [table, map] = [new PositionTable(), new Map<string, LinePosition>()];
    for (let step = 0; step < 3000; step++) {
      const id = ids[Math.floor(roll() * ids.length)] ?? '';
      // It fills, and then empties.
      if (roll() < (step < 1500 ? 0.7 : 0.3)) {
        const position = {
          file: Math.floor(roll() * (roll() < 0.1 ? 2 ** 20 : 2 ** 16)),
          at: Math.floor(roll() * (roll() < 0.1 ? 2 ** 40 : 2 ** 32)),
        };
        table.set(id, position);
        map.set(id, position);
      } else {
        expect(table.take(id)).toEqual(map.get(id));
        map.delete(id);
      }
      if (step % 100 !== 0) continue;
      expect(ids.map((one) => table.get(one))).toEqual(ids.map((one) => map.get(one)));
      expect(ids.filter((one) => table.has(one))).toEqual(ids.filter((one) => map.has(one)));
    }
    expect(sorted(table.all())).toEqual(sorted(map.values()));
    for (const id of ids) table.take(id);
    expect([...table.all()]).toEqual([]);
  }
});

test('the first and the last byte of the largest file are kept', () => {
  const table = new PositionTable();
  for (const at of [0, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32]) {
    for (const file of [0, 0xffff, 0x10000]) {
      table.set('req_0123456789ab', { file, at });
      expect(table.get('req_0123456789ab')).toEqual({ file, at });
      expect([...table.all()]).toHaveLength(1);
    }
  }
});
