import type { ReportedError } from '../../protocols/reported-error.ts';
import type { Outcome } from '../../routing/outcome.ts';
import { readChunk } from '../body/body-reader.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import type { ByteSource, Clock } from '../ports.ts';
import type { ReplyContext } from '../classification.ts';

/** What a read came to: a chunk, the end of the bytes in order or not. */
export type Chunk = Uint8Array | 'end' | 'broken';

/** How the holding of a stream ended: its beginning may go to the client, it reported an error, or it failed. */
export type Held =
  | { readonly kind: 'committed' }
  | { readonly kind: 'error'; readonly report: ReportedError; readonly events: Uint8Array }
  | { readonly kind: 'no-events'; readonly body: ByteSource }
  | Outcome;

/**
 * The reads of a stream before it goes to the client. One that is alive without content is not held back for ever:
 * `commitAfterMs` after its first sign of life it is time to commit, with the next such sign. Where the model thinks, no
 * other need come, and it is committed in the middle of a read. One that has fallen silent is not: it may be dead.
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

  /** The next chunk; `commit`: it has not come, and the stream is to be committed without it. */
  async next(): Promise<Chunk | 'commit'> {
    const reading = readChunk(this.#source, this.#timeouts);
    if (this.#time === undefined) return reading;
    const chunk = await Promise.race([reading, this.#time]);
    if (chunk === 'commit') this.#pending = reading;
    return chunk;
  }

  /** What came had no content; `isThinking`: it said that the model thinks. Returns whether it is time to commit. */
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

  /** The stream is committed, or has ended: it is no longer time for anything. */
  stop(): void {
    this.#stop();
  }

  /** The read that the commitment came in the middle of, once; undefined: there was none. */
  takePending(): Promise<Chunk> | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

function noTime(): void {
  // No time was set, so there is none to call off.
}
