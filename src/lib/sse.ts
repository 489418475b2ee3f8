import { ByteHold } from './byte-buffer.ts';

/**
 * Splits a stream of server-sent events (WHATWG HTML §9.2) into blocks of whole events. The blocks and the tail,
 * joined, are the stream byte for byte.
 */
export interface SseSplitter {
  /**
   * Takes the next chunk and returns all events that are now complete, with the blank lines that end them; empty if
   * there are none. Returns undefined if an event exceeds the limit of bytes or lines; give the stream up then. A chunk
   * of whole events is returned as it is, without a copy.
   */
  readonly push: (chunk: Uint8Array) => Uint8Array | undefined;
  /** Whether all bytes so far belong to whole events. */
  readonly isEmpty: () => boolean;
  /** Removes and returns the bytes after the last whole event. At the end of a stream, they are a truncated event. */
  readonly takeTail: () => Uint8Array;
}

/** Everything up to and including one blank line. Offsets are into the split block. */
export interface SseEvent {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** The event's name; '' if it has none. */
  readonly name: string;
  /** The data, its lines joined by LF; empty for comments. A view of the block if it is on one line. */
  readonly data: Uint8Array;
}

/** `maxEventBytes` limits the buffered part of an incomplete event. */
export function createSseSplitter(maxEventBytes: number): SseSplitter {
  return new EventSplitter(maxEventBytes);
}

class EventSplitter implements SseSplitter {
  readonly #maxEventBytes: number;
  readonly #hold = new ByteHold();
  #lines = 0;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    const hold = this.#hold;
    const end = Math.max(lastEventEnd(chunk), endAcross(hold.lastByte, chunk));
    const tail = end === chunk.length ? EMPTY : end === 0 ? chunk : chunk.subarray(end);
    const whole = end === 0 ? EMPTY : hold.take(end === chunk.length ? chunk : chunk.subarray(0, end));
    if (end > 0) this.#lines = 0;
    // Real events have one or a few data lines, so lines are counted only in large events.
    if (hold.length > LARGE_BYTES) this.#lines += countLines(tail);
    if (tail.length > 0) hold.add(tail);
    return hold.length > this.#maxEventBytes || this.#lines > MAX_LINES ? undefined : whole;
  }

  isEmpty(): boolean {
    return this.#hold.length === 0;
  }

  takeTail(): Uint8Array {
    return this.#hold.take(EMPTY);
  }
}

/** An event with more lines than this is meant to keep its reader busy. */
const MAX_LINES = 20_000;

const LARGE_BYTES = 65_536;

/** The number of line ends in these bytes, up to a bound. */
function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of [LF, CR]) {
    let at = bytes.indexOf(byte);
    while (at !== -1 && count <= MAX_LINES) {
      count += 1;
      at = bytes.indexOf(byte, at + 1);
    }
  }
  return count;
}

/**
 * The events of a block, including comments and empty events, so that their ranges cover the block. Adjacent events
 * without data and name count as one. Bytes after the last blank line count as an event. A leading byte order mark is
 * skipped.
 */
