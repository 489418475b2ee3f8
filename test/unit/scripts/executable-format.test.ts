import { describe, expect, test } from 'bun:test';
import { executableFormat, HEAD_BYTES } from '../../../scripts/build/executable-format.ts';
import { hostTarget } from '../../../scripts/build/target.ts';

/** A header with these numbers at these offsets, in the byte order that all six files use. */
function head(...parts: readonly (readonly [offset: number, bytes: readonly number[]])[]): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  for (const [offset, part] of parts) bytes.set(part, offset);
  return bytes;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46, 2, 1] as const;
const PE = [0x50, 0x45, 0, 0] as const;
const at = (offset: number): [number, number[]] => [0x3c, [offset]];

describe('the head of a program tells its system and its processor', () => {
  test.each([
    ['linux', 'amd64', head([0, ELF], [18, [0x3e, 0]])],
    ['linux', 'arm64', head([0, ELF], [18, [0xb7, 0]])],
    ['darwin', 'amd64', head([0, [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1]])],
    ['darwin', 'arm64', head([0, [0xcf, 0xfa, 0xed, 0xfe, 12, 0, 0, 1]])],
    ['windows', 'amd64', head([0, [0x4d, 0x5a]], at(0x80), [0x80, [...PE, 0x64, 0x86]], [0x98, [0x0b, 2]])],
    ['windows', 'arm64', head([0, [0x4d, 0x5a]], at(0x80), [0x80, [...PE, 0x64, 0xaa]], [0x98, [0x0b, 2]])],
  ] as const)('%s on %s', (os, arch, bytes) => {
    expect(executableFormat(bytes)).toEqual({ os, arch });
  });

  test('the program that runs this is one for this machine', async () => {
    const bytes = await Bun.file(process.execPath).slice(0, HEAD_BYTES).bytes();
    const host = hostTarget();
    expect(executableFormat(bytes)).toEqual(host && { os: host.os, arch: host.arch });
  });
});

test.each([
  ['a script', new TextEncoder().encode(`#!/bin/sh\n${' '.repeat(100)}`)],
  ['nothing', new Uint8Array()],
  ['ELF of 32 bits', head([0, [0x7f, 0x45, 0x4c, 0x46, 1, 1]], [18, [0x3e, 0]])],
  ['ELF for another processor', head([0, ELF], [18, [0xf3, 0]])],
  ['PE of 32 bits', head([0, [0x4d, 0x5a]], at(0x80), [0x80, [...PE, 0x4c, 1]], [0x98, [0x0b, 1]])],
  ['a DOS program without a PE head', head([0, [0x4d, 0x5a]], at(0x80))],
  ['a PE head beyond the end', head([0, [0x4d, 0x5a]], [0x3c, [0xff, 0xff, 0xff, 0x7f]])],
])('%s is none of the six', (_, bytes) => {
  expect(executableFormat(bytes)).toBeUndefined();
});
