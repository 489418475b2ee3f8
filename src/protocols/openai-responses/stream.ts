import { scanObject, valueAt } from '../../lib/json/json-scan.ts';
import { saysSomething } from '../answer.ts';
import type { StreamSign } from '../protocol.ts';
import type { Reading } from '../stream.ts';
import { asObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';

/** What an event of the Responses API means. Most begin or end something; only deltas and tool calls say something. */
export function understandResponseEvent(value: JsonObject, event: string): Reading {
  const type = typeof value.type === 'string' ? value.type : event;
  const usage = asObject(value.response)?.usage ?? value.usage;
  if (SILENT_EVENTS.has(type)) return { sign: 'preamble', usage };
  switch (type) {
    case 'response.output_item.added':
      return { sign: signOfItem(asObject(value.item)?.type) };
    case 'response.output_item.done':
      // Reasoning without a summary is done without having said a word.
      return { sign: asObject(value.item)?.type === 'reasoning' ? 'preamble' : 'content' };
    case 'response.completed':
    case 'response.incomplete':
      return { sign: 'content', usage, done: true };
    case 'response.failed':
    case 'response.cancelled':
      return { sign: 'error', usage };
    default:
      if (!type.endsWith('.delta')) return { sign: 'content', usage };
      return { sign: saysSomething(value.delta) ? 'content' : 'preamble', usage };
  }
}

/**
 * What of an event is looked at, as an object. The last event repeats the whole answer, images included, so a long
 * event is not parsed as one: only its small members are. undefined: it is no object.
 */
export function digestResponseEvent(data: Uint8Array): JsonObject | undefined {
  const members = smallMembers(data, WANTED);
  const response = members?.response;
  if (members === undefined || !(response instanceof Uint8Array)) return members;
  return { ...members, response: smallMembers(response, ['usage', 'error', 'id', 'model']) };
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

/** These items announce text, which comes with their deltas; reasoning may be silent to its end. */
function signOfItem(type: unknown): StreamSign {
  if (type === 'reasoning') return 'thinking';
  return type === 'message' ? 'preamble' : 'content';
}

/** The wanted members by name, where `response` is left as its bytes. */
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
