import type { Provider } from '../../config/snapshot.ts';
import { createSseSplitter, type SseSplitter, splitEvents } from '../../lib/sse.ts';
import { rewriteModelInEvents } from '../../protocols/model-name.ts';
import type { Protocol, StreamReader, StreamSign } from '../../protocols/protocol.ts';
import { lastTelling } from '../../protocols/stream.ts';
import type { StreamEnd } from '../answer.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import { Beginning } from './beginning.ts';
import type { ReplyContext } from '../classification.ts';
import type { ByteSource } from '../ports.ts';
import { redact } from '../redact.ts';
import { TextSample } from './text-sample.ts';

/** An event larger than this is no event: the stream is given up. */
export const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** After its last word a provider may take this long to close: a connection that ends well is used again. */
export const CLOSE_GRACE_MS = 1_000;

/** After the reason for the end there may still come usage and a last word. */
export const CLOSE_GRACE_AFTER_FINISH_MS = 5_000;

const LF = 0x0a;
const CR = 0x0d;

/**
 * A stream of server-sent events as it is read, while it is held (`sse-hold.ts`) and when it is sent on (`sse-forward.ts`): what its
 * events said, which of them wait for the client, and how it ended.
 */
export class SseReading {
  readonly source: ByteSource;
  readonly protocol: Protocol;
  readonly signs: StreamReader;
  readonly timeouts: AttemptTimeouts;
  readonly beginning: Beginning;
  readonly sample = new TextSample();
  /** Events in line for the client. */
  readonly kept: Uint8Array[] = [];
  readonly #provider: Provider;
  readonly #splitter: SseSplitter = createSseSplitter(MAX_EVENT_BYTES);
  readonly #hidesUsage: boolean;
  readonly #shownModel: string | undefined;
  readonly #onEnd: () => void;
  /** Bytes of events that were read while the stream was held. */
  heldBytes = 0;
  hasContent = false;
  /** Whether the last word was that the model thinks: then each event is looked at. */
  isThinking = false;
  #end: StreamEnd | undefined;

  constructor(source: ByteSource, context: ReplyContext) {
    const { provider, protocol, timeouts, hidesUsage, shownModel, onEnd } = context;
    this.beginning = new Beginning(source, context);
    this.source = source;
    this.protocol = protocol;
    this.signs = protocol.readStream();
    this.timeouts = timeouts;
    this.#provider = provider;
    this.#hidesUsage = hidesUsage;
    this.#shownModel = shownModel;
    this.#onEnd = onEnd;
  }

  get end(): StreamEnd | undefined {
    return this.#end;
  }

  get renamesModel(): boolean {
    return this.#shownModel !== undefined;
  }

  /** The whole events that a chunk completes; undefined: one is too large. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    return this.#splitter.push(chunk);
  }

  /** Reads a block event by event and keeps what the client is to have of it. */
  read(block: Uint8Array): StreamSign[] {
    const signs: StreamSign[] = [];
    let from = 0;
    for (const { start, end, name, data } of splitEvents(block)) {
      const wasDone = this.signs.isDone();
      const sign = this.signs.read(name, data);
      signs.push(sign);
      if (sign === 'usage-only' && this.#hidesUsage) {
        if (start > from) this.keep(block.subarray(from, start));
        from = end;
      }
      if (sign === 'error') {
        this.keep(redact(block.subarray(from, end), this.#provider));
        this.finish({ kind: 'broken', reason: 'the provider reported an error', isTold: true });
        return signs;
      }
      if (sign === 'done') this.timeouts.closeGrace(CLOSE_GRACE_MS);
      else if (!wasDone && this.signs.isDone()) this.timeouts.closeGrace(CLOSE_GRACE_AFTER_FINISH_MS);
    }
    if (from < block.byteLength) this.keep(from === 0 ? block : block.subarray(from));
    return signs;
  }

  /** Renews the limits by what a block said: that its model thinks, or that it has thought. */
  follow(signs: readonly StreamSign[]): void {
    const last = lastTelling(signs);
    if (last === 'thinking') {
      this.isThinking = true;
      this.timeouts.thinking();
    } else if (last === 'content' && (this.isThinking || !this.hasContent)) {
      this.isThinking = false;
      this.hasContent = true;
      this.timeouts.answered();
    }
    if (!this.hasContent) this.timeouts.alive();
  }

  /** Puts whole events in line for the client. */
  keep(events: Uint8Array): void {
    this.sample.add(events);
    this.kept.push(this.#shownModel === undefined ? events : rewriteModelInEvents(events, this.#shownModel));
  }

  /** The bytes are at their end, in order or not: whether the answer is depends on what was said before. */
  endOfBytes(end: 'end' | 'broken'): void {
    const { cause } = this.timeouts;
    if (cause === 'client-left') return this.finish(LEFT);
    if (cause === undefined && end === 'end') this.takeTail();
    if (this.signs.isDone()) return this.finish({ kind: 'complete' });
    this.break(cause === undefined ? 'the connection ended' : `${cause} limit`);
  }

  /**
   * Some providers leave out the blank line behind the last event. What is left counts only if it ends the answer:
   * anything else may be half an event. The LF of a CR LF may be left as well.
   */
  takeTail(): StreamSign | undefined {
    const tail = this.#splitter.takeTail();
    if (tail.byteLength === 0) return undefined;
    if (tail.every((byte) => byte === LF || byte === CR)) this.keep(tail);
    if (this.signs.isDone()) return undefined;
    const signs = splitEvents(tail).map(({ name, data }) => this.signs.read(name, data));
    if (this.signs.isDone()) this.keep(tail);
    return this.signs.isDone() ? signs.find((sign) => sign === 'content') : undefined;
  }

  break(reason: string): void {
    this.finish({ kind: 'broken', reason, isTold: false });
  }

  finish(end: StreamEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.beginning.stop();
    this.#onEnd();
    // A body that is not at its end keeps its connection: let it go.
    this.source.cancel().catch(() => undefined);
  }
}

export const LEFT = { kind: 'left' } as const;
