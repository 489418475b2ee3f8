import type { Attributes, FinishedSpan } from './trace-span.ts';

/**
 * A batch of spans as OTLP wants it in JSON: `ExportTraceServiceRequest` of opentelemetry-proto, where numbers of 64 bits are
 * text. Each span is what `spanJson` made of it.
 */
export function traceRequest(
  spans: readonly string[],
  { resource, version }: { readonly resource: Attributes; readonly version: string },
): string {
  const resourceJson = JSON.stringify({ attributes: keyValues(resource) });
  const scope = JSON.stringify({ name: 'llm-proxy', version });
  return `{"resourceSpans":[{"resource":${resourceJson},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`;
}

/** One span of a batch. Text waits at less cost than the dozens of objects that it is made of. */
export function spanJson(span: FinishedSpan): string {
  return JSON.stringify(otlpSpan(span));
}

const KINDS = { server: 2, client: 3 } as const;

const OK = {};
const STATUS_ERROR = 2;

/** The trace's own flags are the lowest bits; these say whether the parent is somebody else's span. */
const LOCAL_PARENT = 0x101;
const REMOTE_PARENT = 0x301;

function otlpSpan(span: FinishedSpan): object {
  const { context, parent, kind, error } = span;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceState: context.state,
    parentSpanId: parent?.spanId,
    // Only the parent of a request's span is somebody else's.
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

/** Each value is in a field that is named after its type. */
function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}

/** Whole seconds and what is left of them: all in one is more than a number can hold. */
function nanoseconds(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000);
  const left = Math.floor((epochMs - seconds * 1000) * 1e6);
  // A leading one keeps the zeros behind it, at a third of what padding costs.
  return `${seconds}${String(BILLION + left).slice(1)}`;
}

const BILLION = 1_000_000_000;
