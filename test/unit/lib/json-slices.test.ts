import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { scanObject, scanObjectInSlices } from '../../../src/lib/json/json-scan.ts';

const WANTED = ['model', 'stream'];
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('JSON that is scanned in slices', () => {
  test('comes to what it comes to at once, whatever the slices', () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc
        .dictionary(fc.constantFrom('model', 'Model', 'stream', 'x'), fc.jsonValue())
        .map((value) => JSON.stringify(value)),
      fc.json().map((text) => text.slice(0, -1)),
    );
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 50 }), (text, sliceBytes) => {
        const bytes = bytesOf(text);
        const scanOn = scanObjectInSlices(bytes, WANTED, sliceBytes);
        let scan = scanOn();
        while (scan === undefined) {
          // Another scan in between must not affect it.
          scanObject(bytesOf('[[[{"a":[1]}]]]'), WANTED);
          scan = scanOn();
        }
        expect(scan).toEqual(scanObject(bytes, WANTED));
      }),
      { numRuns: 500 },
    );
  });

  test('is worked on a little at a time', () => {
    for (const filling of ['[],', '"",', '1,', '{"a":{"b":[]}},', '[[[[[]]]]],']) {
      const bytes = bytesOf(`{"model":"m","a":[${filling.repeat(20_000)}1]}`);
      const scanOn = scanObjectInSlices(bytes, WANTED, 1_000);
      let slices = 1;
      while (scanOn() === undefined) slices += 1;
      // A run of integers is skipped in one step.
      expect(slices).toBeGreaterThan(filling === '1,' ? 0 : bytes.length / 2_000);
    }
  });

  test('is worked on a member at a time', () => {
    const members = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',');
    const scanOn = scanObjectInSlices(bytesOf(`{${members}}`), WANTED, 1_000);
    let slices = 1;
    while (scanOn() === undefined) slices += 1;
    expect(slices).toBeGreaterThan(members.length / 2_000);
  });
});

describe('a key with escapes', () => {
  test.each([
    ['\\u006d\\u006f\\u0064\\u0065\\u006c', 'model'],
    ['\\u004Dodel', 'Model'],
    ['mode\\u006C', 'model'],
  ])('%s is found', (written, key) => {
    const scan = scanObject(bytesOf(`{"${written}":1}`), WANTED);
    expect(scan).toMatchObject({ kind: 'object', members: [{ key, escaped: true }] });
  });

  test.each(['mode\\n', 'mode\\u006C\\u006C', '\\u006', 'x\\q'])('%s is another one', (written) => {
    expect(scanObject(bytesOf(`{"${written}":1}`), WANTED)).toMatchObject({ kind: 'object', members: [] });
  });

  test.each(['\\model', 'mod\\el', '\\u006Zodel', 'm\\u00zzdel'])('%s is refused', (written) => {
    expect(scanObject(bytesOf(`{"${written}":1}`), WANTED).kind).toBe('malformed');
  });
});

describe('the time that a scan takes grows with the size and no faster', () => {
  const growth = (make: (count: number) => string): number => {
    const [small, large] = [20_000, 320_000].map((count) => bestOf(bytesOf(make(count))));
    return (large ?? 0) / Math.max(small ?? 0, 0.1);
  };

  test.each<[string, (count: number) => string]>([
    [
      'keys that are written with escapes',
      (count) => `{${'"\\u006d\\u006f\\u0064\\u0065":1,'.repeat(count)}"a":1}`,
    ],
    ['a fault behind empty lines', (count) => `{"model":"m",${'\n'.repeat(count * 10)}x}`],
    ['a fault behind a long line', (count) => `{"model":"m",${' '.repeat(count * 10)}x}`],
    ['quotes and backslashes', (count) => `{"a":"${'\\"'.repeat(count)}"}`],
    ['many keys', (count) => `{${'"k":1,'.repeat(count)}"a":1}`],
  ])('%s', (_, make) => {
    // Sixteen times the length. Quadratic work would take 256 times as long.
    expect(growth(make)).toBeLessThan(100);
  });
});

/** The processor time of a scan in milliseconds, the shortest of three. */
function bestOf(bytes: Uint8Array): number {
  return Math.min(
    ...Array.from({ length: 3 }, () => {
      const begin = process.cpuUsage();
      scanObject(bytes, WANTED);
      const { user, system } = process.cpuUsage(begin);
      return (user + system) / 1000;
    }),
  );
}
