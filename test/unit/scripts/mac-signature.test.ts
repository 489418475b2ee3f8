import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { signed } from '../../../scripts/build/mac-signature.ts';

const CODE_BYTES = 10_000;
const LINK_EDIT_AT = 8_192;

/** A Mach-O file of three commands with a foreign signature. */
function program(trailing = 0): Buffer {
  const file = Buffer.alloc(CODE_BYTES + 64, 0x90);
  const word = (at: number, value: number): unknown => file.writeUInt32LE(value, at);
  const long = (at: number, value: number): unknown => file.writeBigUInt64LE(BigInt(value), at);
  const segment = (at: number, name: string, offset: number, size: number): void => {
    word(at, 0x19);
    word(at + 4, 72);
    file.write(name.padEnd(16, '\0'), at + 8, 'latin1');
    for (const [index, value] of [offset, 4096, offset, size].entries()) long(at + 24 + index * 8, value);
  };
  word(0, 0xfe_ed_fa_cf);
  word(16, 3);
  segment(32, '__TEXT', 0, LINK_EDIT_AT);
  segment(104, '__LINKEDIT', LINK_EDIT_AT, file.length - LINK_EDIT_AT);
  for (const [index, value] of [0x1d, 16, CODE_BYTES, 64].entries()) word(176 + index * 4, value);
  return Buffer.concat([file, Buffer.alloc(trailing)]);
}

test('every page of a signed program has the hash that its signature names, and the rest of it is as it was', () => {
  const before = program();
  const after = Buffer.from(signed(before, 'name'));
  const directory = after.subarray(CODE_BYTES + 20);
  const [magic, length, , flags, hashes = 0, name = 0, , pages, limit] = Array.from(
    { length: 9 },
    (_, index) => directory.readUInt32BE(index * 4),
  );
  expect({ magic, length, flags, pages, limit }).toEqual({
    magic: 0xfa_de_0c_02,
    length: directory.length,
    flags: 0x2_00_02,
    pages: 3,
    limit: CODE_BYTES,
  });
  expect(directory.toString('latin1', name, hashes)).toBe('name\0');
  for (const [page, end] of [4096, 8192, CODE_BYTES].entries()) {
    const hash = createHash('sha256')
      .update(after.subarray(page * 4096, end))
      .digest();
    expect(directory.subarray(hashes + page * 32, hashes + page * 32 + 32)).toEqual(hash);
  }
  const isSize = (at: number): boolean => (at >= 136 && at < 160) || (at >= 188 && at < 192);
  for (let at = 0; at < CODE_BYTES; at++) if (!isSize(at)) expect(after[at]).toBe(before[at]);
});

test('the commands say how large the new signature is', () => {
  const after = Buffer.from(signed(program(), 'a-name-that-is-longer'));
  const size = after.length - CODE_BYTES;
  expect(after.readUInt32LE(188)).toBe(size);
  expect(after.readUInt32BE(CODE_BYTES + 4)).toBe(size);
  expect(Number(after.readBigUInt64LE(152))).toBe(after.length - LINK_EDIT_AT);
  expect(Number(after.readBigUInt64LE(136))).toBeGreaterThanOrEqual(after.length - LINK_EDIT_AT);
});

test('signing twice changes nothing', () => {
  const once = signed(program(), 'name');
  expect(signed(once, 'name')).toEqual(once);
});

test('a file that is not such a program is not signed', () => {
  const unsigned = program();
  unsigned.writeUInt32LE(0x2a, 176);
  expect(() => signed(unsigned, 'name')).toThrow('no place for a signature');
  expect(() => signed(program(1), 'name')).toThrow('goes on');
});
