import { asObject, type JsonObject } from '../json-object.ts';
import type { Usage } from '../protocol.ts';
import { usageFrom, withTier } from '../usage.ts';

/** A provider's event, as far as accounting for responses needs it. */
export type ProviderEvent =
  | { readonly kind: 'created'; readonly id: string }
  | {
      readonly kind: 'ended';
      readonly id: string;
      readonly usage: Usage | undefined;
      readonly isFailed: boolean;
    }
  /** An error outside any response. `status` is the equivalent HTTP status, if the provider reports it. */
  | { readonly kind: 'error'; readonly status: number | undefined }
  | { readonly kind: 'other' };

const OTHER: ProviderEvent = { kind: 'other' };

/**
 * The event types that are examined. Realtime ends a response with `response.done`, the Responses API with the
 * others.
 */
const CREATED = 'response.created';
const ENDS: ReadonlySet<string> = new Set([
  'response.done',
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);
const WANTED = [CREATED, ...ENDS, 'error'].map((type) => `"${type}"`);

/** Maximum length of a response's id. */
const LONGEST_ID = 512;

/** `type` comes first in nearly all events. Most events are deltas, which need no parsing. */
const HEAD_CHARS = 160;
const DELTA =
  /^\s{0,8}\{\s{0,8}(?:"event_id"\s{0,8}:\s{0,8}"[^"\\]{0,80}"\s{0,8},\s{0,8})?"type"\s{0,8}:\s{0,8}"[^"\\]{1,80}\.delta"/;

/** Reads an event. Parses only errors and events that begin or end a response. */
export function readProviderEvent(text: string): ProviderEvent {
  if (DELTA.test(text.slice(0, HEAD_CHARS)) || !WANTED.some((word) => text.includes(word))) return OTHER;
  const event = parsed(text);
  const type = event?.type;
  if (event === undefined || typeof type !== 'string') return OTHER;
  if (type === 'error') {
    const status = event.status ?? event['status_code'];
    return { kind: 'error', status: typeof status === 'number' ? status : undefined };
  }
  const { id, usage, service_tier: tier, status }: JsonObject = asObject(event.response) ?? {};
  if (typeof id !== 'string' || id.length > LONGEST_ID) return OTHER;
  if (type === CREATED) return { kind: 'created', id };
  if (!ENDS.has(type)) return OTHER;
  return { kind: 'ended', id, usage: withTier(usageFrom(usage), tier), isFailed: status === 'failed' };
}

function parsed(text: string): ReturnType<typeof asObject> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
