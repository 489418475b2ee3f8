import { textUnder } from '../../protocols/text.ts';
import type { StreamReader, Usage } from '../../protocols/protocol.ts';
import { nextTurn } from '../../lib/in-turns.ts';
import { SlicedText, type StreamPiece } from '../../translation/held-text.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { unreadable } from '../../translation/hub-error.ts';
import type { StreamStep, StreamTranslation } from '../../translation/stream-translation.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { type AttemptTimeouts, outcomeOfAbort } from '../attempt-timeouts.ts';
import { Beginning } from '../stream/beginning.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { createEventCutter, type EventCutter, type ProviderEvent } from './event-cutter.ts';
import { KeepAlive } from './keep-alive.ts';
import { type ByteSink, pipe } from '../body/pipe.ts';
import type { Backpressure, ByteSource } from '../ports.ts';
import { redact } from '../redact.ts';
import type { TranslationWay } from './reply-translation.ts';
import { isOtherText, NOTHING, prefixed } from '../body/sniffed-body.ts';
import { CLOSE_GRACE_AFTER_FINISH_MS, CLOSE_GRACE_MS, LEFT } from '../stream/sse-reading.ts';
import { TextSample } from '../stream/text-sample.ts';
import { gatewayUsage } from './translated-usage.ts';

type Written = Extract<TranslationWay, { kind: 'written' }>;

/** How holding a stream ended. */
export type HeldTranslation =
  | { readonly kind: 'committed' }
  | { readonly kind: 'no-events'; readonly body: ByteSource }
  | { readonly kind: 'failed-with'; readonly error: HubError }
  | { readonly kind: 'outcome'; readonly outcome: Classification['outcome'] };

const COMMITTED = { kind: 'committed' } as const;

const REPORTED = {
  kind: 'broken',
  reason: 'the provider reported an error',
  isErrorForwarded: false,
} as const;

/** A stream with this much data and no content is not an answer. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/**
 * Translates one streamed answer into the client's API. Like a stream of the client's own API (`sse-hold.ts`,
 * `sse-forward.ts`), it is held until its first content or until it has been alive long enough, and only the
 * provider's end marker completes it. It emits whole events.
 */
export class TranslatedStream implements AnswerStream {
  readonly takesEvents = true;
  readonly endsInOrder: boolean;
  readonly #source: ByteSource;
  readonly #reading: ReplyContext;
  readonly #timeouts: AttemptTimeouts;
  readonly #beginning: Beginning;
  readonly #cutter: EventCutter;
  readonly #translation: StreamTranslation;
  readonly #signs: StreamReader;
  readonly #keepAlive: KeepAlive;
  readonly #sample = new TextSample();
  #kept: StreamPiece[] = [];
  #heldBytes = 0;
  #hasContent = false;
  #isThinking = false;
  /** Whether the provider has sent the finish reason, or the whole answer. */
  #isFinished = false;
  #isComplete = false;
  #error: HubError | undefined;
  #end: StreamEnd | undefined;

  constructor({ body, headers }: Reply, reading: ReplyContext, { translation, exchange }: Written) {
    this.#source = body ?? NOTHING;
    this.#reading = reading;
    this.#timeouts = reading.timeouts;
    this.#beginning = new Beginning(this.#source, reading);
    this.#cutter = createEventCutter(headers);
    this.#translation = translation.stream(exchange);
    this.#signs = reading.protocol.readStream();
    const isArray = translation.client.streamType(exchange) === 'application/json';
    this.#keepAlive = new KeepAlive(isArray ? '\n' : translation.client.keepAlive, reading.gateway.clock);
    this.endsInOrder = exchange.conversation.api === 'responses';
  }

