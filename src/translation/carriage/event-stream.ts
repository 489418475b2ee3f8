/**
 * Frames of `application/vnd.amazon.eventstream`
 * (https://smithy.io/2.0/aws/amazon-eventstream.html): total length, headers length, CRC of both, headers, payload, CRC of all. Numbers
 * are big-endian.
 */

/** One message of an event stream. */
export interface Frame {
  /** `:message-type`: `event`, or `exception` or `error` for a failure. */
  readonly type: string;
  /** `:event-type` of an event, `:exception-type` of an exception, `:error-code` of an error. */
  readonly name: string;
  readonly payload: Uint8Array;
}

/** Splits bytes, cut anywhere, into whole frames. Returns `broken` from the first invalid byte on. */
export interface FrameReader {
  readonly push: (bytes: Uint8Array) => readonly Frame[] | 'broken';
  /** Whether a frame is incomplete. */
  readonly isInside: () => boolean;
}

/** Longer frames break the stream. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const MIN_FRAME_BYTES = PRELUDE_BYTES + CRC_BYTES;

/** The header type of strings, the only type that Bedrock sends. */
const STRING_TYPE = 7;

export function createFrameReader(): FrameReader {
  let pieces: Uint8Array[] = [];
  let held = 0;
  /** The number of bytes needed to complete the prelude or the frame. */
  let wanted = PRELUDE_BYTES;
  let isBroken = false;

  function take(): readonly Frame[] | 'broken' {
    const frames: Frame[] = [];
    while (held >= wanted) {
      let bytes = joined(pieces, held);
      pieces = [bytes];
      const length = frameLength(bytes);
      if (length === undefined) return 'broken';
      wanted = length;
      if (held < wanted) break;
      const frame = frameOf(bytes.subarray(0, length));
      if (frame === undefined) return 'broken';
      frames.push(frame);
      bytes = bytes.subarray(length);
      pieces = bytes.length === 0 ? [] : [bytes];
      held = bytes.length;
      wanted = PRELUDE_BYTES;
    }
    return frames;
  }

  return {
    push(bytes) {
      if (isBroken) return 'broken';
      if (bytes.length > 0) pieces.push(bytes);
      held += bytes.length;
      const frames = take();
      isBroken = frames === 'broken';
      return frames;
    },
    isInside: () => held > 0,
  };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] ?? new Uint8Array();
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The length of the frame that starts here; undefined if its prelude is invalid. */
function frameLength(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  const length = view.getUint32(0);
  const headers = view.getUint32(4);
  if (view.getUint32(8) !== crc32(bytes.subarray(0, 8))) return undefined;
  if (length < MIN_FRAME_BYTES + headers || length > MAX_FRAME_BYTES) return undefined;
  return length;
}

function frameOf(bytes: Uint8Array): Frame | undefined {
  const view = viewOf(bytes);
  const end = bytes.length - CRC_BYTES;
  if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) return undefined;
  const payloadStart = PRELUDE_BYTES + view.getUint32(4);
  const fields = stringHeaders(bytes.subarray(PRELUDE_BYTES, payloadStart));
  if (fields === undefined) return undefined;
  const type = fields.get(':message-type') ?? 'event';
  const name = fields.get(':event-type') ?? fields.get(':exception-type') ?? fields.get(':error-code') ?? '';
  return { type, name, payload: bytes.subarray(payloadStart, end) };
}

/** The headers with string values; undefined if the headers are malformed. */
function stringHeaders(bytes: Uint8Array): Map<string, string> | undefined {
  const view = viewOf(bytes);
  const fields = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    if (nameEnd >= bytes.length) return undefined;
    const name = text(bytes.subarray(at + 1, nameEnd));
    const type = bytes[nameEnd] ?? 0;
    const start = nameEnd + 1;
    const size = valueSize(type, view, start);
    if (size === undefined || start + size > bytes.length) return undefined;
    if (type === STRING_TYPE) fields.set(name, text(bytes.subarray(start + 2, start + size)));
    at = start + size;
  }
  return fields;
}

/**
 * The size of a header value in bytes, including its own length field, by type: booleans, integers, bytes, strings,
 * timestamps, UUIDs.
 */
function valueSize(type: number, view: DataView, at: number): number | undefined {
  if (type === 6 || type === STRING_TYPE) {
    return at + 2 > view.byteLength ? undefined : 2 + view.getUint16(at);
  }
  return [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16][type];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** CRC-32 of IEEE 802.3, four bytes at a time. */
function crc32(bytes: Uint8Array): number {
  const { length } = bytes;
  let crc = 0xffffffff;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const first = (crc ^ (bytes[at] ?? 0)) & 0xff;
    const second = ((crc >>> 8) ^ (bytes[at + 1] ?? 0)) & 0xff;
    const third = ((crc >>> 16) ^ (bytes[at + 2] ?? 0)) & 0xff;
    const fourth = ((crc >>> 24) ^ (bytes[at + 3] ?? 0)) & 0xff;
    crc =
      (TABLE[768 + first] ?? 0) ^
      (TABLE[512 + second] ?? 0) ^
      (TABLE[256 + third] ?? 0) ^
      (TABLE[fourth] ?? 0);
  }
  for (; at < length; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The remainders of a byte that is followed by none, one, two and three bytes of zeros. */
const TABLE = new Int32Array(1024);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  TABLE[byte] = value;
}
for (let at = 256; at < 1024; at++) {
  const before = TABLE[at - 256] ?? 0;
  TABLE[at] = (TABLE[before & 0xff] ?? 0) ^ (before >>> 8);
}
