import type { StreamReader, Usage } from '../../protocols/protocol.ts';
import { nextTurn, SLICE_BYTES } from '../../lib/in-turns.ts';
import type { HubError } from '../../translation/hub-error.ts';
import { unreadable } from '../../translation/hub-error.ts';
import type { StreamStep, StreamTranslation } from '../../translation/stream-translation.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { type AttemptTimeouts, outcomeOfAbort } from '../attempt-timeouts.ts';
import { Beginning } from '../stream/beginning.ts';
import type { Classification, Reply, ReplyContext } from '../classification.ts';
import { createEventCutter, isLarge, MAX_TRANSLATED_BYTES, type ProviderEvent } from './event-cutter.ts';
import { KeepAlive } from './keep-alive.ts';
import { OutgoingEvents } from './outgoing-events.ts';
import { type ByteSink, pipe } from '../body/pipe.ts';
import type { Backpressure, ByteSource } from '../ports.ts';
import { redact } from '../redact.ts';
import type { TranslationWay } from './reply-translation.ts';
import { isOtherText, NOTHING, prefixed } from '../body/sniffed-body.ts';
import { CLOSE_GRACE_AFTER_FINISH_MS, CLOSE_GRACE_MS, LEFT } from '../stream/sse-reading.ts';
import { gatewayUsage } from './translated-usage.ts';
import { isFrames } from './unframed-body.ts';

type Written = Extract<TranslationWay, { kind: 'written' }>;

type Before = Readonly<Record<'hadContent' | 'wasThinking', boolean>>;

/** How holding a stream ended. */
export type HeldTranslation =
  | { readonly kind: 'committed' }
  | { readonly kind: 'no-events'; readonly body: ByteSource }
  | { readonly kind: 'failed-with'; readonly error: HubError }
  | { readonly kind: 'outcome'; readonly outcome: Classification['outcome'] };

const COMMITTED = { kind: 'committed' } as const;

const NO_CONTENT = { kind: 'broken', reason: 'no content', isErrorForwarded: false } as const;

const REPORTED = { ...NO_CONTENT, reason: 'the provider reported an error' } as const;

/** A stream with this much data and no content is not an answer, unless it is one large event. */
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
  readonly #cutter: ReturnType<typeof createEventCutter>;
  readonly #translation: StreamTranslation;
  readonly #signs: StreamReader;
  readonly #keepAlive: KeepAlive;
  readonly #outgoing = new OutgoingEvents();
  #heldBytes = 0;
  /** Bytes translated since others had a turn. */
  #turnBytes = 0;
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
    this.#cutter = createEventCutter(isFrames(headers));
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
      else await this.#take(chunk);
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
    return this.#outgoing.text();
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
    if (first !== undefined) this.#outgoing.add(first);
    return COMMITTED;
  }

  /**
   * Translates the events of a chunk. Returns a promise if they are so large that others get a turn in between; `sink`
   * is sent what is ready before each.
   */
  #take(chunk: Uint8Array, sink?: ByteSink): Promise<void> | undefined {
    // The cutter takes over the memory of a large chunk.
    const { byteLength } = chunk;
    const events = this.#cutter.push(chunk);
    if (!this.#hasContent) this.#heldBytes += byteLength;
    if (events === 'broken') {
      this.#error ??= unreadable('it is no stream of events');
      return undefined;
    }
    this.#turnBytes += byteLength;
    if (this.#turnBytes > SLICE_BYTES || events.some(isLarge)) return this.#takeInTurns(events, sink);
    for (const event of events) this.#takeEvent(event);
    this.#limitHeld();
    return undefined;
  }

  async #takeInTurns(events: readonly ProviderEvent[], sink: ByteSink | undefined): Promise<void> {
    const pause = async (): Promise<void> => {
      if (sink !== undefined) await this.#flush(sink);
      await nextTurn();
      this.#turnBytes = 0;
    };
    for (const event of events) {
      if (this.#end !== undefined) return;
      if (isLarge(event)) {
        // Joining, decoding and parsing take some time each.
        await pause();
        const text = new TextDecoder().decode(event.data);
        await pause();
        for (const step of this.#isOver ? [] : this.#translation.pushLarge(event.name, text)) {
          this.#takeStep(step);
          await pause();
        }
      } else {
        this.#takeEvent(event);
        this.#turnBytes += event.data.byteLength;
        if (this.#turnBytes > SLICE_BYTES) await pause();
      }
    }
    this.#turnBytes = 0;
    this.#limitHeld();
  }

  #limitHeld(): void {
    const most = MAX_HELD_BYTES + (this.#cutter.isInside() ? MAX_TRANSLATED_BYTES : 0);
    if (!this.#hasContent && this.#heldBytes > most) this.#error ??= unreadable('it begins with nothing');
  }

  get #isOver(): boolean {
    return this.#error !== undefined || this.#isComplete;
  }

  #takeEvent({ name, data }: ProviderEvent): void {
    if (this.#isOver) return;
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
    for (const piece of step.bytes) this.#outgoing.add(piece);
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
    const before = { hadContent: this.#hasContent, wasThinking: this.#isThinking };
    const taken = this.#take(chunk, sink);
    if (taken === undefined) return this.#taken(before, sink);
    return taken.then(() => this.#taken(before, sink));
  }

  #taken({ hadContent, wasThinking }: Before, sink: ByteSink): Backpressure {
    if (this.#end !== undefined) return 'stop';
    if (this.#error !== undefined) {
      this.#finish(REPORTED);
      return 'stop';
    }
    if (this.#hasContent && (!hadContent || (wasThinking && !this.#isThinking))) this.#timeouts.answered();
    else if (!this.#hasContent) this.#timeouts.alive();
    return this.#flush(sink);
  }

  /** Sends the queued events. Returns a promise while the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    if (this.#end?.kind === 'left' || this.#outgoing.isEmpty) return undefined;
    return this.#keepAlive.written(this.#outgoing.send(sink, () => this.#end?.kind === 'left'));
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
    this.#finish(NO_CONTENT);
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
