import type { Fields } from '../../lib/http/fields.ts';
import { decodeBody } from '../../lib/http/content-coding.ts';
import { ByteHold } from '../../lib/byte-buffer.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';

/** Usage follows the content, so the end of a large answer is enough. */
const TAIL_BYTES = 64 * 1024;

/** A compressed answer must be decoded from its beginning. Above this size its usage is not read. */
const MAX_CODED_BYTES = 1024 * 1024;

/** Maximum decoded size when looking for usage. */
const MAX_DECODED_BYTES = 8 * 1024 * 1024;

/** Observes a JSON answer on its way to the client, and finds the usage at its end. */
export interface UsageTap {
  readonly push: (chunk: Uint8Array) => void;
  /** Returns the reported usage. Call it after the end of the answer. */
  readonly usage: () => Usage | undefined;
}

/** Returns undefined if usage cannot be read from this kind of answer. */
export function createUsageTap(headers: Fields): UsageTap | undefined {
  if (!/^\s*application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  return coding === '' || coding === 'identity' ? plainTap() : codedTap(coding);
}

function plainTap(): UsageTap {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  /** The preceding bytes, as far as they are needed. */
  let before: Uint8Array | undefined;
  return {
    push(chunk) {
      // Copy, so that the chunk's memory is freed once it has been sent.
      parts.push(new Uint8Array(chunk.subarray(Math.max(0, chunk.byteLength - TAIL_BYTES))));
      bytes += chunk.byteLength;
      if (bytes <= TAIL_BYTES) return;
      before = Buffer.concat(parts);
      parts = [];
      bytes = 0;
    },
    usage() {
      const tail = Buffer.concat(before === undefined ? parts : [before, ...parts]);
      return before === undefined ? usageInWhole(tail) : usageAtEnd(tail);
    },
  };
}

/** Gemini streams a list of chunks as JSON, the last of which has the usage of all. */
function usageInWhole(bytes: Uint8Array): Usage | undefined {
  return usageInBytes(bytes) ?? (isList(bytes) ? usageAtEnd(bytes) : undefined);
}

function isList(bytes: Uint8Array): boolean {
  return /^\s*\[/.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));
}

/** Reads the last member whose key is, or begins with, `usage` as an object of its own. */
function usageAtEnd(tail: Uint8Array): Usage | undefined {
  const buffer = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const at = Math.max(buffer.lastIndexOf('"usage"'), buffer.lastIndexOf('"usageMetadata"'));
  if (at === -1) return undefined;
  const end = endOfValue(buffer, at);
  return usageInBytes(Buffer.concat([OPENING_BRACE, buffer.subarray(at, end), CLOSING_BRACE]));
}

/** Finds the end of the object that begins after a key. A report contains no braces in strings. */
function endOfValue(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === 0x7b) depth++;
    else if (bytes[at] === 0x7d && --depth === 0) return at + 1;
  }
  return bytes.length;
}

const OPENING_BRACE = Buffer.from('{');
const CLOSING_BRACE = Buffer.from('}');

function codedTap(coding: string): UsageTap {
  const hold = new ByteHold();
  let isGivenUp = false;
  return {
    push(chunk) {
      if (isGivenUp) return;
      isGivenUp = hold.length + chunk.byteLength > MAX_CODED_BYTES;
      if (isGivenUp) hold.take(new Uint8Array(0));
      else hold.add(new Uint8Array(chunk));
    },
    usage() {
      const decoded = isGivenUp
        ? 'too-large'
        : decodeBody(hold.take(new Uint8Array(0)), coding, MAX_DECODED_BYTES);
      return typeof decoded === 'string' ? undefined : usageInWhole(decoded);
    },
  };
}
