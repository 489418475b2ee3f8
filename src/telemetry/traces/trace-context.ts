import type { Fields } from '../../lib/http/fields.ts';
/** A position in a trace, as in the fields `traceparent` and `tracestate` of the W3C's Trace Context. */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** The vendors' data, unchanged; undefined: there is none. */
  readonly state: string | undefined;
}

/** The context that a client sent; undefined if there is none or it is invalid, in which case a new trace begins. */
export function readTraceContext(headers: Fields): TraceContext | undefined {
  const match = TRACEPARENT.exec(headers.get('traceparent') ?? '');
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) !== 0;
  return { traceId, spanId, isSampled, state: headers.get('tracestate') ?? undefined };
}

/** Later versions may append fields, and must be read as far as they are known. */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

const SAMPLED = 1;

/** The context as header fields. */
export function writeTraceContext({ traceId, spanId, isSampled, state }: TraceContext): [string, string][] {
  const traceparent = `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
  return state === undefined
    ? [['traceparent', traceparent]]
    : [
        ['traceparent', traceparent],
        ['tracestate', state],
      ];
}
