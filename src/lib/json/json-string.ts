/**
 * The text of a string's span, quotes included; undefined if it contains anything that JSON or UTF-8 does not allow.
 */
export function stringAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (isPlain(bytes, start, end)) return Buffer.prototype.latin1Slice.call(bytes, start + 1, end - 1);
  try {
    const text: unknown = JSON.parse(UTF8.decode(bytes.subarray(start, end)));
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a span is a short ASCII string without escapes, as most names are. Such a string needs no parser. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES || end - start < 2) return false;
  if (bytes[start] !== QUOTE || bytes[end - 1] !== QUOTE) return false;
  for (let index = start + 1; index < end - 1; index++) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH || byte === QUOTE) return false;
  }
  return true;
}

const SHORT_BYTES = 128;

/** Rejects invalid UTF-8 and treats a byte order mark as an ordinary character. */
export const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
