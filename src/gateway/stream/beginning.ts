import type { ReportedError } from '../../protocols/reported-error.ts';
import type { Outcome } from '../../routing/outcome.ts';
import { readChunk } from '../body/body-reader.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource, Clock } from '../ports.ts';
import type { ReplyContext } from '../classification.ts';

/** The result of a read: a chunk, an orderly end of the bytes, or a failure. */
export type Chunk = Uint8Array | 'end' | 'broken';

/** How holding a stream ended: it may be sent to the client, it reported an error, or it failed. */
export type Held =
  | { readonly kind: 'committed' }
  | { readonly kind: 'error'; readonly report: ReportedError; readonly events: Uint8Array }
  | { readonly kind: 'no-events'; readonly body: ByteSource }
  | Outcome;

/**
 * Reads a stream before it is committed to the client. A stream that is alive without content is not held forever:
 * `commitAfterMs` after its first sign of life, it is committed at the next one. If the model is thinking, no further
 * sign may come, so the stream is committed in the middle of a read. A silent stream is not committed, since it may
 * be dead.
 */
export class Beginning {
  readonly #source: ByteSource;
  readonly #timeouts: AttemptTimeouts;
  readonly #clock: Clock;
  readonly #commitAfterMs: number;
  #time: Promise<'commit'> | undefined;
  #isDue = false;
  #isThinking = false;
  #stop: () => void = noTime;
  #pending: Promise<Chunk> | undefined;

  constructor(source: ByteSource, { timeouts, gateway, provider }: ReplyContext) {
    this.#source = source;
    this.#timeouts = timeouts;
    this.#clock = gateway.clock;
    this.#commitAfterMs = provider.timeouts.commitAfterMs;
  }

  /** Returns the next chunk, or `commit` if the stream is to be committed while the read is pending. */
  next(): Promise<Chunk | 'commit'> {
    const reading = readChunk(this.#source, this.#timeouts);
    return this.#time === undefined ? reading : this.#readUntil(this.#time, reading);
  }

  async #readUntil(time: Promise<'commit'>, reading: Promise<Chunk>): Promise<Chunk | 'commit'> {
    const chunk = await Promise.race([reading, time]);
    if (chunk === 'commit') this.#pending = reading;
    return chunk;
  }

  /**
   * Notes bytes without content. `isThinking`: they reported that the model is thinking. Returns whether to commit
   * now.
   */
  alive(isThinking: boolean): boolean {
    this.#isThinking = isThinking;
    if (this.#timeouts.alive() && Number.isFinite(this.#commitAfterMs)) {
      this.#time = new Promise((resolve) => {
        this.#stop = this.#clock.setTimer(this.#commitAfterMs, () => {
          this.#isDue = true;
          if (this.#isThinking) resolve('commit');
        });
      });
    }
    return this.#isDue;
  }

  /** Stops the timer, because the stream is committed or has ended. */
  stop(): void {
    this.#stop();
  }

  /** Returns, once, the read that was pending at the commitment; undefined if there was none. */
  takePending(): Promise<Chunk> | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

function noTime(): void {
  // No timer was set.
}
