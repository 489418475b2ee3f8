import { closeSync, openSync, readSync } from 'node:fs';
import { decodeLine, type JournalLine } from './line.ts';

/** A line, and the position in bytes behind it; `line` undefined: its checksum is wrong. */
export interface ReadLine {
  readonly line: JournalLine | undefined;
  readonly endAt: number;
}

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads whole lines of a file from a position on, up to about `maxBytes`. A last line without a newline is not read,
 * since it is either incomplete or torn.
 */
export function readLines(path: string, fromAt: number, maxBytes = Infinity): ReadLine[] {
  const lines: ReadLine[] = [];
  const fd = openSync(path, 'r');
  try {
    let at = fromAt;
    let rest = Buffer.alloc(0);
    while (at - fromAt < maxBytes) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const got = readSync(fd, chunk, 0, CHUNK_BYTES, at + rest.length);
      if (got === 0) break;
      const bytes =
        rest.length === 0 ? chunk.subarray(0, got) : Buffer.concat([rest, chunk.subarray(0, got)]);
      const taken = splitLines(bytes, at, lines);
      at += taken;
      rest = bytes.subarray(taken);
    }
  } finally {
    closeSync(fd);
  }
  return lines;
}

/** Adds the whole lines of a piece that begins at `at`; returns their size. */
function splitLines(bytes: Buffer, at: number, lines: ReadLine[]): number {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) return start;
    lines.push({ line: decodeLine(bytes.subarray(start, end)), endAt: at + end + 1 });
    start = end + 1;
  }
}

/** More than most lines take. */
const LINE_BYTES = 2048;

/** The lines that begin at these positions of a file. One that is not there, or has a wrong checksum, is undefined. */
export function readLinesAt(path: string, positions: readonly number[]): (JournalLine | undefined)[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    // Somebody has deleted it.
    return positions.map(() => undefined);
  }
  try {
    return positions.map((at) => readLineAt(fd, at, LINE_BYTES));
  } finally {
    closeSync(fd);
  }
}

function readLineAt(fd: number, at: number, bytes: number): JournalLine | undefined {
  const buffer = Buffer.allocUnsafe(bytes);
  const got = readSync(fd, buffer, 0, bytes, at);
  const end = buffer.subarray(0, got).indexOf(NEWLINE);
  if (end >= 0) return decodeLine(buffer.subarray(0, end));
  return got < bytes ? undefined : readLineAt(fd, at, bytes * 4);
}
