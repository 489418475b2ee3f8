import type { Provider } from '../config/snapshot.ts';
import { createSseSplitter, type SseSplitter, splitEvents } from '../lib/sse.ts';
import { rewriteModelInEvents } from '../protocols/model-name.ts';
import { lastTelling } from '../protocols/stream.ts';
import type { Protocol, StreamReader, StreamSign, Usage } from '../protocols/protocol.ts';
import type { Defect } from '../routing/outcome.ts';
import type { AnswerStream, StreamEnd } from './answer.ts';
import { Beginning, type Held } from './beginning.ts';
import { redact } from './redact.ts';
import type { AnswerText } from '../usage/estimate-usage.ts';
import { TextSample } from './text-sample.ts';
import type { ReplyContext, Reply, Classification } from './classification.ts';
import { type AttemptTimeouts, outcomeOfAbort } from './attempt-timeouts.ts';
import { judgeReport } from './classify-report.ts';
import type { ByteSource, Backpressure } from './ports.ts';
import { isOtherText, NOTHING, prefixed } from './sniffed-body.ts';
import { PIECE_BYTES, sendInPieces } from './pieces.ts';
import { type ByteSink, pipe } from './pipe.ts';

/** An event larger than this is no event: the stream is given up. */
export const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** So much without any content is no beginning of an answer. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/** After its last word a provider may take this long to close: a connection that ends well is used again. */
const LINGER_MS = 1_000;

/** After the reason for the end there may still come usage and a last word. */
const LINGER_AFTER_FINISH_MS = 5_000;

const LEFT = { kind: 'left' } as const;
const ANSWERED = { kind: 'answered' } as const;
const COMMITTED = { kind: 'committed' } as const;
const NO_BYTES = new Uint8Array(0);

const LF = 0x0a;
const CR = 0x0d;

/**
 * Holds a stream of events back until its first content, or until it has been alive for so long that the client is to
 * see it, and so finds out whether it is an answer at all. The body of the reply is not coded.
 */
export async function openEventStream(
  reply: Reply,
  reading: ReplyContext,
  classifyWhole: (reply: Reply, reading: ReplyContext) => Promise<Classification>,
): Promise<Classification> {
  const { status, headers } = reply;
  const stream = new EventStream(reply.body ?? NOTHING, reading);
  const held = await stream.hold(status);
  if (held.kind === 'committed') {
    return { outcome: ANSWERED, answer: { kind: 'streamed', status, headers, stream } };
  }
  if (held.kind === 'no-events') return classifyWhole({ ...reply, body: held.body }, reading);
  if (held.kind !== 'error') return { outcome: held };
  return judgeReport(held.report, { reply, reading, defect: 'error-event', events: held.events });
}

/**
 * One streamed answer.
 *
 * It is **holding** until `hold` has seen the first content, or a life without any for `commitAfterMs`: nothing has gone
 * to the client, and a failure can still be routed around. Then it is **committed**: whole events go on as they come, half
 * ones wait for their rest and are dropped if it does not come. It has **ended** with the protocol's own word (`complete`), without it (`broken`), or
 * by the client (`left`). The end of the bytes alone is never taken for the end of the answer.
 */
class EventStream implements AnswerStream {
  readonly takesEvents = true;
  readonly #source: ByteSource;
  readonly #provider: Provider;
  readonly #protocol: Protocol;
  readonly #signs: StreamReader;
  readonly #splitter: SseSplitter = createSseSplitter(MAX_EVENT_BYTES);
  readonly #timeouts: AttemptTimeouts;
  readonly #hidesUsage: boolean;
  readonly #shownModel: string | undefined;
  readonly #onEnd: () => void;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  readonly #sample = new TextSample();
  #end: StreamEnd | undefined;
  #hasContent = false;
  /** Whether the last word was that the model thinks: then each event is looked at. */
  #isThinking = false;
  readonly #beginning: Beginning;

  constructor(source: ByteSource, reading: ReplyContext) {
    const { planned, provider, timeouts, hidesUsage, shownModel, onEnd } = reading;
    this.#beginning = new Beginning(source, reading);
    this.#source = source;
    this.#provider = provider;
    this.#protocol = planned.plan.protocol;
    this.#signs = this.#protocol.readStream();
    this.#timeouts = timeouts;
    this.#hidesUsage = hidesUsage;
    this.#shownModel = shownModel;
    this.#onEnd = onEnd;
  }

