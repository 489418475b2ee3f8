import type { Provider } from '../config/snapshot.ts';
import { createSseSplitter, type SseSplitter, splitEvents } from '../lib/sse.ts';
import { rewriteModelInEvents } from '../protocols/model-name.ts';
import type { Protocol, StreamReader, StreamSign, Usage } from '../protocols/protocol.ts';
import type { Defect, Outcome } from '../routing/outcome.ts';
import type { AnswerStream, StreamEnd } from './answer.ts';
import { readChunk } from './body-reader.ts';
import { conceal } from './redact.ts';
import { decodedBody } from './decoded-body.ts';
import type { AnswerText } from '../usage/estimate-usage.ts';
import type { Reading, Reply, Verdict } from './verdict.ts';
import { type Leash, outcomeOfCut } from './attempt-timeouts.ts';
import type { ByteSource, Taken } from './ports.ts';
import { type ByteSink, pump } from './pipe.ts';

/** An event larger than this is no event: the stream is given up. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** After its last word a provider may take this long to close: a connection that ends well is used again. */
const LINGER_MS = 1_000;

/** After the reason for the end there may still come usage and a last word. */
const LINGER_AFTER_FINISH_MS = 5_000;

/** As much as is handed to the runtime at once. */
const PIECE_BYTES = 64 * 1024;

/** Enough events to know how many characters make a token here; more would only be memory. */
const SAMPLE_BYTES = 2 * 1024;

const LEFT = { kind: 'left' } as const;

const LF = 0x0a;
const CR = 0x0d;

/** Holds a stream of events back until its first content, and so finds out whether it is an answer at all. */
export async function openEventStream(reply: Reply, reading: Reading): Promise<Verdict> {
  const { source, headers } = decodedBody(reply);
  const stream = new EventStream(source, reading);
  const outcome = await stream.hold(reply.status);
  if (outcome.kind !== 'answered') return { outcome };
  return { outcome, answer: { kind: 'streamed', status: reply.status, headers, stream } };
}

/**
 * One streamed answer.
 *
 * It is **holding** until `hold` has seen the first content: nothing has gone to the client, and a failure can still
 * be routed around. Then it is **committed**: whole events go on as they come, half ones wait for their rest and are
 * dropped if it does not come. It has **ended** with the protocol's own word (`complete`), without it (`broken`), or
 * by the client (`left`). The end of the bytes alone is never taken for the end of the answer.
 */
class EventStream implements AnswerStream {
  readonly takesEvents = true;
  readonly #source: ByteSource;
  readonly #provider: Provider;
  readonly #protocol: Protocol;
  readonly #signs: StreamReader;
  readonly #splitter: SseSplitter = createSseSplitter(MAX_EVENT_BYTES);
  readonly #leash: Leash;
  readonly #hidesUsage: boolean;
  readonly #shownModel: string | undefined;
  readonly #onEnd: () => void;
  readonly #held: Uint8Array[] = [];
  /** The first events with content, of which the text is read if nobody says how many tokens it was. */
  readonly #sample: Uint8Array[] = [];
  #sampleBytes = 0;
  /** Bytes of all events so far. */
  #bytes = 0;
  #end: StreamEnd | undefined;

  constructor(source: ByteSource, { call, provider, leash, hidesUsage, shownModel, onEnd }: Reading) {
    this.#source = source;
    this.#provider = provider;
    this.#protocol = call.plan.protocol;
    this.#signs = this.#protocol.readStream();
    this.#leash = leash;
    this.#hidesUsage = hidesUsage;
    this.#shownModel = shownModel;
    this.#onEnd = onEnd;
  }

