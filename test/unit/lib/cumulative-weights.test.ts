import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { CumulativeWeights } from '../../../src/lib/cumulative-weights.ts';

/** The linear search that the class replaces. */
function found(lengths: readonly number[], place: number): number {
  let end = 0;
  for (const [index, length] of lengths.entries()) {
    end += length;
    if (place < end) return index;
  }
  return lengths.findLastIndex((length) => length > 0);
}

test('a place is found where it is, at the ends, in the middle and beyond, and never on a stretch without length', () => {
  const lengths = fc
    .array(fc.nat(4), { minLength: 1, maxLength: 40 })
    .filter((all) => all.some((length) => length > 0));
  fc.assert(
    fc.property(lengths, fc.nat(170), (all, halves) => {
      const line = new CumulativeWeights(all);
      const index = line.at(halves / 2);
      expect(index).toBe(found(all, halves / 2));
      expect(line.endOf(index) - line.startOf(index)).toBe(all[index]!);
    }),
  );
});
