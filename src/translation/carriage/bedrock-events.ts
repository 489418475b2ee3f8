import { errorOfException } from '../errors.ts';
import type { HubError } from '../hub-error.ts';
import { asObject, asString, parsed } from '../json.ts';
import type { Frame } from './event-stream.ts';

/** The content of a frame of InvokeModelWithResponseStream. */
export type CarriedEvent =
  /** One event of the Messages API: its name and its JSON. */
  | { readonly kind: 'event'; readonly name: string; readonly data: Uint8Array }
  /** A frame without content for the client. */
  | { readonly kind: 'nothing' }
  /** A frame that contains no event of the Messages API. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'error'; readonly error: HubError };

/** Extracts the event from a frame `{"bytes": base64}`. Never throws. */
export function carriedEvent(frame: Frame): CarriedEvent {
  const payload = asObject(parsed(TEXT.decode(frame.payload)));
  if (frame.type !== 'event') return { kind: 'error', error: errorOfException(frame.name, payload ?? {}) };
  if (frame.name !== 'chunk') return { kind: 'nothing' };
  const data = bytesOf(asString(payload?.['bytes']));
  const name = data === undefined ? undefined : asString(asObject(parsed(TEXT.decode(data)))?.['type']);
  if (data === undefined || name === undefined) return { kind: 'unreadable' };
  return { kind: 'event', name, data };
}

/** The event in server-sent form: `event: NAME`, then one `data:` line for each line of the JSON. */
export function eventText(name: string, data: Uint8Array): Uint8Array {
  const text = TEXT.decode(data);
  const lines =
    text.includes('\n') || text.includes('\r') ? text.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : text;
  return UTF8.encode(`event: ${name.replaceAll(/[\r\n]/g, ' ')}\ndata: ${lines}\n\n`);
}

/** The count in an answer of Bedrock's CountTokens; undefined if there is none. */
export function bedrockCountOf(text: string): number | undefined {
  const count = asObject(parsed(text))?.['inputTokens'];
  return typeof count === 'number' ? count : undefined;
}

function bytesOf(base64: string | undefined): Uint8Array | undefined {
  try {
    return base64 === undefined ? undefined : Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

const TEXT = new TextDecoder();
const UTF8 = new TextEncoder();
