import { createHash } from 'node:crypto';

/**
 * Signs a Mach-O program of 64 bits "ad hoc": with hashes of its pages and no name behind them, as linkers do for a local
 * build. macOS ends a program whose pages do not match the hashes that it carries, and Bun leaves on programs for
 * Intel the signature of the runtime that they were made of. The layout is that of Apple's `cs_blobs.h`.
 */
export function signed(program: Uint8Array, identifier: string): Uint8Array {
  const commands = readCommands(Buffer.from(program));
  const codeLimit = commands.signature.dataOffset;
  const size = signatureSize(codeLimit, identifier);
  const result = Buffer.alloc(codeLimit + size);
  result.set(program.subarray(0, codeLimit));
  // The commands are part of the hashed bytes, so they get their new sizes first.
  result.writeUInt32LE(size, commands.signature.at + 12);
  const linkEditSize = result.length - commands.linkEdit.fileOffset;
  const memorySize = Math.max(commands.linkEdit.memorySize, roundedUp(linkEditSize));
  result.writeBigUInt64LE(BigInt(memorySize), commands.linkEdit.at + 32);
  result.writeBigUInt64LE(BigInt(linkEditSize), commands.linkEdit.at + 48);
  writeSignature(result, { codeLimit, identifier, textSize: commands.text.fileSize });
  return result;
}

const PAGE = 4096;
const HASH_BYTES = 32;
const SUPER_BLOB_BYTES = 20;
const DIRECTORY_BYTES = 88;

function roundedUp(bytes: number): number {
  return Math.ceil(bytes / PAGE) * PAGE;
}

interface Segment {
  /** The offset of its command. */
  readonly at: number;
  readonly memorySize: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

interface Commands {
  readonly text: Segment;
  /** The last one, which ends with the signature. */
  readonly linkEdit: Segment;
  readonly signature: { readonly at: number; readonly dataOffset: number };
}

const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;

function readCommands(file: Buffer): Commands {
  const segments = new Map<string, Segment>();
  let signature: Commands['signature'] | undefined;
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const kind = file.readUInt32LE(at);
    if (kind === LC_CODE_SIGNATURE) signature = { at, dataOffset: file.readUInt32LE(at + 8) };
    if (kind === LC_SEGMENT_64) {
      segments.set(file.toString('latin1', at + 8, at + 24).replace(/\0+$/, ''), {
        at,
        memorySize: Number(file.readBigUInt64LE(at + 32)),
        fileOffset: Number(file.readBigUInt64LE(at + 40)),
        fileSize: Number(file.readBigUInt64LE(at + 48)),
      });
    }
    at += file.readUInt32LE(at + 4);
  }
  const [text, linkEdit] = [segments.get('__TEXT'), segments.get('__LINKEDIT')];
  if (text === undefined || linkEdit === undefined || signature === undefined) {
    throw new Error('This Mach-O program has no place for a signature.');
  }
  if (linkEdit.fileOffset + linkEdit.fileSize !== file.length) {
    throw new Error('This Mach-O program goes on after its signature.');
  }
  return { text, linkEdit, signature };
}

function signatureSize(codeLimit: number, identifier: string): number {
  return (
    SUPER_BLOB_BYTES + DIRECTORY_BYTES + identifier.length + 1 + Math.ceil(codeLimit / PAGE) * HASH_BYTES
  );
}

interface Signature {
  /** The number of bytes that are hashed: everything before the signature. */
  readonly codeLimit: number;
  readonly identifier: string;
  readonly textSize: number;
}

const SUPER_BLOB = 0xfa_de_0c_c0;
const CODE_DIRECTORY = 0xfa_de_0c_02;
const VERSION_WITH_EXEC_SEGMENT = 0x2_04_00;
/** `CS_ADHOC | CS_LINKER_SIGNED`. */
const FLAGS = 0x2_00_02;
const SHA256 = 2;
const MAIN_BINARY = 1n;

/** All numbers of a signature are big endian. */
function writeSignature(file: Buffer, { codeLimit, identifier, textSize }: Signature): void {
  const signature = file.subarray(codeLimit);
  const identifierOffset = DIRECTORY_BYTES;
  const hashOffset = identifierOffset + identifier.length + 1;
  const pages = Math.ceil(codeLimit / PAGE);
  // One blob, at its place: the code directory.
  for (const [index, word] of [SUPER_BLOB, signature.length, 1, 0, SUPER_BLOB_BYTES].entries()) {
    signature.writeUInt32BE(word, index * 4);
  }
  const directory = signature.subarray(SUPER_BLOB_BYTES);
  const head = [
    CODE_DIRECTORY,
    directory.length,
    VERSION_WITH_EXEC_SEGMENT,
    FLAGS,
    hashOffset,
    identifierOffset,
  ];
  for (const [index, word] of [...head, 0, pages, codeLimit].entries())
    directory.writeUInt32BE(word, index * 4);
  directory.set([HASH_BYTES, SHA256, 0, Math.log2(PAGE)], 36);
  // At 40 to 63: no scattering, no team, no more than 4 GiB. Then the segment that may be executed.
  directory.writeBigUInt64BE(BigInt(textSize), 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  directory.write(identifier, identifierOffset, 'latin1');
  for (let page = 0; page < pages; page++) {
    const content = file.subarray(page * PAGE, Math.min((page + 1) * PAGE, codeLimit));
    directory.set(createHash('sha256').update(content).digest(), hashOffset + page * HASH_BYTES);
  }
}
