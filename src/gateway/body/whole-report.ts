import type { Fields } from '../../lib/http/fields.ts';
import { decodeLargeBody } from '../../lib/http/content-coding.ts';
import { valueAt } from '../../lib/json/json-scan.ts';
import { asObject } from '../../protocols/json-object.ts';
import { type ReportedError, reportedError } from '../../protocols/reported-error.ts';

/** Maximum size of an error that stands in place of an answer, also decoded. */
export const MOST_REPORT_BYTES = 64 * 1024;

/** Whether an answer of an API that the gateway does not know may be an error, by its type. */
export function mayBeReport(headers: Fields): boolean {
  return /^application\/(?:[\w.-]{1,64}\+)?json\b/i.test(headers.get('content-type') ?? '');
}

/** Whether a body that begins with these bytes may be an object that describes an error. */
export function beginsLikeReport(bytes: Uint8Array): boolean {
  return BEGINNING.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)));
}

/**
 * Returns the error of a whole answer that is nothing else. An answer may have an error among other members, such as that
 * of a job that failed.
 */
export async function reportInstead(
  bytes: Uint8Array,
  coding: string | null,
): Promise<ReportedError | undefined> {
  const decoded = await decodeLargeBody(bytes, coding, MOST_REPORT_BYTES);
  if (typeof decoded === 'string' || !beginsLikeReport(decoded)) return undefined;
  const value = asObject(valueAt(decoded, 0, decoded.byteLength));
  if (value === undefined || !Object.keys(value).every((name) => REPORT_MEMBERS.has(name))) return undefined;
  return reportedError(value);
}

/** The error, and members that only describe it further. */
const REPORT_MEMBERS: ReadonlySet<string> = new Set([
  'code',
  'detail',
  'details',
  'error',
  'event_id',
  'message',
  'object',
  'param',
  'request_id',
  'status',
  'status_code',
  'success',
  'trace_id',
  'type',
  'user_id',
]);

const BEGINNING = new RegExp(`^\\s{0,8}\\{\\s{0,8}"(?:${[...REPORT_MEMBERS].join('|')})"`);
