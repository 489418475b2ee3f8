import type { Architecture, OperatingSystem } from './target.ts';

/** The operating system and the processor that an executable's header names. */
export interface ExecutableFormat {
  readonly os: OperatingSystem;
  readonly arch: Architecture;
}

/** The number of bytes read from the start of a file. */
export const HEAD_BYTES = 4096;

/** Reads an ELF, Mach-O or PE32+ head of 64 bits; undefined for anything else. */
export function executableFormat(head: Uint8Array): ExecutableFormat | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < 64) return undefined;
  return elf(view) ?? machO(view) ?? pe(view);
}

/** The System V ABI: magic number, class 2 for 64 bits, order 1 for little endian; `e_machine` at 18. */
function elf(view: DataView): ExecutableFormat | undefined {
  if (view.getUint32(0) !== 0x7f_45_4c_46 || view.getUint8(4) !== 2 || view.getUint8(5) !== 1)
    return undefined;
  return known('linux', { 62: 'amd64', 183: 'arm64' }, view.getUint16(18, true));
}

/** `mach-o/loader.h`: the magic number of 64 bits, then the processor. */
function machO(view: DataView): ExecutableFormat | undefined {
  if (view.getUint32(0, true) !== 0xfe_ed_fa_cf) return undefined;
  return known('darwin', { 0x01_00_00_07: 'amd64', 0x01_00_00_0c: 'arm64' }, view.getUint32(4, true));
}

/** Microsoft's "PE Format": `MZ`, the place of the PE head at 0x3c; after it machine, and 0x20b for PE32+. */
function pe(view: DataView): ExecutableFormat | undefined {
  if (view.getUint16(0) !== 0x4d_5a) return undefined;
  const start = view.getUint32(0x3c, true);
  if (start + 26 > view.byteLength || view.getUint32(start) !== 0x50_45_00_00) return undefined;
  if (view.getUint16(start + 24, true) !== 0x20b) return undefined;
  return known('windows', { 0x86_64: 'amd64', 0xaa_64: 'arm64' }, view.getUint16(start + 4, true));
}

function known(
  os: OperatingSystem,
  architectures: Readonly<Record<number, Architecture>>,
  machine: number,
): ExecutableFormat | undefined {
  const arch = architectures[machine];
  return arch && { os, arch };
}
