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

/** Sends spans in batches, and drops those that do not fit into its queue. */
export interface SpanExport {
  readonly add: (span: FinishedSpan) => void;
  /** Sends the remaining spans, then accepts no more. */
  readonly close: () => Promise<void>;
}

export interface SpanExportOptions {
  readonly settings: TraceSettings;
  readonly version: string;
  /** Called with the reason each time spans could not be sent. */
  readonly onFailure: (reason: string) => void;
}

/**
 * OTLP over HTTP. Only this module loads OpenTelemetry's packages, so it is imported only when traces are on. The
 * packages read `OTEL_EXPORTER_OTLP_HEADERS` and the like and the variables that describe the service, send the spans,
 * and retry when the receiver asks for it.
 */
export function openSpanExport({ settings, version, onFailure }: SpanExportOptions): SpanExport {
  const origin = { resource: resourceOf(version), version };
  const delegate = createOtlpHttpExportDelegate(
    convertLegacyHttpOptions({ url: settings.url }, 'TRACES', 'v1/traces', {
      'Content-Type': 'application/json',
    }),
    {
      serializeRequest: (spans: readonly string[]) => UTF8.encode(traceRequest(spans, origin)),
      // Partial success counts as success.
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

/** The sender's identity from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, by default the program's. */
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
