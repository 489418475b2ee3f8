import type { Clock } from '../../gateway/ports.ts';
import { createTracer, type Tracer } from './trace.ts';
import type { SpanExport } from './trace-export.ts';
import { readTraceSettings, type TraceSettings } from './trace-settings.ts';
import type { FinishedSpan } from './trace-span.ts';

/** The traces of a running gateway. */
export interface OpenTracing extends Tracer {
  /** Sends the remaining spans; resolves when they are sent, or when the receiver takes too long. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface TracingOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly version: string;
  /** Reports invalid settings, and lost spans at most once a minute. */
  readonly complain: (text: string) => void;
}

/** Opens traces according to OpenTelemetry's environment variables; undefined, with nothing loaded, if they are off. */
export function openTracing({ env, clock, version, complain }: TracingOptions): OpenTracing | undefined {
  const { settings, problems } = readTraceSettings(env);
  problems.forEach(complain);
  if (settings === undefined) return undefined;
  const onFailure = onceAMinute(clock, (reason) => complain(`traces cannot be sent: ${reason}`));
  const spans = new LazyExport(settings, async () => {
    const { openSpanExport } = await import('./trace-export.ts');
    return openSpanExport({ settings, version, onFailure });
  });
  const tracer = createTracer({ clock, sampler: settings.sampler, onSpan: (span) => spans.add(span) });
  return {
    ...tracer,
    async close() {
      const waiting = new AbortController();
      const closed = spans.close().catch((error: unknown) => onFailure(String(error)));
      await Promise.race([closed, clock.sleep(LAST_SPANS_MS, waiting.signal)]);
      waiting.abort();
    },
  };
}

/** A receiver that does not answer must not delay the end of the program. */
const LAST_SPANS_MS = 3_000;

/** The SDK's default size of the queue. */
const DEFAULT_QUEUE_SPANS = 2_048;

/** Holds spans until the exporter is loaded. Nothing waits for that, so the gateway listens at once. */
class LazyExport {
  readonly #early: FinishedSpan[] = [];
  readonly #mostEarly: number;
  readonly #loading: Promise<SpanExport>;
  #loaded: SpanExport | undefined;

  constructor({ batch }: TraceSettings, load: () => Promise<SpanExport>) {
    this.#mostEarly = batch.maxQueueSize ?? DEFAULT_QUEUE_SPANS;
    this.#loading = load().then((loaded) => {
      this.#loaded = loaded;
      for (const span of this.#early.splice(0)) loaded.add(span);
      return loaded;
    });
    // `close` reports the failure.
    this.#loading.catch(() => undefined);
  }

  add(span: FinishedSpan): void {
    if (this.#loaded !== undefined) this.#loaded.add(span);
    else if (this.#early.length < this.#mostEarly) this.#early.push(span);
  }

  async close(): Promise<void> {
    const loaded = await this.#loading;
    await loaded.close();
  }
}

const MINUTE_MS = 60_000;

function onceAMinute({ nowMs }: Clock, act: (reason: string) => void): (reason: string) => void {
  let actedAtMs = -Infinity;
  return (reason) => {
    if (nowMs() - actedAtMs < MINUTE_MS) return;
    actedAtMs = nowMs();
    act(reason);
  };
}
