import { crc32 } from 'node:zlib';
import type { RequestRecord } from '../../store/records/request-record.ts';
import { type BriefClose, type BriefUses, wholeRecord } from './brief-close.ts';

/** An amount of one counter in one window: nano-dollars, tokens or requests, as its limit counts. */
export type Use = readonly [counter: string, windowMs: number, amount: number];

/**
 * One line of a journal. `open`: a request was admitted, and holds what it may use; repeated at the head of a newer
 * file if the request is still in flight. `grow`: it holds more. `drop`: it was not sent, and used nothing. `close`: it has
 * ended, with what it used.
 */
export type JournalLine = OpenLine | GrowLine | DropLine | CloseLine;

export interface OpenLine {
  readonly t: 'open';
  readonly id: string;
  /** Milliseconds since 1970, here and below. */
  readonly atMs: number;
  readonly holds: readonly Use[];
  /** Nano-dollars that a lost request is charged; undefined: no limit holds money. */
  readonly holdNano?: number | undefined;
  /** The content of the request's row if nothing else becomes known of it. */
  readonly names: OpenNames;
}

export type OpenNames = Pick<
  RequestRecord,
  'key' | 'model' | 'keyId' | 'team' | 'teamPath' | 'teamIds' | 'userId' | 'userName' | 'endUser' | 'tags'
>;

export interface GrowLine {
  readonly t: 'grow';
  readonly id: string;
  readonly atMs: number;
  readonly holds: readonly Use[];
  readonly holdNano?: number | undefined;
}

/** Earlier versions report it as a line that they cannot read, and charge the request what it held. */
export interface DropLine {
  readonly t: 'drop';
  readonly id: string;
}

export interface CloseLine {
  readonly t: 'close';
  readonly id: string;
  readonly record: RequestRecord;
  readonly uses: readonly Use[];
}

/** A line as a process writes it. Earlier versions wrote the whole form, and a reader takes both. */
export type WrittenLine = WrittenHolds<OpenLine> | WrittenHolds<GrowLine> | DropLine | CloseLine | BriefClose;

/** Holds in either form. */
export type WrittenHolds<Line extends OpenLine | GrowLine> = Omit<Line, 'holds'> & {
  readonly holds: readonly Use[] | BriefUses;
};

/** A line with its checksum: eight hex digits, a space, JSON, a newline. */
export function encodeLine(line: WrittenLine): Buffer {
  return encodeLines([JSON.stringify(line)], Buffer.alloc(0));
}

/** The bytes of lines, each given as JSON: in the buffer if it is large enough. */
export function encodeLines(jsons: readonly string[], buffer: Buffer): Buffer {
  let most = 0;
  // A UTF-16 unit takes at most three bytes.
  for (const json of jsons) most += PREFIX + json.length * 3 + 1;
  const bytes = most > buffer.byteLength ? Buffer.allocUnsafe(exactSize(jsons)) : buffer;
  let at = 0;
  for (const json of jsons) {
    const start = at + PREFIX;
    const end = start + bytes.write(json, start);
    let checksum = crc32(bytes.subarray(start, end));
    for (let digit = at + PREFIX - 2; digit >= at; digit--) {
      bytes[digit] = HEX_DIGITS.charCodeAt(checksum & 15);
      checksum >>>= 4;
    }
    bytes[start - 1] = SPACE;
    bytes[end] = NEWLINE;
    at = end + 1;
  }
  return bytes.subarray(0, at);
}

function exactSize(jsons: readonly string[]): number {
  return jsons.reduce((sum, json) => sum + PREFIX + Buffer.byteLength(json) + 1, 0);
}

/** The line within these bytes, without its newline; undefined: it is torn, or no line of a journal. */
export function decodeLine(bytes: Buffer): JournalLine | undefined {
  if (bytes.length < PREFIX + 2 || bytes[PREFIX - 1] !== SPACE) return undefined;
  const json = bytes.subarray(PREFIX);
  if (Number.parseInt(bytes.toString('latin1', 0, PREFIX - 1), 16) !== crc32(json)) return undefined;
  return parseLine(json.toString());
}

/** A line that another program wrote may have the right checksum and another form. */
function parseLine(json: string): JournalLine | undefined {
  try {
    const line = wholeLine(JSON.parse(json) as WrittenLine);
    return isWhole(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

function wholeLine(line: WrittenLine): JournalLine {
  switch (line.t) {
    case 'open':
    case 'grow':
      return { ...line, holds: wholeUses(line.holds) };
    case 'close':
      return isBrief(line)
        ? { t: line.t, id: line.id, record: wholeRecord(line), uses: wholeUses(line.uses) }
        : line;
    case 'drop':
    default:
      return line;
  }
}

/** Only the whole form repeats the id within the record. */
function isBrief(line: CloseLine | BriefClose): line is BriefClose {
  return !('requestId' in line.record);
}

function wholeUses(uses: readonly Use[] | BriefUses): readonly Use[] {
  if (!isBriefUses(uses)) return uses;
  const whole: Use[] = [];
  for (let at = 0; at < uses.length; at += 2) {
    const window = String(uses[at]);
    const end = window.lastIndexOf('@');
    whole.push([window.slice(0, end), Number(window.slice(end + 1)), Number(uses[at + 1])]);
  }
  return whole;
}

function isBriefUses(uses: readonly Use[] | BriefUses): uses is BriefUses {
  return typeof uses[0] === 'string';
}

function isWhole(line: JournalLine): boolean {
  if (typeof line.id !== 'string') return false;
  switch (line.t) {
    case 'open':
      return areUses(line.holds) && isObject(line.names) && Number.isFinite(line.atMs);
    case 'grow':
      return areUses(line.holds) && Number.isFinite(line.atMs);
    case 'drop':
      return true;
    case 'close':
      return areUses(line.uses) && isObject(line.record) && Number.isFinite(line.record.endedAtMs);
    default:
      return false;
  }
}

function areUses(uses: readonly Use[]): boolean {
  return (
    Array.isArray(uses) &&
    uses.every(
      (use) =>
        Array.isArray(use) &&
        typeof use[0] === 'string' &&
        Number.isFinite(use[1]) &&
        Number.isFinite(use[2]),
    )
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

const PREFIX = 9;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const HEX_DIGITS = '0123456789abcdef';
