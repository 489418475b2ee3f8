import { createByteHold } from './byte-buffer.ts';

/**
 * Cuts a stream of server-sent events (WHATWG HTML §9.2) into blocks of whole events. The blocks, and at last the
 * tail, joined give the stream again, byte for byte.
 */
export interface SseSplitter {
  /**
   * Takes the next chunk and returns all the whole events that there are now, with the blank lines that end them;
   * empty if none is complete. undefined: an event has grown beyond the limit, and the stream is to be given up.
   * A chunk of whole events is returned as it is, without a copy.
   */
  readonly push: (chunk: Uint8Array) => Uint8Array | undefined;
  /** What came after the last whole event, taken out: at the end of a stream, an event that was cut off. */
  readonly takeTail: () => Uint8Array;
}

/** Everything up to and with one blank line. Offsets are into the block that was split. */
export interface SseEvent {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** The event's name, '' where it has none. */
  readonly name: string;
  /** The data, its lines joined by LF; empty for comments. A view on the block where it stands on one line. */
  readonly data: Uint8Array;
}

/** `maxEventBytes` bounds what is held of an event that is not complete. */
export function createSseSplitter(maxEventBytes: number): SseSplitter {
  const hold = createByteHold();
  return {
    push(chunk) {
      const end = Math.max(lastEventEnd(chunk), endAcross(hold.lastByte(), chunk));
      const tail = end === chunk.length ? EMPTY : chunk.subarray(end);
      const whole = end === 0 ? EMPTY : hold.take(end === chunk.length ? chunk : chunk.subarray(0, end));
      if (tail.length > 0) hold.add(tail);
      return hold.length() > maxEventBytes ? undefined : whole;
    },
    takeTail: () => hold.take(EMPTY),
  };
}

/**
 * The events of a block, comments and empty ones included, so that their ranges cover all of it. What follows after the
 * last blank line counts as an event as well. A byte order mark is skipped at the beginning of the block.
 */
export function splitEvents(block: Uint8Array): readonly SseEvent[] {
  const events: SseEvent[] = [];
  const lines = createLineCursor(block);
  let start = 0;
  let pos = block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? 3 : 0;
  let name = '';
  let data: Uint8Array[] = [];
  while (pos < block.length) {
    const { end, next } = lines(pos);
    if (end === pos) {
      events.push({ start, end: next, name, data: joinLines(data) });
      start = next;
      name = '';
      data = [];
    } else if (startsField(block, pos, end, DATA)) {
      data.push(block.subarray(valueStart(block, pos + 4, end), end));
    } else if (startsField(block, pos, end, EVENT)) {
      name = UTF8.decode(block.subarray(valueStart(block, pos + 5, end), end));
    }
    pos = next;
  }
  if (start < block.length) events.push({ start, end: block.length, name, data: joinLines(data) });
  return events;
}

/**
 * Where the last whole event of these bytes ends; 0 if there is none. A line may end in LF, CRLF or CR, and an event
 * ends with an empty line. Where that line's CR comes last, the LF that may follow it is left to the next event, for
 * which it is an empty line: waiting for it would hold back an event that is complete.
 */
function lastEventEnd(bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > 1 && bytes[length - 1] === LF && bytes[length - 2] === LF) return length;
  let feed = bytes.lastIndexOf(LF);
  let carriage = bytes.lastIndexOf(CR);
  for (;;) {
    const last = Math.max(feed, carriage);
    if (last <= 0) return 0;
    const before = bytes[last] === LF && bytes[last - 1] === CR ? last - 2 : last - 1;
    if (before >= 0 && (bytes[before] === LF || bytes[before] === CR)) return last + 1;
    // lastIndexOf takes a negative start as one from the end.
    if (before < 0) return 0;
    if (feed > before) feed = bytes.lastIndexOf(LF, before);
    if (carriage > before) carriage = bytes.lastIndexOf(CR, before);
  }
}

/** The same where the line before the blank one ended in what is held, with this byte, and the blank one is here. */
function endAcross(lastHeld: number | undefined, chunk: Uint8Array): number {
  if (lastHeld !== LF && lastHeld !== CR) return 0;
  if (chunk[0] === CR) return chunk[1] === LF ? 2 : 1;
  // After a CR, the LF belongs to it.
  return chunk[0] === LF && lastHeld === LF ? 1 : 0;
}

interface Line {
  /** Where its content ends. */
  readonly end: number;
  /** Where the next line begins. */
  readonly next: number;
}

/** Finds lines in passing order; each byte is searched once, even where only one of CR and LF occurs. */
function createLineCursor(block: Uint8Array): (pos: number) => Line {
  let feed = -1;
  let carriage = -1;
  return (pos) => {
    if (feed < pos) feed = indexOrEnd(block, LF, pos);
    if (carriage < pos) carriage = indexOrEnd(block, CR, pos);
    const end = Math.min(feed, carriage);
    if (end === block.length) return { end, next: end };
    return {
      end,
      next: carriage < feed && feed === carriage + 1 && feed < block.length ? feed + 1 : end + 1,
    };
  };
}

function indexOrEnd(block: Uint8Array, byte: number, pos: number): number {
  const index = block.indexOf(byte, pos);
  return index === -1 ? block.length : index;
}

/** Whether the line is this field, with a value or without. */
function startsField(block: Uint8Array, pos: number, end: number, field: Uint8Array): boolean {
  const colon = pos + field.length;
  if (colon > end || (colon < end && block[colon] !== COLON)) return false;
  for (let index = 0; index < field.length; index++) {
    if (block[pos + index] !== field[index]) return false;
  }
  return true;
}

/** Behind the colon at `pos` and the one space that may follow it. */
function valueStart(block: Uint8Array, pos: number, end: number): number {
  if (pos >= end) return end;
  return pos + 1 < end && block[pos + 1] === SPACE ? pos + 2 : pos + 1;
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const [first] = lines;
  if (first === undefined) return EMPTY;
  if (lines.length === 1) return first;
  const joined = new Uint8Array(lines.reduce((sum, line) => sum + line.length + 1, -1)).fill(LF);
  let to = 0;
  for (const line of lines) {
    joined.set(line, to);
    to += line.length + 1;
  }
  return joined;
}

const UTF8 = new TextDecoder();
const EMPTY = new Uint8Array(0);
const DATA = new TextEncoder().encode('data');
const EVENT = new TextEncoder().encode('event');
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
