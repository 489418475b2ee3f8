import { scanObject } from '../lib/json/json-scan.ts';
import type { Member, ObjectScan } from '../lib/json/json-scan.ts';

/**
 * The client's setting of `stream_options.include_usage`. `asked` and `declined` are explicit and remain unchanged.
 * `absent`: the gateway may add it. `unclear`: it occurs twice or is not an object, and the provider has to judge it.
 */
export type IncludeUsage = 'asked' | 'declined' | 'absent' | 'unclear';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface UsageEdit extends Span {
  readonly text: string;
}

/** A request's usage option, and the edit that sets it; undefined if the body must not be edited. */
interface UsagePeek {
  readonly includeUsage: IncludeUsage;
  readonly usageEdit: UsageEdit | undefined;
}

/**
 * Reads the request's usage option, and where to insert it. Providers reject the option in a request that does not
 * stream.
 */
export function usagePeek(
  body: Uint8Array,
  scan: ObjectScan & { readonly kind: 'object' },
  isStream: boolean,
): UsagePeek {
  const peek = optionPeek(body, scan, isStream);
  return isStream || peek.usageEdit === undefined ? peek : { ...peek, usageEdit: undefined };
}

function optionPeek(
  body: Uint8Array,
  scan: ObjectScan & { readonly kind: 'object' },
  isStream: boolean,
): UsagePeek {
  const options = scan.members.find(isStreamOptions);
  if (options === undefined) {
    if (!isStream) return ABSENT;
    const comma = scan.empty ? '' : ',';
    const text = `"stream_options":{"include_usage":true}${comma}`;
    return { includeUsage: 'absent', usageEdit: { start: scan.insertAt, end: scan.insertAt, text } };
  }
  if (scan.members.filter(isStreamOptions).length > 1 || options.key !== 'stream_options') return UNCLEAR;
  if (options.type === 'null') {
    return { includeUsage: 'absent', usageEdit: { ...spanOf(options), text: '{"include_usage":true}' } };
  }
  if (options.type !== 'object' || options.valueEnd - options.valueStart > MAX_OPTIONS_BYTES) return UNCLEAR;
  const inner = scanObject(body.subarray(options.valueStart, options.valueEnd), ['include_usage']);
  if (inner.kind !== 'object' || inner.members.length > 1) return UNCLEAR;
  const word = inner.members[0];
  if (word === undefined) {
    const start = options.valueStart + inner.insertAt;
    const text = `"include_usage":true${inner.empty ? '' : ','}`;
    return { includeUsage: 'absent', usageEdit: { start, end: start, text } };
  }
  return { includeUsage: word.type === 'true' ? 'asked' : 'declined', usageEdit: undefined };
}

/** Options larger than this are not examined. */
const MAX_OPTIONS_BYTES = 16_384;

const ABSENT = { includeUsage: 'absent', usageEdit: undefined } as const;
const UNCLEAR = { includeUsage: 'unclear', usageEdit: undefined } as const;

function isStreamOptions({ key }: Member): boolean {
  return key === 'stream_options' || key.toLowerCase() === 'stream_options';
}

export function spanOf(member: { readonly valueStart: number; readonly valueEnd: number }): Span {
  return { start: member.valueStart, end: member.valueEnd };
}
