import { createTraceState, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { TraceContext } from './trace-context.ts';
import type { TraceSettings } from './trace-settings.ts';
import type { FinishedSpan } from './trace-span.ts';

/** Sends spans away in batches, and drops what does not fit into its queue. */
export interface SpanExport {
  readonly add: (span: FinishedSpan) => void;
  /** Sends what is left, then takes no more. Rejects where that failed. */
  readonly close: () => Promise<void>;
}

export interface SpanExportOptions {
  readonly settings: TraceSettings;
  readonly version: string;
  /** Told each time that spans could not be sent, and why. */
  readonly onFailure: (reason: string) => void;
}

/**
 * OTLP over HTTP. This module alone loads OpenTelemetry's packages, so that it is imported only where something is
 * traced. The packages read `OTEL_EXPORTER_OTLP_HEADERS` and the like, and those that describe the service.
 */
export function openSpanExport({ settings, version, onFailure }: SpanExportOptions): SpanExport {
  const exporter = reporting(new OTLPTraceExporter({ url: settings.url }), onFailure);
  const processor = new BatchSpanProcessor({ ...settings.batch, exporter });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'llm-proxy', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  return {
    add: (span) => processor.onEnd(readable(span, resource, version)),
    close: () => processor.shutdown(),
  };
}

/** The processor keeps failures to itself. */
function reporting(exporter: SpanExporter, onFailure: (reason: string) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onFailure(reasonOf(result.error));
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

/** With the status of an answer that was a refusal. */
function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'number' ? `${error.code} ${error.message}` : error.message;
}

function readable(span: FinishedSpan, resource: Resource, version: string): ReadableSpan {
  const context = spanContext(span.context, false);
  return {
    name: span.name,
    kind: span.kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT,
    spanContext: () => context,
    // Only the parent of a request's span is somebody else's.
    ...(span.parent && { parentSpanContext: spanContext(span.parent, span.kind === 'server') }),
    startTime: hrTime(span.startEpochMs),
    endTime: hrTime(span.endEpochMs),
    duration: hrTime(span.endEpochMs - span.startEpochMs),
    status:
      span.error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'llm-proxy', version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function spanContext({ traceId, spanId, isSampled, state }: TraceContext, isRemote: boolean): SpanContext {
  return {
    traceId,
    spanId,
    isRemote,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
}

/** Whole seconds, and the nanoseconds that are left. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}
