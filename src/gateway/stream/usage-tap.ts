import { decodeBody } from '../../lib/http/content-coding.ts';
import { createByteHold } from '../../lib/byte-buffer.ts';
import type { Usage } from '../../protocols/protocol.ts';
import { usageInBytes } from '../../protocols/usage.ts';

/** Usage stands behind what was made, so that the end of a large answer is enough. */
const TAIL_BYTES = 64 * 1024;

/** A coded answer can only be read from its beginning; beyond this its usage is given up. */
const MAX_CODED_BYTES = 1024 * 1024;

/** More than this is not decoded to find some numbers. */
const MAX_DECODED_BYTES = 8 * 1024 * 1024;

/** Looks at the bytes of a JSON answer on their way to the client, and finds the usage at its end. */
export interface UsageTap {
  readonly push: (chunk: Uint8Array) => void;
  /** What the answer reports, once it is at its end. */
  readonly usage: () => Usage | undefined;
}

/** undefined: the answer is nothing that usage could be read of. */
export function createUsageTap(headers: Headers): UsageTap | undefined {
  if (!/^\s*application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  return coding === '' || coding === 'identity' ? plainTap() : codedTap(coding);
}

function plainTap(): UsageTap {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  /** What came before the parts, as far as it is needed. */
  let before: Uint8Array | undefined;
  return {
    push(chunk) {
      // A copy: the chunk's own memory is given back as soon as it has gone to the client.
      parts.push(chunk.slice(-TAIL_BYTES));
      bytes += chunk.byteLength;
      if (bytes <= TAIL_BYTES) return;
      before = Buffer.concat(parts);
      parts = [];
      bytes = 0;
    },
    usage() {
      const tail = Buffer.concat(before === undefined ? parts : [before, ...parts]);
      return usageInBytes(before === undefined ? tail : endOfObject(tail));
    },
  };
}

/** The last members of an object as one of their own: from the key `usage` on. */
function endOfObject(tail: Uint8Array): Uint8Array {
  const at = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).lastIndexOf('"usage"');
  return at === -1 ? new Uint8Array(0) : Buffer.concat([OPENING_BRACE, tail.subarray(at)]);
}

const OPENING_BRACE = Buffer.from('{');

function codedTap(coding: string): UsageTap {
  const hold = createByteHold();
  let isGivenUp = false;
  return {
    push(chunk) {
      if (isGivenUp) return;
      isGivenUp = hold.length() + chunk.byteLength > MAX_CODED_BYTES;
      if (isGivenUp) hold.take(new Uint8Array(0));
      else hold.add(chunk.slice());
    },
    usage() {
      const decoded = isGivenUp
        ? 'too-large'
        : decodeBody(hold.take(new Uint8Array(0)), coding, MAX_DECODED_BYTES);
      return typeof decoded === 'string' ? undefined : usageInBytes(decoded);
    },
  };
}
