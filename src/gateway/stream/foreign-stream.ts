import { createSseSplitter, splitEvents, type SseSplitter } from '../../lib/sse.ts';
import type { Protocol, StreamReader, Usage } from '../../protocols/protocol.ts';
import type { ReportedError } from '../../protocols/reported-error.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { Beginning, type Held } from './beginning.ts';
import { openByteStream } from '../body/byte-stream.ts';
import { redact } from '../redact.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import { MAX_EVENT_BYTES } from './sse-reading.ts';
import { judgeReport } from '../classify-report.ts';
import { type AttemptTimeouts, outcomeOfAbort } from '../attempt-timeouts.ts';
import type { ByteSource, Backpressure } from '../ports.ts';
import { type ByteSink, pipe } from '../body/pipe.ts';
import { isOtherText, NOTHING, prefixed } from '../body/sniffed-body.ts';
import type { ReplyContext, Reply, Classification } from '../classification.ts';

/**
 * Forwards an event stream of an unknown API: images, transcriptions, runs. Holds it back until its first event that
 * is not an error. The reply's body must not be compressed.
 */
export async function openForeignStream(reply: Reply, reading: ReplyContext): Promise<Classification> {
  const { status, headers } = reply;
  const stream = new ForeignStream(reply.body ?? NOTHING, reading);
  const held = await stream.hold(status);
  if (held.kind === 'committed') {
    return { outcome: { kind: 'answered' }, answer: { kind: 'streamed', status, headers, stream } };
  }
  if (held.kind === 'no-events') return openByteStream({ ...reply, body: held.body }, reading);
  if (held.kind !== 'error') return { outcome: held };
  return judgeReport(held.report, { reply, reading, defect: 'error-event', events: held.events });
}

const COMMITTED: Held = { kind: 'committed' };
const NO_BYTES = new Uint8Array(0);

/**
 * A stream whose API has no known end marker. It is **complete** when its connection closes in order, and **broken**
 * otherwise; only silence ends it early. It forwards whole events, so that an error event can be inserted between
 * them. A provider's error event is forwarded like any other, because more events may follow it.
 */
class ForeignStream implements AnswerStream {
  readonly takesEvents = true;
  readonly #source: ByteSource;
  readonly #reading: ReplyContext;
  readonly #protocol: Protocol;
  readonly #signs: StreamReader;
  readonly #timeouts: AttemptTimeouts;
  readonly #splitter: SseSplitter = createSseSplitter(MAX_EVENT_BYTES);
  readonly #beginning: Beginning;
  #held: Uint8Array[] = [];
  #hasContent = false;
  #hasFailed = false;
  #end: StreamEnd | undefined;

  constructor(source: ByteSource, reading: ReplyContext) {
    this.#source = source;
    this.#reading = reading;
    this.#protocol = reading.protocol;
    this.#signs = this.#protocol.readStream();
    this.#timeouts = reading.timeouts;
    this.#beginning = new Beginning(source, reading);
  }

