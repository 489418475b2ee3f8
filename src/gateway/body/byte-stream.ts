import type { Usage } from '../../protocols/protocol.ts';
import type { AnswerStream, StreamEnd } from '../answer.ts';
import { readChunk } from './body-reader.ts';
import type { AnswerText } from '../../usage/estimate-usage.ts';
import type { ByteSource } from '../ports.ts';
import { type ByteSink, pipe } from './pipe.ts';
import { judgeReport } from '../classify-report.ts';
import { redactedSource } from './redacted-source.ts';
import { createUsageTap, type UsageTap } from '../stream/usage-tap.ts';
import type { ReplyContext, Reply, Classification } from '../classification.ts';
import { outcomeOfAbort } from '../attempt-timeouts.ts';
import { beginsLikeReport, mayBeReport, MOST_REPORT_BYTES, reportInstead } from './whole-report.ts';
import { NO_TEXT } from '../../protocols/text.ts';

/** Answers up to this size are buffered, because the runtime sends a content length only for a complete body. */
const MAX_HELD_BYTES = 1024 * 1024;

/** Answers that take longer are forwarded as they arrive. */
const MAX_HELD_MS = 50;

/**
 * Forwards an answer that the gateway does not judge (audio, images, files) once its first byte has arrived. Buffers
 * small ones of known length if that is fast. If the answer is JSON, reads its usage in passing.
 */
export async function openByteStream(reply: Reply, reading: ReplyContext): Promise<Classification> {
  const { status, headers, body } = reply;
  const { timeouts } = reading;
  const { clock } = reading.gateway;
  if (body === null) return wholeAnswer(reply, [], undefined);
  const source = redactedSource(body, headers, reading.provider);
  // The answer to a GET is stored content, whose tokens were counted when it was generated.
  const isMade = reading.planned.request.method === 'POST';
  const tap = isMade ? createUsageTap(headers) : undefined;
  const mayReport = isMade && mayBeReport(headers);
  const held = new HeldBody(Number(headers.get('content-length') ?? Number.NaN), mayReport);
  while (!held.isWhole()) {
    const chunk = await readChunk(source, timeouts);
    if (timeouts.cause !== undefined) return { outcome: outcomeOfAbort(timeouts.cause) };
    if (chunk === 'end') break;
    if (chunk === 'broken') return truncated(status);
    if (held.chunks.length === 0) timeouts.answered();
    tap?.push(chunk);
    if (!held.push(chunk, clock.nowMs()))
      return streamedAnswer(reply, new ByteStream(held.chunks, { source, tap }, reading));
  }
  const report = mayReport ? await judgedReport(reply, held, reading) : undefined;
  return report ?? wholeAnswer(reply, held.chunks, tap?.usage());
}

/** The beginning of an answer that may be sent as a whole. */
class HeldBody {
  readonly chunks: Uint8Array[] = [];
  readonly #length: number;
  #bytes = 0;
  #firstAtMs = 0;
  #mayReport: boolean;

  /** `length` is NaN if it is unknown. */
  constructor(length: number, mayReport: boolean) {
    this.#length = length;
    this.#mayReport = mayReport;
  }

  isWhole(): boolean {
    return this.#bytes === this.#length;
  }

  /** Adds a chunk. Returns false if no more may be held. */
  push(chunk: Uint8Array, nowMs: number): boolean {
    if (this.chunks.length === 0) {
      this.#firstAtMs = nowMs;
      this.#mayReport &&= beginsLikeReport(chunk);
    }
    this.chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.isWhole() || (this.#mayReport && this.#bytes <= MOST_REPORT_BYTES)) return true;
    return this.#length <= MAX_HELD_BYTES && nowMs - this.#firstAtMs < MAX_HELD_MS;
  }

  /** The whole body; undefined if it is larger than the report of an error. */
  report(): Uint8Array | undefined {
    return this.#bytes > MOST_REPORT_BYTES ? undefined : Buffer.concat(this.chunks);
  }
}

/** How a whole answer is judged that is nothing but an error. */
async function judgedReport(
  reply: Reply,
  held: HeldBody,
  reading: ReplyContext,
): Promise<Classification | undefined> {
  const bytes = held.report();
  const report = bytes && (await reportInstead(bytes, reply.headers.get('content-encoding')));
  return report && judgeReport(report, { reply, reading, defect: 'error-object', events: new Uint8Array() });
}

function streamedAnswer({ status, headers }: Reply, stream: AnswerStream): Classification {
  return { outcome: { kind: 'answered' }, answer: { kind: 'streamed', status, headers, stream } };
}

function truncated(status: number): Classification {
  return {
    outcome: { kind: 'failed', status, defect: 'truncated', retryAfterMs: undefined, fault: 'provider' },
  };
}

function wholeAnswer(
  { status, headers }: Reply,
  chunks: readonly Uint8Array[],
  usage: Usage | undefined,
): Classification {
  const [first] = chunks;
  const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  return {
    outcome: { kind: 'answered' },
    answer: { kind: 'whole', status, headers, bytes, usage, text: NO_TEXT },
  };
}

/** A body that ends with its connection's framing, the only end marker it has. */
class ByteStream implements AnswerStream {
  readonly takesEvents = false;
  readonly #source: ByteSource;
  readonly #context: ReplyContext;
  readonly #held: readonly Uint8Array[];
  readonly #tap: UsageTap | undefined;
  #end: StreamEnd | undefined;

  constructor(
    held: readonly Uint8Array[],
    { source, tap }: { readonly source: ByteSource; readonly tap: UsageTap | undefined },
    context: ReplyContext,
  ) {
    this.#held = held;
    this.#source = source;
    this.#tap = tap;
    this.#context = context;
  }

  async pipeTo(sink: ByteSink): Promise<StreamEnd> {
    for (const chunk of this.#held) {
      const isFull = sink.write(chunk);
      if (isFull !== undefined) await isFull;
    }
    const ending = await pipe(this.#source, this.#context.timeouts, {
      take: (chunk) => {
        if (this.#end !== undefined) return 'stop';
        this.#tap?.push(chunk);
        return sink.write(chunk);
      },
    });
    return this.#finish(this.#endOf(ending));
  }

  cancel(): void {
    this.#context.timeouts.abort('client-left');
    this.#finish({ kind: 'left' });
  }

  usage(): Usage | undefined {
    return this.#end?.kind === 'complete' ? this.#tap?.usage() : undefined;
  }

  errorEvent(): string {
    return '';
  }

  text(): AnswerText {
    return { sample: '', chars: 0 };
  }

  isDone(): boolean {
    return this.#end?.kind === 'complete';
  }

  #endOf(ending: 'end' | 'broken' | 'stop'): StreamEnd {
    const { cause } = this.#context.timeouts;
    if (cause === 'client-left') return { kind: 'left' };
    if (ending === 'end' && cause === undefined) return { kind: 'complete' };
    return {
      kind: 'broken',
      reason: cause === undefined ? 'the connection ended' : `${cause} limit`,
      isErrorForwarded: false,
    };
  }

  #finish(end: StreamEnd): StreamEnd {
    if (this.#end === undefined) {
      this.#end = end;
      this.#context.end();
      this.#source.cancel().catch(() => undefined);
    }
    return this.#end;
  }
}
