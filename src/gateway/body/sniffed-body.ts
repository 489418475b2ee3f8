import { copyOfFields } from '../../lib/http/fields.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import { readChunk } from './body-reader.ts';
import type { ByteSource } from '../ports.ts';
import type { Reply } from '../classification.ts';

/** An empty body. */
export const NOTHING: ByteSource = {
  read: () => Promise.resolve({ done: true }),
  pipe: () => Promise.resolve('end'),
  cancel: () => Promise.resolve(),
};

/** Returns a source that yields `first` again before the rest. */
export function prefixed(first: Uint8Array, rest: ByteSource): ByteSource {
  let isNext = true;
  return {
    read() {
      if (!isNext) return rest.read();
      isNext = false;
      return Promise.resolve({ done: false, value: first });
    },
    async pipe(take, takeFramed) {
      if (isNext) {
        isNext = false;
        const taken = take(first);
        if (taken === 'stop') return 'stop';
        if (taken !== undefined) await taken;
      }
      return rest.pipe(take, takeFramed);
    },
    cancel: () => rest.cancel(),
  };
}

/** Fewer visible bytes cannot identify the first field of an event. */
const TELLING_BYTES = 6;

/**
 * Determines by the first line whether a body that is not declared as an event stream is one, or may be a JSON list.
 * Returns the reply to continue with; `isEvents` comes with a corrected content type.
 */
export async function sniffEvents(
  reply: Reply,
  timeouts: AttemptTimeouts,
): Promise<{ readonly isEvents: boolean; readonly isList: boolean; readonly reply: Reply }> {
  const source = reply.body ?? NOTHING;
  let first: Uint8Array = new Uint8Array(0);
  let start = 0;
  while (first.byteLength - start < TELLING_BYTES) {
    const chunk = await readChunk(source, timeouts);
    if (typeof chunk === 'string') {
      const body = chunk === 'broken' ? failing(first) : prefixed(first, NOTHING);
      return { isEvents: false, isList: first[start] === OPENING_BRACKET, reply: { ...reply, body } };
    }
    first = first.byteLength === 0 ? chunk : Buffer.concat([first, chunk]);
    start = visibleStart(first);
  }
  const body = prefixed(first, source);
  if (!EVENT_LINE.test(String.fromCharCode(...first.subarray(start, start + TELLING_BYTES)))) {
    return { isEvents: false, isList: first[start] === OPENING_BRACKET, reply: { ...reply, body } };
  }
  const headers = copyOfFields(reply.headers);
  headers.set('content-type', 'text/event-stream');
  return { isEvents: true, isList: false, reply: { ...reply, headers, body } };
}

const EVENT_LINE = /^(?:data:|event:|retry:|id:|:)/;

/** Returns the offset of the first byte that is neither white space nor a byte order mark. */
function visibleStart(bytes: Uint8Array): number {
  const at = bytes.findIndex((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  return at === -1 ? bytes.byteLength : at;
}

/** Returns a body that breaks off after these bytes. */
function failing(first: Uint8Array): ByteSource {
  return prefixed(first, {
    read: () => Promise.reject(new Error('the body broke off')),
    pipe: () => Promise.resolve('broken'),
    cancel: () => Promise.resolve(),
  });
}

/** Whether a body that is declared as an event stream is JSON or HTML instead. */
export function isOtherText(bytes: Uint8Array): boolean {
  const first = bytes[visibleStart(bytes)];
  return first === OPENING_BRACE || first === LESS_THAN;
}

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const LESS_THAN = 0x3c;