  /** Reads up to the first content. Any other outcome than `answered` has ended the stream. */
  async hold(status: number): Promise<Outcome> {
    for (;;) {
      const chunk = await readChunk(this.#source, this.#leash);
      const sign = typeof chunk === 'string' ? this.#takeTail() : this.#hold(chunk);
      if (sign === 'content') {
        this.#leash.answered();
        return { kind: 'answered' };
      }
      if (sign === undefined && typeof chunk !== 'string') continue;
      const cut = this.#leash.cause;
      this.#finish({ kind: 'broken', reason: 'no content', isTold: false });
      if (cut !== undefined) return outcomeOfCut(cut);
      const defect: Defect =
        sign === 'error' ? 'error-event' : chunk === 'broken' ? 'truncated' : 'no-content';
      return { kind: 'failed', status, defect, retryAfterMs: undefined, fault: 'provider' };
    }
  }

  async pumpTo(sink: ByteSink): Promise<StreamEnd> {
    const isFull = this.#flush(sink);
    if (isFull !== undefined) await isFull;
    if (this.#end === undefined) {
      const ending = await pump(this.#source, this.#leash, (chunk) => this.#forward(chunk, sink));
      if (ending !== 'stop') this.#endOfBytes(ending);
      await this.#flush(sink);
    }
    return this.#end ?? LEFT;
  }

  cancel(): void {
    this.#leash.cut('client-left');
    this.#finish(LEFT);
  }

  usage(): Usage | undefined {
    return this.#signs.usage();
  }

  text(): AnswerText {
    const { sample, chars } = this.#protocol.textOf(Buffer.concat(this.#sample));
    // The envelope of an event is as long as that of the next: its text is the same part of the bytes throughout.
    const share = this.#sampleBytes === 0 ? 0 : this.#bytes / this.#sampleBytes;
    return { sample, chars: Math.round(chars * share) };
  }

  isDone(): boolean {
    return this.#signs.isDone();
  }

  /** Keeps a chunk's events. Returns what decides: content, an error, or an end; undefined: nothing yet. */
  #hold(chunk: Uint8Array): StreamSign | undefined {
    const block = this.#splitter.push(chunk);
    if (block === undefined) return 'error';
    if (block.byteLength === 0) return undefined;
    return this.#read(block).find((sign) => sign === 'content' || sign === 'error' || sign === 'done');
  }

  /** Sends a chunk's events on: as they are where they hold nothing but content, else after a look at each. */
  #forward(chunk: Uint8Array, sink: ByteSink): Taken {
    if (this.#end !== undefined) return 'stop';
    const block = this.#splitter.push(chunk);
    if (block === undefined) {
      this.#break('an event is too large');
      return 'stop';
    }
    if (block.byteLength === 0) return undefined;
    const isContent = this.#signs.skim(block);
    if (isContent && this.#passesUntouched(block)) {
      this.#bytes += block.byteLength;
      return sink.write(block);
    }
    if (isContent) this.#keep(block);
    else this.#read(block);
    return this.#end === undefined ? this.#flush(sink) : 'stop';
  }

  /** Whether events that are only content need nothing done to them. */
  #passesUntouched({ byteLength }: Uint8Array): boolean {
    return byteLength <= PIECE_BYTES && this.#shownModel === undefined && this.#sampleBytes >= SAMPLE_BYTES;
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
        this.#keep(conceal(block.subarray(from, end), this.#provider));
        this.#finish({ kind: 'broken', reason: 'the provider reported an error', isTold: true });
        return signs;
      }
      if (sign === 'done') this.#leash.linger(LINGER_MS);
      else if (!wasDone && this.#signs.isDone()) this.#leash.linger(LINGER_AFTER_FINISH_MS);
    }
    if (from < block.byteLength) this.#keep(from === 0 ? block : block.subarray(from));
    return signs;
  }

  /** Puts whole events in line for the client. */
  #keep(events: Uint8Array): void {
    this.#bytes += events.byteLength;
    if (this.#sampleBytes < SAMPLE_BYTES) this.#addToSample(events);
    this.#held.push(this.#shownModel === undefined ? events : rewriteModelInEvents(events, this.#shownModel));
  }

  /** A large block is cut and copied: a view on it would keep all of it for as long as the stream lasts. */
  #addToSample(events: Uint8Array): void {
    const missing = SAMPLE_BYTES - this.#sampleBytes;
    const part = events.byteLength > missing ? events.slice(0, missing) : events;
    this.#sample.push(part);
    this.#sampleBytes += part.byteLength;
  }

  /** Sends on what is in line; the promise says that the client is behind. */
  #flush(sink: ByteSink): Promise<unknown> | undefined {
    if (this.#end?.kind === 'left') return undefined;
    const [first, ...more] = this.#held.splice(0);
    if (first === undefined) return undefined;
    if (more.length === 0 && first.byteLength <= PIECE_BYTES) return sink.write(first);
    return this.#sendInPieces([first, ...more], sink);
  }

  /** The runtime copies what the client does not take at once: a large event goes as fast as it is taken. */
  async #sendInPieces(blocks: readonly Uint8Array[], sink: ByteSink): Promise<void> {
    for (const bytes of blocks) {
      for (let from = 0; from < bytes.byteLength; from += PIECE_BYTES) {
        await sink.write(bytes.subarray(from, from + PIECE_BYTES));
        if (this.#end?.kind === 'left') return;
      }
    }
  }

  /** The bytes are at their end, in order or not: whether the answer is depends on what was said before. */
  #endOfBytes(end: 'end' | 'broken'): void {
    const { cause } = this.#leash;
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
    this.#onEnd();
    // A body that is not at its end keeps its connection: let it go.
    this.#source.cancel().catch(() => undefined);
  }
}
