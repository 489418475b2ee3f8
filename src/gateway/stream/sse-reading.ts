import type { Provider } from '../../config/snapshot.ts';
import type { SseSplitter } from '../../lib/sse.ts';
import { rewriteModelInEvents } from '../../protocols/model-name.ts';
import type { Protocol, StreamReader, StreamSign } from '../../protocols/protocol.ts';
import { lastTelling } from '../../protocols/stream.ts';
import type { StreamEnd } from '../answer.ts';
import type { AttemptTimeouts } from '../attempt-timeouts.ts';
import { Beginning } from './beginning.ts';
import type { ReplyContext } from '../classification.ts';
import type { ByteSource } from '../ports.ts';
import { redact } from '../redact.ts';
import { EVENTS, type StreamFraming } from './framing.ts';
import { TextSample } from './text-sample.ts';

/** Maximum size of an event. A stream with a larger one is aborted. */
export const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/**
 * How long a provider may take to close the stream after its end marker. A connection that ends in order is reused.
 */
export const CLOSE_GRACE_MS = 1_000;

/** After the finish reason, usage and the end marker may still follow. */
export const CLOSE_GRACE_AFTER_FINISH_MS = 5_000;

const LF = 0x0a;
const CR = 0x0d;

/**
 * The reading side of an event stream, while it is held (`sse-hold.ts`) and when it is forwarded
 * (`sse-forward.ts`): the meaning of its events, the events queued for the client, and its end.
 */
export class SseReading {
  readonly source: ByteSource;
  readonly protocol: Protocol;
  readonly signs: StreamReader;
  readonly timeouts: AttemptTimeouts;
  readonly beginning: Beginning;
  readonly sample: TextSample;
  /** Events queued for the client. */
  readonly kept: Uint8Array[] = [];
  readonly #provider: Provider;
  readonly #framing: StreamFraming;
  readonly #splitter: SseSplitter;
  /** Whether all bytes so far belong to whole events. Kept here, since each event asks: the splitter lies deeper in memory. */
  #isBetweenEvents = true;
  readonly #hidesUsage: boolean;
  readonly #shownModel: string | undefined;
  readonly #context: ReplyContext;
  /** Bytes of events that were read while the stream was held. */
  heldBytes = 0;
  hasContent = false;
  /** Whether the model is thinking. Then each event is examined. */
  isThinking = false;
  #end: StreamEnd | undefined;

  constructor(source: ByteSource, context: ReplyContext, framing: StreamFraming = EVENTS) {
    const { provider, protocol, timeouts, hidesUsage, shownModel } = context;
    this.beginning = new Beginning(source, context);
    this.source = source;
    this.protocol = protocol;
    this.sample = new TextSample(protocol);
    this.#framing = framing;
    this.#splitter = framing.createSplitter(MAX_EVENT_BYTES);
    this.signs = framing.readerOf(protocol);
    this.timeouts = timeouts;
    this.#provider = provider;
    this.#hidesUsage = hidesUsage;
    this.#shownModel = shownModel;
    this.#context = context;
  }

  get end(): StreamEnd | undefined {
    return this.#end;
  }

  get renamesModel(): boolean {
    return this.#shownModel !== undefined;
  }

  /** Returns the events that a chunk completes; undefined if one is too large. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const block = this.#splitter.push(chunk);
    this.#isBetweenEvents = this.#splitter.isEmpty();
    return block;
  }

  /** Whether bytes up to this offset, which follow those before, end an event and continue none. */
  areWholeEvents(bytes: Uint8Array, end: number): boolean {
    return bytes[end - 1] === LF && bytes[end - 2] === LF && this.#isBetweenEvents && this.#framing.isEvents;
  }

  /** Reads a block event by event, and queues the parts for the client. */
  read(block: Uint8Array): StreamSign[] {
    const signs: StreamSign[] = [];
    let from = 0;
    for (const { start, end, name, data } of this.#framing.split(block)) {
      const wasDone = this.signs.isDone();
      const sign = this.signs.read(name, data);
      signs.push(sign);
      if (sign === 'usage-only' && this.#hidesUsage) {
        if (start > from) this.keep(block.subarray(from, start));
        from = end;
      }
      if (sign === 'error') {
        this.keep(redact(block.subarray(from, end), this.#provider));
        this.finish({ kind: 'broken', reason: 'the provider reported an error', isErrorForwarded: true });
        return signs;
      }
      if (sign === 'cut') {
        if (start > from) this.keep(block.subarray(from, start));
        this.break('the list ended before the answer');
        return signs;
      }
      if (sign === 'done') this.timeouts.closeGrace(CLOSE_GRACE_MS);
      else if (!wasDone && this.signs.isDone()) this.timeouts.closeGrace(CLOSE_GRACE_AFTER_FINISH_MS);
    }
    if (from < block.byteLength) this.keep(from === 0 ? block : block.subarray(from));
    return signs;
  }

  /** Adjusts the timeouts to the signs in a block: the model is thinking, or has stopped thinking. */
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

  /** Queues complete events for the client. */
  keep(events: Uint8Array): void {
    this.sample.add(events);
    this.kept.push(
      this.#shownModel === undefined
        ? events
        : rewriteModelInEvents(events, this.#shownModel, this.#framing.split),
    );
  }

  /** Handles the end of the bytes, in order or not. Whether the answer is complete depends on the earlier events. */
  endOfBytes(end: 'end' | 'broken'): void {
    const { cause } = this.timeouts;
    if (cause === 'client-left') return this.finish(LEFT);
    if (cause === undefined && end === 'end') this.takeTail();
    if (this.signs.isDone()) return this.finish({ kind: 'complete' });
    this.break(cause === undefined ? 'the connection ended' : `${cause} limit`);
  }

  /**
   * Reads the rest at the end of the bytes. Some providers omit the blank line after the last event. The rest counts
   * only if it ends the answer, since any other may be half an event. It may also be the LF of a CR LF.
   */
  takeTail(): StreamSign | undefined {
    const tail = this.#splitter.takeTail();
    if (tail.byteLength === 0) return undefined;
    if (tail.every((byte) => byte === LF || byte === CR)) this.keep(tail);
    if (this.signs.isDone()) return undefined;
    const signs = this.#framing.split(tail).map(({ name, data }) => this.signs.read(name, data));
    if (this.signs.isDone()) this.keep(tail);
    return this.signs.isDone() ? signs.find((sign) => sign === 'content') : undefined;
  }

  break(reason: string): void {
    this.finish({ kind: 'broken', reason, isErrorForwarded: false });
  }

  finish(end: StreamEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.beginning.stop();
    this.#context.end();
    // The body has not ended and would keep its connection.
    this.source.cancel().catch(() => undefined);
  }
}

export const LEFT = { kind: 'left' } as const;