  /**
   * Reads up to the first event that is not an error. Any result other than `committed` means that the stream has
   * ended.
   */
  async hold(status: number): Promise<Held> {
    for (let isFirst = true; ; isFirst = false) {
      const chunk = await this.#beginning.next();
      if (chunk === 'commit') return COMMITTED;
      if (isFirst && typeof chunk !== 'string' && isOtherText(chunk))
        return { kind: 'no-events', body: prefixed(chunk, this.#source) };
      const events = chunk === 'end' ? this.#splitter.takeTail() : chunk === 'broken' ? NO_BYTES : chunk;
      const block = chunk === 'end' ? events : this.#splitter.push(events);
      if (block === undefined) return this.#fail(status, 'broken');
      const report = this.#note(block);
      if (report !== undefined && !this.#hasContent) {
        this.#finish({ kind: 'broken', reason: 'the provider reported an error', isErrorForwarded: false });
        return { kind: 'error', report, events: NO_BYTES };
      }
      if (block.byteLength > 0) this.#held.push(this.#shown(block, report));
      if (this.#hasContent) return this.#begun(chunk === 'end');
      if (typeof chunk === 'string') return this.#fail(status, chunk);
      if (this.#beginning.alive(false)) return COMMITTED;
    }
  }

  #begun(isAll: boolean): Held {
    if (isAll) this.#finish(this.#orderlyEnd());
    this.#beginning.stop();
    this.#timeouts.answered();
    return COMMITTED;
  }

  async pipeTo(sink: ByteSink): Promise<StreamEnd> {
    for (const block of this.#held.splice(0)) {
      const isFull = sink.write(block);
      if (isFull !== undefined) await isFull;
    }
    if (this.#end !== undefined) return this.#end;
    const pending = await this.#beginning.takePending();
    if (typeof pending === 'string') return this.#endOfBytes(pending, sink);
    if (pending !== undefined) await this.#forward(pending, sink);
    const ending = await pipe(this.#source, this.#timeouts, {
      take: (chunk) => this.#forward(chunk, sink),
    });
    return this.#endOfBytes(ending === 'stop' ? 'broken' : ending, sink);
  }

  cancel(): void {
    this.#timeouts.abort('client-left');
    this.#finish({ kind: 'left' });
  }

  usage(): Usage | undefined {
    return this.#signs.usage();
  }

  text(): AnswerText {
    return { sample: '', chars: 0 };
  }

  /** Whether the stream has sent a marker that many APIs end with, for clients that disconnect right after it. */
  isDone(): boolean {
    return this.#end?.kind === 'complete' || this.#signs.isDone();
  }

  errorEvent(error: { readonly message: string; readonly code: string }): string {
    return this.#protocol.errorEvent(error);
  }

  #forward(chunk: Uint8Array, sink: ByteSink): Backpressure {
    if (this.#end !== undefined) return 'stop';
    const block = this.#splitter.push(chunk);
    if (block === undefined) {
      this.#finish({ kind: 'broken', reason: 'an event is too large', isErrorForwarded: false });
      return 'stop';
    }
    if (block.byteLength === 0) return undefined;
    if (this.#hasContent && this.#signs.skim(block)) return sink.write(block);
    const report = this.#note(block);
    if (this.#hasContent) this.#timeouts.answered();
    else this.#timeouts.alive();
    return sink.write(this.#shown(block, report));
  }

  /** Examines each event of a block, and returns the last error that one of them reports. */
  #note(block: Uint8Array): ReportedError | undefined {
    let report: ReportedError | undefined;
    for (const { name, data } of splitEvents(block)) {
      if (data.length === 0) continue;
      const sign = this.#signs.read(name, data);
      const error = sign === 'error' ? this.#signs.error() : undefined;
      if (error !== undefined) report = error;
      // Unreadable data is acceptable, since an unknown API need not send JSON.
      else if (name !== 'error') this.#hasContent = true;
      this.#hasFailed = error !== undefined || name === 'error';
    }
    return report;
  }

  #shown(block: Uint8Array, report: ReportedError | undefined): Uint8Array {
    return report === undefined ? block : redact(block, this.#reading.provider);
  }

  #fail(status: number, ending: 'end' | 'broken'): Held {
    const { cause } = this.#timeouts;
    this.#finish({ kind: 'broken', reason: 'no content', isErrorForwarded: false });
    if (cause !== undefined) return outcomeOfAbort(cause);
    const defect = ending === 'end' ? 'no-content' : 'truncated';
    return { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' };
  }

  async #endOfBytes(ending: 'end' | 'broken', sink: ByteSink): Promise<StreamEnd> {
    const { cause } = this.#timeouts;
    if (cause === 'client-left') return this.#finish({ kind: 'left' });
    if (cause === undefined && ending === 'end') {
      const tail = this.#splitter.takeTail();
      if (tail.byteLength > 0) await sink.write(this.#shown(tail, this.#note(tail)));
      return this.#finish(this.#orderlyEnd());
    }
    // The provider sent its end marker and then kept the connection open.
    if (cause === 'idle' && this.#signs.isDone()) return this.#finish({ kind: 'complete' });
    const reason = cause === undefined ? 'the connection ended' : `${cause} limit`;
    return this.#finish({ kind: 'broken', reason, isErrorForwarded: false });
  }

  /** A stream whose last event is an error has ended with the provider's own error. */
  #orderlyEnd(): StreamEnd {
    if (!this.#hasFailed) return { kind: 'complete' };
    return { kind: 'broken', reason: 'the provider reported an error', isErrorForwarded: true };
  }

  #finish(end: StreamEnd): StreamEnd {
    if (this.#end === undefined) {
      this.#end = end;
      this.#beginning.stop();
      this.#reading.end();
      this.#source.cancel().catch(() => undefined);
    }
    return this.#end;
  }
}
