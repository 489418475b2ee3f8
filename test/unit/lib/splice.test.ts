import { expect, test } from 'bun:test';
import { array, assert, integer, property, uint8Array } from 'fast-check';
import { type Edit, pieces, sizeOf, splice } from '../../../src/lib/splice.ts';

/** Edits in order at these places, each of which replaces at most `length` bytes. */
function editsAt(places: readonly number[], size: number, length: number): readonly Edit[] {
  const starts = [...new Set(places.map((place) => place % (size + 1)))].sort((one, other) => one - other);
  return starts.map((start, index) => ({
    start,
    end: Math.min(start + length, starts[index + 1] ?? size),
    bytes: Buffer.from('x'.repeat(index % 3)),
  }));
}

function expected(bytes: Uint8Array, edits: readonly Edit[]): string {
  let text = '';
  let from = 0;
  for (const { start, end, bytes: put } of edits) {
    text += Buffer.from(bytes.subarray(from, start)).toString('latin1') + Buffer.from(put).toString('latin1');
    from = end;
  }
  return text + Buffer.from(bytes.subarray(from)).toString('latin1');
}

test('edits are applied to bodies of any size, in pieces and in one', () =>
  assert(
    property(
      uint8Array({ minLength: 0, maxLength: 1_200 }),
      array(integer({ min: 0, max: 1_200 }), { maxLength: 4 }),
      integer({ min: 0, max: 600 }),
      (bytes, places, length) => {
        const edits = editsAt(places, bytes.byteLength, length);
        const before = Buffer.from(bytes).toString('latin1');
        const parts = pieces(bytes, edits);
        expect(Buffer.concat(parts).toString('latin1')).toBe(expected(bytes, edits));
        expect(sizeOf(parts)).toBe(Buffer.concat(parts).byteLength);
        expect(Buffer.from(splice(bytes, edits)).toString('latin1')).toBe(expected(bytes, edits));
        expect(Buffer.from(bytes).toString('latin1')).toBe(before);
      },
    ),
  ));
