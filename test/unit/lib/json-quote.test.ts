import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { closingQuote } from '../../../src/lib/json/json-quote.ts';

/** The search is interrupted at these places, and looks at 64 bytes at a time in between. */
const INTERRUPTED_AT = [1024, 1024 + 64, 3 * 1024, 31 * 1024];

/** As a reader would do it. */
function expected(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at += bytes[at] === 0x5c ? 2 : 1) if (bytes[at] === 0x22) return at;
  return -1;
}

test('the quote that ends a string is found, however many are escaped before it', () => {
  const word = fc.constantFrom(
    '\\\\',
    '\\"',
    '\\n',
    '\\',
    '"',
    'x',
    'y'.repeat(13),
    '\\"'.repeat(40),
    '\\'.repeat(65),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.nat(200), fc.nat(70), (words, before, rest) => {
      const text = words.join('');
      // Short bytes are searched in another way than long ones.
      for (const length of [rest, 2048 + rest]) {
        const bytes = Buffer.from(`${'a'.repeat(before)}${text}${'z'.repeat(length)}`).subarray(before & 7);
        const start = before - (before & 7);
        expect(closingQuote(bytes, start)).toBe(expected(bytes, start));
      }
    }),
    { numRuns: 200 },
  );
});

test('an escape is recognised wherever the search is interrupted', () => {
  for (const end of INTERRUPTED_AT)
    for (let at = end - 4; at <= end + 2; at++)
      for (const escape of ['"', '\\"', '\\\\"', '\\\\\\"', '\\"\\"']) {
        const bytes = Buffer.from(`${'x'.repeat(at)}${escape}${'x'.repeat(2048)}`);
        expect(closingQuote(bytes, 0)).toBe(expected(bytes, 0));
        bytes[bytes.length - 1] = 0x22;
        expect(closingQuote(bytes, 0)).toBe(expected(bytes, 0));
      }
});

test('a runtime without WebAssembly finds it, too', async () => {
  const { WebAssembly: usual } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  try {
    const path = '../../../src/lib/json/json-quote.ts?without';
    const without = (await import(path)) as { closingQuote: typeof closingQuote };
    const bytes = Buffer.from(`${'\\"'.repeat(2048)}"`);
    expect(without.closingQuote(bytes, 0)).toBe(4096);
  } finally {
    Reflect.set(globalThis, 'WebAssembly', usual);
  }
});
