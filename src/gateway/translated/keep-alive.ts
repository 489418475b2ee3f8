import type { ByteSink } from '../body/pipe.ts';
import type { Clock } from '../ports.ts';

/** Clients and proxies may treat a longer silence as a dead connection. */
const SILENCE_MS = 15_000;

/** Writes a meaningless comment whenever a stream has been silent for a while. */
export class KeepAlive {
  readonly #word: Uint8Array;
  readonly #clock: Clock;
  #sink: ByteSink | undefined;
  #writtenAtMs = 0;
  #isBehind = false;
  #stopTimer: () => void = nothing;

  constructor(word: string, clock: Clock) {
    this.#word = new TextEncoder().encode(word);
    this.#clock = clock;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#writtenAtMs = this.#clock.nowMs();
    this.#watch(SILENCE_MS);
  }

  stop(): void {
    this.#sink = undefined;
    this.#stopTimer();
  }

  /** Notes a write. The promise is pending while the client has not accepted it. Returns the promise unchanged. */
  written(taking: Promise<unknown> | undefined): Promise<unknown> | undefined {
    this.#writtenAtMs = this.#clock.nowMs();
    if (taking === undefined) return undefined;
    this.#isBehind = true;
    return taking.finally(() => {
      this.#isBehind = false;
    });
  }

  readonly #look = (): void => {
    if (this.#sink === undefined) return;
    const leftMs = this.#writtenAtMs + SILENCE_MS - this.#clock.nowMs();
    // The writer of the answer notices a client that is gone.
    if (leftMs <= 0 && !this.#isBehind) this.written(this.#sink.write(this.#word))?.catch(nothing);
    this.#watch(leftMs > 0 ? leftMs : SILENCE_MS);
  };

  #watch(ms: number): void {
    this.#stopTimer = this.#clock.setTimer(ms, this.#look);
  }
}

function nothing(): void {
  // There is no timer yet, and no failure to report.
}