export function splitEvents(block: Uint8Array): readonly SseEvent[] {
  const events: SseEvent[] = [];
  const nextLine = createLineCursor(block);
  let start = 0;
  let pos = block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf ? 3 : 0;
  let name = '';
  let data: Uint8Array | undefined;
  /** The offset of the second data line; -1: there is none. */
  let more = -1;
  /** The end of the last adjacent event without data and name; -1: there is none. */
  let quietEnd = -1;
  const closeQuiet = (): void => {
    if (quietEnd === -1) return;
    events.push({ start, end: quietEnd, name: '', data: EMPTY });
    start = quietEnd;
    quietEnd = -1;
  };
  const close = (end: number): void => {
    if (data === undefined && name === '') {
      quietEnd = end;
      return;
    }
    closeQuiet();
    if (more !== -1) data = joinData(block, { first: data ?? EMPTY, from: more, end });
    events.push({ start, end, name, data: data ?? EMPTY });
    start = end;
    name = '';
    data = undefined;
    more = -1;
  };
  while (pos < block.length) {
    if (data === undefined && name === '' && isLineEnd(block[pos])) {
      while (isLineEnd(block[pos])) pos += 1;
      close(pos);
      continue;
    }
    const { end, next } = nextLine(pos);
    if (end === pos) {
      close(next);
    } else if (startsField(block, pos, end, DATA)) {
      if (data === undefined) data = block.subarray(valueStart(block, pos + 4, end), end);
      else if (more === -1) more = pos;
    } else if (startsField(block, pos, end, EVENT)) {
      name = UTF8.decode(block.subarray(valueStart(block, pos + 5, end), end));
    }
    pos = next;
  }
  if (start < block.length) close(block.length);
  closeQuiet();
  return events;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

/**
 * The data of an event with several data lines, joined by LF: the first line, and the lines from an offset to the
 * event's end.
 */
function joinData(
  block: Uint8Array,
  { first, from, end: eventEnd }: { readonly first: Uint8Array; readonly from: number; readonly end: number },
): Uint8Array {
  const joined = new Uint8Array(first.length + eventEnd - from);
  joined.set(first);
  let size = first.length;
  const nextLine = createLineCursor(block);
  for (let pos = from; pos < eventEnd;) {
    const { end, next } = nextLine(pos);
    if (startsField(block, pos, end, DATA)) {
      joined[size] = LF;
      const start = valueStart(block, pos + 4, end);
      joined.set(block.subarray(start, end), size + 1);
      size += 1 + end - start;
    }
    pos = next;
  }
  return joined.subarray(0, size);
}

/**
 * The end of the last whole event in these bytes; 0 if there is none. A line ends in LF, CRLF or CR, and an empty line
 * ends an event. If the CR of that line is the last byte, an LF that may follow is left to the next event, which
 * ignores it as an empty line: waiting for it would delay a complete event.
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
    // lastIndexOf takes a negative start relative to the end.
    if (before < 0) return 0;
    if (feed > before) feed = bytes.lastIndexOf(LF, before);
    if (carriage > before) carriage = bytes.lastIndexOf(CR, before);
  }
}

/**
 * The end of an event whose last line is buffered, ending with the byte `lastHeld`, and whose blank line begins this
 * chunk.
 */
function endAcross(lastHeld: number | undefined, chunk: Uint8Array): number {
  if (lastHeld !== LF && lastHeld !== CR) return 0;
  if (chunk[0] === CR) return chunk[1] === LF ? 2 : 1;
  // An LF after a CR belongs to it.
  return chunk[0] === LF && lastHeld === LF ? 1 : 0;
}

interface Line {
  /** The end of the line's content. */
  readonly end: number;
  /** The start of the next line. */
  readonly next: number;
}

/** Finds lines in ascending order. Each byte is searched once, even if only CR or only LF occurs. */
function createLineCursor(block: Uint8Array): (pos: number) => Line {
  let feed = -1;
  let carriage = -1;
  return (pos) => {
    // A native search costs more than checking a few bytes, and empty lines and comments are short.
    const near = Math.min(pos + NEAR_BYTES, block.length);
    for (let end = pos; end < near; end++) {
      if (!isLineEnd(block[end])) continue;
      return { end, next: block[end] === CR && block[end + 1] === LF ? end + 2 : end + 1 };
    }
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

const NEAR_BYTES = 16;

function indexOrEnd(block: Uint8Array, byte: number, pos: number): number {
  const index = block.indexOf(byte, pos);
  return index === -1 ? block.length : index;
}

/** Whether the line is this field, with or without a value. */
function startsField(block: Uint8Array, pos: number, end: number, field: Uint8Array): boolean {
  const colon = pos + field.length;
  if (colon > end || (colon < end && block[colon] !== COLON)) return false;
  for (let index = 0; index < field.length; index++) {
    if (block[pos + index] !== field[index]) return false;
  }
  return true;
}

/** The offset after the colon at `pos` and one optional space. */
function valueStart(block: Uint8Array, pos: number, end: number): number {
  if (pos >= end) return end;
  return pos + 1 < end && block[pos + 1] === SPACE ? pos + 2 : pos + 1;
}

const UTF8 = new TextDecoder();
const EMPTY = new Uint8Array(0);
const DATA = new TextEncoder().encode('data');
const EVENT = new TextEncoder().encode('event');
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
