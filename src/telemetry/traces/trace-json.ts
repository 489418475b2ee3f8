import type { Attributes, FinishedSpan } from './trace-span.ts';

/**
 * A batch of spans in OTLP's JSON: `ExportTraceServiceRequest` of opentelemetry-proto, in which 64-bit numbers are
 * text. The spans come from `spanJson`.
 */
export function traceRequest(
  spans: readonly string[],
  { resource, version }: { readonly resource: Attributes; readonly version: string },
): string {
  const resourceJson = JSON.stringify({ attributes: keyValues(resource) });
  const scope = JSON.stringify({ name: 'llm-proxy', version });
  return `{"resourceSpans":[{"resource":${resourceJson},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`;
}

/** One span of a batch. Waiting as text costs less than as the dozens of objects behind it. */
export function spanJson(span: FinishedSpan): string {
  return JSON.stringify(otlpSpan(span));
}

const KINDS = { server: 2, client: 3 } as const;

const OK = {};
const STATUS_ERROR = 2;

/** The lowest bits are the trace's own flags; these say whether the parent is remote. */
const LOCAL_PARENT = 0x101;
const REMOTE_PARENT = 0x301;

function otlpSpan(span: FinishedSpan): object {
  const { context, parent, kind, error } = span;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: context.state,
    parentSpanId: parent?.spanId,
    // Only the parent of a request's span is remote.
    flags: parent !== undefined && kind === 'server' ? REMOTE_PARENT : LOCAL_PARENT,
    name: span.name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(span.startEpochMs),
    endTimeUnixNano: nanoseconds(span.endEpochMs),
    attributes: keyValues(span.attributes),
    status: error === undefined ? OK : { code: STATUS_ERROR, message: error },
  };
}

function keyValues(attributes: Attributes): object[] {
  const pairs: object[] = [];
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) pairs.push({ key, value: anyValue(value) });
  }
  return pairs;
}

/** Each value is in a field named after its type. */
function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}

/** Seconds and the rest separately, since nanoseconds since 1970 exceed the precision of a number. */
function nanoseconds(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000);
  const left = Math.floor((epochMs - seconds * 1000) * 1e6);
  // The leading digit preserves zeros, at a third of the cost of padding.
  return `${seconds}${String(BILLION + left).slice(1)}`;
}

const BILLION = 1_000_000_000;