  /** Reads up to the first content, or until it is time to commit. Any other end has ended the stream. */
  async hold(status: number): Promise<Held> {
    for (let isFirst = true; ; isFirst = false) {
      const chunk = await this.#beginning.next();
      if (chunk === 'commit') return COMMITTED;
      if (isFirst && typeof chunk !== 'string' && isOtherText(chunk)) {
        return { kind: 'no-events', body: prefixed(chunk, this.#source) };
      }
      const sign = typeof chunk === 'string' ? this.#takeTail() : this.#hold(chunk);
      if (sign === 'content') {
        this.#beginning.stop();
        this.#timeouts.answered();
        if (this.#isThinking) this.#timeouts.thinking();
        return COMMITTED;
      }
      if (sign !== undefined || typeof chunk === 'string') {
        return this.#fail(status, sign, chunk === 'broken' ? 'truncated' : 'no-content');
      }
      if (this.#beginning.alive(this.#isThinking)) return COMMITTED;
    }
  }

  #fail(status: number, sign: StreamSign | undefined, defect: Defect): Held {
    const cut = this.#timeouts.cause;
    const report = sign === 'error' ? this.#signs.error() : undefined;
    const events = report === undefined ? NO_BYTES : Buffer.concat(this.#held);
    this.#finish({ kind: 'broken', reason: 'no content', isTold: false });
    if (cut !== undefined) return outcomeOfAbort(cut);
    if (report !== undefined) return { kind: 'error', report, events };
    const what = sign === 'error' ? 'error-event' : defect;
    return { kind: 'failed', status, defect: what, retryAfterMs: undefined, fault: 'provider' };
  }

  async pipeTo(sink: ByteSink): Promise<StreamEnd> {
    const isFull = this.#flush(sink);
    if (isFull !== undefined) await isFull;
    const pending = await this.#beginning.takePending();
    if (typeof pending === 'string') this.#endOfBytes(pending);
    else if (pending !== undefined) await this.#forward(pending, sink);
    if (this.#end === undefined) {
      const ending = await pipe(this.#source, this.#timeouts, (chunk) => this.#forward(chunk, sink));
      if (ending !== 'stop') this.#endOfBytes(ending);
    }
    await this.#flush(sink);
    return this.#end ?? LEFT;
  }

  cancel(): void {
    this.#timeouts.cut('client-left');
    this.#finish(LEFT);
  }

  usage(): Usage | undefined {
    return this.#signs.usage();
  }

  text(): AnswerText {
    return this.#sample.text(this.#protocol);
  }

  isDone(): boolean {
    return this.#signs.isDone();
  }

  errorEvent(error: { readonly message: string; readonly code: string }): string {
    return this.#protocol.errorEvent(error, this.#signs.position?.());
  }

  /** Keeps a chunk's events. Returns what decides: content, an error, or an end; undefined: nothing yet. */
  #hold(chunk: Uint8Array): StreamSign | undefined {
    const block = this.#splitter.push(chunk);
    if (block === undefined) return 'error';
    if (block.byteLength === 0) return undefined;
    const signs = this.#read(block);
    const sign = signs.find((each) => each === 'content' || each === 'error' || each === 'done');
    this.#hasContent = sign === 'content';
    const last = lastTelling(signs);
    if (last !== undefined) this.#isThinking = last === 'thinking';
    if (this.#isThinking) this.#timeouts.thinking();
    this.#heldBytes += block.byteLength;
    return sign ?? (this.#heldBytes > MAX_HELD_BYTES ? 'error' : undefined);
  }

  /** Sends a chunk's events on: as they are where they hold nothing but content, else after a look at each. */
  #forward(chunk: Uint8Array, sink: ByteSink): Backpressure {
    if (this.#end !== undefined) return 'stop';
    const block = this.#splitter.push(chunk);
    if (block === undefined) {
      this.#break('an event is too large');
      return 'stop';
    }
    if (block.byteLength === 0) return undefined;
    const isContent = !this.#isThinking && this.#signs.skim(block);
    if (isContent && this.#passesUntouched(block)) {
      this.#sample.skip(block.byteLength);
      return sink.write(block);
    }
    if (isContent) this.#keep(block);
    else this.#follow(this.#read(block));
    return this.#end === undefined ? this.#flush(sink) : 'stop';
  }

  /** Renews the limits by what a block said: that its model thinks, or that it has thought. */
  #follow(signs: readonly StreamSign[]): void {
    const last = lastTelling(signs);
    if (last === 'thinking') {
      this.#isThinking = true;
      this.#timeouts.thinking();
    } else if (last === 'content' && (this.#isThinking || !this.#hasContent)) {
      this.#isThinking = false;
      this.#hasContent = true;
      this.#timeouts.answered();
    }
    if (!this.#hasContent) this.#timeouts.alive();
  }

  /** Whether events that are only content need nothing done to them. */
  #passesUntouched({ byteLength }: Uint8Array): boolean {
    return byteLength <= PIECE_BYTES && this.#shownModel === undefined && this.#sample.isFull;
  }

  /** Reads a block event by event and keeps what the client is to have of it. */
  #read(block: Uint8Array): StreamSign[] {
    const signs: StreamSign[] = [];
    let from = 0;
    for (const { start, end, name, data } of splitEvents(block)) {
      const wasDone = this.#signs.isDone();
      const sign = this.#signs.read(name, data);
      signs.push(sign);
      if (sign === 'usage-only' && this.#hidesUsage) {
        if (start > from) this.#keep(block.subarray(from, start));
        from = end;
      }
      if (sign === 'error') {
        this.#keep(redact(block.subarray(from, end), this.#provider));
        this.#finish({ kind: 'broken', reason: 'the provider reported an error', isTold: true });
        return signs;
      }
      if (sign === 'done') this.#timeouts.closeGrace(LINGER_MS);
      else if (!wasDone && this.#signs.isDone()) this.#timeouts.closeGrace(LINGER_AFTER_FINISH_MS);
    }
    if (from < block.byteLength) this.#keep(from === 0 ? block : block.subarray(from));
    return signs;
  }

  /** Puts whole events in line for the client. */
  #keep(events: Uint8Array): void {
    this.#sample.add(events);
    this.#held.push(this.#shownModel === undefined ? events : rewriteModelInEvents(events, this.#shownModel));
  }

  /** Sends on what is in line; the promise says that the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    if (this.#end?.kind === 'left') return undefined;
    const [first, ...more] = this.#held.splice(0);
    if (first === undefined) return undefined;
    if (more.length === 0 && first.byteLength <= PIECE_BYTES) return sink.write(first);
    return sendInPieces([first, ...more], sink, () => this.#end?.kind === 'left');
  }

  /** The bytes are at their end, in order or not: whether the answer is depends on what was said before. */
  #endOfBytes(end: 'end' | 'broken'): void {
    const { cause } = this.#timeouts;
    if (cause === 'client-left') return this.#finish(LEFT);
    if (cause === undefined && end === 'end') this.#takeTail();
    if (this.#signs.isDone()) return this.#finish({ kind: 'complete' });
    this.#break(cause === undefined ? 'the connection ended' : `${cause} limit`);
  }

  /**
   * Some providers leave out the blank line behind the last event. What is left counts only if it ends the answer:
   * anything else may be half an event. The LF of a CR LF may be left as well.
   */
  #takeTail(): StreamSign | undefined {
    const tail = this.#splitter.takeTail();
    if (tail.byteLength === 0) return undefined;
    if (tail.every((byte) => byte === LF || byte === CR)) this.#keep(tail);
    if (this.#signs.isDone()) return undefined;
    const signs = splitEvents(tail).map(({ name, data }) => this.#signs.read(name, data));
    if (this.#signs.isDone()) this.#keep(tail);
    return this.#signs.isDone() ? signs.find((sign) => sign === 'content') : undefined;
  }

  #break(reason: string): void {
    this.#finish({ kind: 'broken', reason, isTold: false });
  }

  #finish(end: StreamEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#beginning.stop();
    this.#onEnd();
    // A body that is not at its end keeps its connection: let it go.
    this.#source.cancel().catch(() => undefined);
  }
}
