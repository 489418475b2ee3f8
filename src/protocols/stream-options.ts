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

/** Reads the request's usage option, and where to insert it. */
export function usagePeek(
  body: Uint8Array,
  scan: ObjectScan & { readonly kind: 'object' },
): { readonly includeUsage: IncludeUsage; readonly usageEdit: UsageEdit | undefined } {
  const given = scan.members.filter(isStreamOptions);
  const options = given[0];
  if (options === undefined) {
    const comma = scan.empty ? '' : ',';
    const text = `"stream_options":{"include_usage":true}${comma}`;
    return { includeUsage: 'absent', usageEdit: { start: scan.insertAt, end: scan.insertAt, text } };
  }
  if (given.length > 1 || options.key !== 'stream_options') return UNCLEAR;
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

const UNCLEAR = { includeUsage: 'unclear', usageEdit: undefined } as const;

function isStreamOptions({ key }: Member): boolean {
  return key === 'stream_options' || key.toLowerCase() === 'stream_options';
}

export function spanOf(member: { readonly valueStart: number; readonly valueEnd: number }): Span {
  return { start: member.valueStart, end: member.valueEnd };
}
