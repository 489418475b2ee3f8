import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { ByteHold } from '../../../src/lib/byte-buffer.ts';

describe('the content', () => {
  test('comes out as it went in, whatever the sizes, and leaves the buffer empty', () => {
    const chunk = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1_000, max: 100_000 }));
    fc.assert(
      fc.property(fc.array(fc.array(chunk, { maxLength: 12 }), { maxLength: 6 }), chunk, (rounds, last) => {
        const hold = new ByteHold();
        for (const sizes of rounds) {
          const chunks = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
          const more = new Uint8Array(last).fill(99);
          const expected = Buffer.concat([...chunks, more]);
          for (const each of chunks) hold.add(each);
          expect(hold.length).toBe(expected.length - last);
          expect(hold.lastByte).toBe(expected.subarray(0, expected.length - last).at(-1));
          expect(Buffer.compare(hold.take(more), expected)).toBe(0);
          expect(hold.length).toBe(0);
          expect(hold.lastByte).toBeUndefined();
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is not changed by bytes that are added after it was taken', () => {
    const hold = new ByteHold();
    hold.add(Uint8Array.of(1, 2));
    const taken = hold.take(Uint8Array.of(3));
    hold.add(Uint8Array.of(9, 9, 9, 9));
    expect([...taken]).toEqual([1, 2, 3]);
  });
});

describe('a chunk that was copied', () => {
  test('is not kept by its end', () => {
    const hold = new ByteHold();
    hold.add(new Uint8Array(500_000).fill(7).subarray(499_990));
    const taken = hold.take(new Uint8Array(0));
    expect([...taken]).toEqual(Array.from({ length: 10 }, () => 7));
    expect(taken.buffer.byteLength).toBeLessThan(1_000);
  });

  test('is given back where it is large and has its memory for itself', () => {
    const hold = new ByteHold();
    const large = [1, 2].map((value) => new Uint8Array(100_000).fill(value));
    for (const each of large) hold.add(each);
    expect(large.map(({ length }) => length)).toEqual([0, 0]);
    const whole = hold.take(new Uint8Array(0));
    expect([whole.length, whole.indexOf(2), whole.lastIndexOf(1)]).toEqual([200_000, 100_000, 99_999]);
  });

  test('is left alone where others may see the same memory', () => {
    const hold = new ByteHold();
    const memory = new Uint8Array(300_000).fill(1);
    hold.add(memory.subarray(0, 100_000));
    hold.add(memory.subarray(100_000, 200_000));
    hold.add(Buffer.from('small'));
    expect(memory).toHaveLength(300_000);
    expect(hold.length).toBe(200_005);
  });
});
