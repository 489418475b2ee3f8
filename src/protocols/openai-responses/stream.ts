import { markOf } from '../../lib/json/json-marks.ts';
import { lastValueOf, scanObject, valueAt } from '../../lib/json/json-scan.ts';
import { saysSomething } from '../answer.ts';
import type { StreamSign } from '../protocol.ts';
import type { Reading } from '../stream.ts';
import { asObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';

/**
 * Classifies an event of the Responses API. Most events only begin or end something; deltas and tool calls carry
 * content.
 */
export function understandResponseEvent(value: JsonObject, event: string): Reading {
  const type = typeof value.type === 'string' ? value.type : event;
  const response = asObject(value.response);
  const usage = response?.usage ?? value.usage;
  const tier = response?.service_tier;
  if (SILENT_EVENTS.has(type)) return { sign: 'preamble', usage, tier };
  switch (type) {
    case 'response.output_item.added':
      return { sign: signOfItem(asObject(value.item)?.type) };
    case 'response.output_item.done':
      // A reasoning item without a summary ends without content.
      return { sign: asObject(value.item)?.type === 'reasoning' ? 'preamble' : 'content' };
    case 'response.completed':
    case 'response.incomplete':
      return { sign: 'content', usage, tier, done: true };
    case 'response.failed':
    case 'response.cancelled':
      return { sign: 'error', usage, tier };
    default:
      if (!type.endsWith('.delta')) return { sign: 'content', usage };
      return { sign: saysSomething(value.delta) ? 'content' : 'preamble', usage };
  }
}

/**
 * Parses the members of an event that the gateway needs. The last event repeats the whole answer, including images,
 * so only its small members are parsed. Returns undefined if the data is not an object.
 */
export function digestResponseEvent(data: Uint8Array): JsonObject | undefined {
  const members = smallMembers(data, WANTED);
  const response = members?.response;
  if (members === undefined || !(response instanceof Uint8Array)) return members;
  return { ...members, response: smallMembers(response, ['usage', 'error', 'id', 'model', 'service_tier']) };
}

/** Classifies an event that is too large to be parsed, such as a last event with the probabilities of all tokens. */
export function glanceAtResponseEvent(data: Uint8Array, event: string): Reading {
  const usage = lastValueOf(data, USAGE);
  const service_tier = lastValueOf(data, SERVICE_TIER);
  return understandResponseEvent(
    { response: { usage, service_tier }, delta: 'long', type: typeIn(data) },
    event,
  );
}

const USAGE = markOf('"usage"');
const SERVICE_TIER = markOf('"service_tier"');

/** The type that an event names at its beginning. */
function typeIn(data: Uint8Array): string | undefined {
  const head = new TextDecoder().decode(data.subarray(0, 256));
  return /^\s*\{\s*"type"\s*:\s*"([\w.]+)"/.exec(head)?.[1];
}

const WANTED = ['type', 'error', 'code', 'message', 'param', 'usage', 'delta', 'item', 'response'];

const SILENT_EVENTS: ReadonlySet<string> = new Set([
  '',
  'ping',
  'keepalive',
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
]);

/** A message item announces text that arrives in deltas. A reasoning item may stay silent until its end. */
function signOfItem(type: unknown): StreamSign {
  if (type === 'reasoning') return 'thinking';
  return type === 'message' ? 'preamble' : 'content';
}

/** Returns the wanted members by name. `response` remains unparsed bytes. */
function smallMembers(data: Uint8Array, wanted: readonly string[]): JsonObject | undefined {
  const scan = scanObject(data, wanted);
  if (scan.kind !== 'object') return undefined;
  const members: Record<string, unknown> = {};
  for (const { key, type, valueStart, valueEnd } of scan.members) {
    const whole = key === 'response' && type === 'object';
    members[key] = whole ? data.subarray(valueStart, valueEnd) : valueAt(data, valueStart, valueEnd);
  }
  return members;
}