  /** Reads until the first content or the time to commit. Any other result means that the stream has ended. */
  async hold(status: number): Promise<HeldTranslation> {
    for (let isFirst = true; ; isFirst = false) {
      const chunk = await this.#beginning.next();
      if (chunk === 'commit') return this.#commit();
      if (isFirst && typeof chunk !== 'string' && isOtherText(chunk))
        return { kind: 'no-events', body: prefixed(chunk, this.#source) };
      if (typeof chunk === 'string') this.#takeEnd(chunk);
      else this.#take(chunk);
      if (this.#hasContent) return this.#begun(chunk);
      if (this.#error !== undefined || typeof chunk === 'string') return this.#fail(status, chunk);
      if (this.#beginning.alive(this.#isThinking)) return this.#commit();
    }
  }

  /** Handles the first content, which may already be the whole answer. */
  #begun(chunk: Uint8Array | 'end' | 'broken'): HeldTranslation {
    this.#beginning.stop();
    if (typeof chunk === 'string') this.#endOfBytes(chunk);
    else if (this.#error !== undefined) this.#finish(REPORTED);
    this.#timeouts.answered();
    if (this.#isThinking) this.#timeouts.thinking();
    return COMMITTED;
  }

  async pipeTo(sink: ByteSink): Promise<StreamEnd> {
    this.#keepAlive.start(sink);
    await this.#flush(sink);
    const pending = await this.#beginning.takePending();
    if (typeof pending === 'string') this.#endOfBytes(pending);
    else if (pending !== undefined) await this.#forward(pending, sink);
    if (this.#end === undefined) {
      const ending = await pipe(this.#source, this.#timeouts, {
        take: (chunk) => this.#forward(chunk, sink),
      });
      if (ending !== 'stop') this.#endOfBytes(ending);
    }
    await this.#flush(sink);
    this.#keepAlive.stop();
    return this.#end ?? LEFT;
  }

  cancel(): void {
    this.#timeouts.abort('client-left');
    this.#finish(LEFT);
  }

  usage(): Usage | undefined {
    return gatewayUsage(this.#translation.usage(), this.#translation.serviceTier());
  }

  text(): AnswerText {
    return this.#sample.text(TEXT);
  }

  isDone(): boolean {
    return this.#isComplete;
  }

  errorEvent(given: { readonly message: string; readonly code: string }): string {
    const error = this.#error ?? { kind: 'upstream', ...given };
    return new TextDecoder().decode(redact(this.#translation.fail(error), this.#reading.provider));
  }

  /** Commits a stream that is alive but has no content yet, by sending the event that begins an answer. */
  #commit(): HeldTranslation {
    const first = this.#translation.begin();
    if (first !== undefined) this.#keep(first);
    return COMMITTED;
  }

  /** Translates the events of a chunk. */
  #take(chunk: Uint8Array): void {
    const events = this.#cutter.push(chunk);
    if (!this.#hasContent) this.#heldBytes += chunk.byteLength;
    if (events === 'broken') this.#error ??= unreadable('it is no stream of events');
    else for (const event of events) this.#takeEvent(event);
    if (!this.#hasContent && this.#heldBytes > MAX_HELD_BYTES)
      this.#error ??= unreadable('it begins with nothing');
  }

  #takeEvent({ name, data }: ProviderEvent): void {
    if (this.#error !== undefined || this.#isComplete) return;
    const step = this.#translation.push(name, data);
    this.#takeStep(step);
    if (step.content) {
      this.#isThinking = false;
    } else if (step.bytes.length === 0 && this.#signs.read(name, data) === 'thinking') {
      this.#isThinking = true;
      this.#timeouts.thinking();
    }
  }

  #takeStep(step: StreamStep): void {
    for (const piece of step.bytes) this.#keep(piece);
    this.#hasContent ||= step.content;
    if (step.over === 'complete') {
      this.#isComplete = true;
      this.#timeouts.closeGrace(CLOSE_GRACE_MS);
    } else if (step.over !== undefined) {
      this.#error = step.over;
    } else if (step.finished && !this.#isFinished) {
      this.#timeouts.closeGrace(CLOSE_GRACE_AFTER_FINISH_MS);
    }
    this.#isFinished ||= step.finished;
  }

  #forward(chunk: Uint8Array, sink: ByteSink): Backpressure {
    if (this.#end !== undefined) return 'stop';
    const hadContent = this.#hasContent;
    const wasThinking = this.#isThinking;
    this.#take(chunk);
    if (this.#error !== undefined) {
      this.#finish(REPORTED);
      return 'stop';
    }
    if (this.#hasContent && (!hadContent || (wasThinking && !this.#isThinking))) this.#timeouts.answered();
    else if (!this.#hasContent) this.#timeouts.alive();
    return this.#flush(sink);
  }

  #keep(events: StreamPiece): void {
    if (events instanceof SlicedText) this.#sample.skip(events.length);
    else this.#sample.add(events);
    this.#kept.push(events);
  }

  /** Sends the queued events in one piece. Returns a promise while the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    if (this.#end?.kind === 'left' || this.#kept.length === 0) return undefined;
    const kept = this.#kept;
    this.#kept = [];
    const [first] = kept;
    if (kept.length === 1 && first instanceof Uint8Array) return this.#keepAlive.written(sink.write(first));
    if (!kept.every((piece) => piece instanceof Uint8Array))
      return this.#keepAlive.written(this.#sendSlices(kept, sink));
    return this.#keepAlive.written(sink.write(Buffer.concat(kept)));
  }

  /** Sends large events slice by slice, so that nobody else waits for all of them. */
  async #sendSlices(pieces: readonly StreamPiece[], sink: ByteSink): Promise<void> {
    for (const piece of pieces) {
      for (const slice of piece instanceof SlicedText ? piece : [piece]) {
        await sink.write(slice);
        await nextTurn();
        if (this.#end?.kind === 'left') return;
      }
    }
  }

  /** Handles the end of the bytes. */
  #takeEnd(end: 'end' | 'broken'): void {
    if (end === 'end' && this.#timeouts.cause === undefined)
      for (const event of this.#cutter.tail()) this.#takeEvent(event);
    if (!this.#isComplete && this.#error === undefined) this.#takeStep(this.#translation.atEndOfBytes());
  }

  #endOfBytes(end: 'end' | 'broken'): void {
    const { cause } = this.#timeouts;
    if (cause === 'client-left') return this.#finish(LEFT);
    const reported = this.#error;
    this.#takeEnd(end);
    if (this.#isComplete) return this.#finish({ kind: 'complete' });
    // The translation's own error for a truncated stream only repeats what the gateway reports here, so drop it.
    if (reported === undefined && this.#error?.code === 'upstream_truncated') this.#error = undefined;
    const reason = cause === undefined ? 'the connection ended' : `${cause} limit`;
    this.#finish({ kind: 'broken', reason, isErrorForwarded: false });
  }

  #fail(status: number, chunk: Uint8Array | 'end' | 'broken'): HeldTranslation {
    const { cause } = this.#timeouts;
    const error = this.#error;
    this.#finish({ kind: 'broken', reason: 'no content', isErrorForwarded: false });
    if (cause !== undefined) return { kind: 'outcome', outcome: outcomeOfAbort(cause) };
    if (error !== undefined && error.code !== 'upstream_truncated') return { kind: 'failed-with', error };
    const defect = chunk === 'broken' ? 'truncated' : 'no-content';
    const outcome = { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' } as const;
    return { kind: 'outcome', outcome };
  }

  #finish(end: StreamEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#beginning.stop();
    this.#keepAlive.stop();
    this.#reading.end();
    this.#source.cancel().catch(() => undefined);
  }
}

/** The keys that hold text in the events of any client's API. */
const TEXT = {
  textOf: textUnder(
    '"content"',
    '"reasoning_content"',
    '"text"',
    '"thinking"',
    '"delta"',
    '"arguments"',
    '"partial_json"',
  ),
};
