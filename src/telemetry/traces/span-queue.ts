import type { TraceSettings } from './trace-settings.ts';

export interface SpanQueueOptions {
  readonly batch: TraceSettings['batch'];
  /** Sends one batch. Rejects on failure. */
  readonly send: (spans: readonly string[]) => Promise<void>;
  /** Called with the reason each time spans are lost. */
  readonly onLoss: (reason: string) => void;
}

/**
 * Queues spans as text and sends them in batches: full ones at once, others after a delay, one batch at a time. No
 * request waits for them, and what does not fit is dropped. The defaults are those of OpenTelemetry's batch processor.
 */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  readonly #most: number;
  readonly #batch: number;
  #waiting: string[] = [];
  #sending: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#most = options.batch.maxQueueSize ?? 2_048;
    this.#batch = Math.min(options.batch.maxExportBatchSize ?? 512, this.#most);
  }

  add(span: string): void {
    if (this.#waiting.length >= this.#most) {
      this.#options.onLoss('they come faster than they are taken');
      return;
    }
    this.#waiting.push(span);
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= this.#batch) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), this.#options.batch.scheduledDelayMillis ?? 5_000);
  }

  /** Sends all waiting spans. */
  async close(): Promise<void> {
    await this.#sending;
    while (this.#waiting.length > 0) await this.#sendOne();
    clearTimeout(this.#timer);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending = this.#sendFull().finally(() => {
      this.#sending = undefined;
      const [span] = this.#waiting.splice(-1);
      // Adds the last span again, which schedules all that wait.
      if (span !== undefined) this.add(span);
    });
  }

  /** Sends the waiting spans, and then every batch that has filled meanwhile. */
  async #sendFull(): Promise<void> {
    do await this.#sendOne();
    while (this.#waiting.length >= this.#batch);
  }

  async #sendOne(): Promise<void> {
    const spans = this.#waiting.splice(0, this.#batch);
    try {
      await within(this.#options.send(spans), this.#options.batch.exportTimeoutMillis ?? 30_000);
    } catch (error) {
      this.#options.onLoss(reasonOf(error));
    }
  }
}

function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Includes the status of a refusal. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'number' ? `${error.code} ${error.message}` : error.message;
}
