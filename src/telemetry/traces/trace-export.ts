import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { SpanQueue } from './span-queue.ts';
import { spanJson, traceRequest } from './trace-json.ts';
import type { TraceSettings } from './trace-settings.ts';
import type { Attributes, FinishedSpan } from './trace-span.ts';

/** Sends spans away in batches, and drops what does not fit into its queue. */
export interface SpanExport {
  readonly add: (span: FinishedSpan) => void;
  /** Sends what is left, then takes no more. */
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
 * traced. They read `OTEL_EXPORTER_OTLP_HEADERS` and the like and those that describe the service, send, and try again
 * where the receiver asks for it.
 */
export function openSpanExport({ settings, version, onFailure }: SpanExportOptions): SpanExport {
  const origin = { resource: resourceOf(version), version };
  const delegate = createOtlpHttpExportDelegate(
    convertLegacyHttpOptions({ url: settings.url }, 'TRACES', 'v1/traces', {
      'Content-Type': 'application/json',
    }),
    {
      serializeRequest: (spans: readonly string[]) => UTF8.encode(traceRequest(spans, origin)),
      // What was refused in part is not told apart from what was taken.
      deserializeResponse: () => ({}),
    },
    'otlp_http_json_span_exporter',
    { name: 'span', countItems: (spans) => spans.length },
    undefined,
  );
  const send = (spans: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      delegate.export(spans, ({ error }) => (error === undefined ? resolve() : reject(error)));
    });
  const queue = new SpanQueue({ batch: settings.batch, send, onLoss: onFailure });
  return {
    add: (span) => queue.add(spanJson(span)),
    close: async () => {
      await queue.close();
      await delegate.shutdown();
    },
  };
}

const UTF8 = new TextEncoder();

/** Who it is that sends, as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, and by default the program. */
function resourceOf(version: string): Attributes {
  const { attributes } = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'llm-proxy', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const known: Record<string, Attributes[string]> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    known[name] = typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
  }
  return known;
}
