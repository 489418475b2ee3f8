import type { Usage } from '../protocols/protocol.ts';
import type { AnswerStream, StreamEnd } from './answer.ts';
import { readChunk } from './body-reader.ts';
import type { AnswerText } from '../usage/estimate-usage.ts';
import type { ByteSource } from './ports.ts';
import { type ByteSink, pump } from './pipe.ts';
import { createUsageTap, type UsageTap } from './usage-tap.ts';
import { redactedSource } from './redacted-source.ts';
import type { Reading, Reply, Verdict } from './verdict.ts';
import { type Leash, outcomeOfCut } from './attempt-timeouts.ts';
import { NO_TEXT } from '../protocols/text.ts';

/**
 * Passes an answer on whose content is not ours to judge (audio, images, files), once its first byte is there. Where it is
 * JSON, its usage is read as it passes.
 */
export async function openByteStream(reply: Reply, reading: Reading): Promise<Verdict> {
  const { status, headers } = reply;
  if (reply.body === null) return wholeAnswer(reply);
  const source = redactedSource(reply.body, headers, reading.provider);
  const first = await readChunk(source, reading.leash);
  if (reading.leash.cause !== undefined) return { outcome: outcomeOfCut(reading.leash.cause) };
  switch (first) {
    case 'end':
      return wholeAnswer(reply);
    case 'broken':
      return {
        outcome: { kind: 'failed', status, defect: 'truncated', retryAfterMs: undefined, fault: 'provider' },
      };
    default:
      reading.leash.answered();
      return {
        outcome: { kind: 'answered' },
        answer: {
          kind: 'streamed',
          status,
          headers,
          stream: new ByteStream(first, { ...reply, body: source }, reading),
        },
      };
  }
}

function wholeAnswer({ status, headers }: Reply): Verdict {
  return {
    outcome: { kind: 'answered' },
    answer: { kind: 'whole', status, headers, bytes: new Uint8Array(), usage: undefined, text: NO_TEXT },
  };
}

/** Bytes that end when the connection says so: its framing is the only word for the end that there is. */
class ByteStream implements AnswerStream {
  readonly takesEvents = false;
  readonly #source: ByteSource;
  readonly #leash: Leash;
  readonly #onEnd: () => void;
  readonly #first: Uint8Array;
  readonly #tap: UsageTap | undefined;
  #end: StreamEnd | undefined;

  constructor(
    first: Uint8Array,
    { headers, body }: { readonly headers: Headers; readonly body: ByteSource },
    { call, leash, onEnd }: Reading,
  ) {
    this.#first = first;
    this.#source = body;
    // Answers to a GET are what was stored: their tokens were counted when they were made.
    this.#tap = call.request.method === 'POST' ? createUsageTap(headers, call.plan.protocol) : undefined;
    this.#leash = leash;
    this.#onEnd = onEnd;
  }

  async pumpTo(sink: ByteSink): Promise<StreamEnd> {
    this.#tap?.push(this.#first);
    const isFull = sink.write(this.#first);
    if (isFull !== undefined) await isFull;
    const ending = await pump(this.#source, this.#leash, (chunk) => {
      if (this.#end !== undefined) return 'stop';
      this.#tap?.push(chunk);
      return sink.write(chunk);
    });
    return this.#finish(this.#endOf(ending));
  }

  cancel(): void {
    this.#leash.cut('client-left');
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
    const { cause } = this.#leash;
    if (cause === 'client-left') return { kind: 'left' };
    if (ending === 'end' && cause === undefined) return { kind: 'complete' };
    return {
      kind: 'broken',
      reason: cause === undefined ? 'the connection ended' : `${cause} limit`,
      isTold: false,
    };
  }

  #finish(end: StreamEnd): StreamEnd {
    if (this.#end === undefined) {
      this.#end = end;
      this.#onEnd();
      this.#source.cancel().catch(() => undefined);
    }
    return this.#end;
  }
}
