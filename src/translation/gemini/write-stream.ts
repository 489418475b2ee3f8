import { geminiErrorBody } from '../errors.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import type { Finish } from '../finish.ts';
import { HeldArguments } from '../held-arguments.ts';
import { LargeTexts } from '../held-text.ts';
import { type JsonTree, writeJson } from '../json.ts';
import { LATE_SEAL } from '../losses.ts';
import type { EventOf, HubEvent, StreamWriter } from '../stream.ts';
import { createTextStreamWriter } from '../text-writer.ts';
import { completed, type Usage } from '../usage.ts';
import { writeFinish } from './finish.ts';
import { writeLogprobs } from './logprobs.ts';
import { writeUsage } from './usage.ts';
import { callPart, createSealCarrier, type SealCarrier, thought } from './write-answer.ts';

/** Writes the stream for a Gemini client: server-sent events with `alt=sse`, otherwise a JSON array in pieces. */
export function createStreamWriter(exchange: Exchange): StreamWriter {
  const writer = new GeminiWriter(exchange);
  return createTextStreamWriter({
    push: (event) => writer.push(event),
    begin: () => writer.begin(),
    fail: (error) => writer.framed(writeJson(geminiErrorBody(error))),
    texts: writer.texts,
  });
}

/** Whether the client asked for server-sent events. */
export function isSse({ conversation }: Exchange): boolean {
  return conversation.echo['sse'] === true;
}

class GeminiWriter {
  readonly texts = new LargeTexts(false);
  readonly #exchange: Exchange;
  readonly #isSse: boolean;
  readonly #seals: SealCarrier;
  #tail = '';
  #model: string | undefined;
  #hasBegun = false;
  /** The open call. Gemini sends calls whole. */
  #call: { readonly started: EventOf<'call'>; readonly held: HeldArguments } | undefined;
  #logprobs: readonly unknown[] = [];
  #finish: Finish | undefined;
  #usage: Usage | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#isSse = isSse(exchange);
    this.#seals = createSealCarrier(exchange);
  }

  begin(): string {
    return this.#hasBegun ? '' : this.#chunk({ text: '' });
  }

  /** Frames one element of the stream: an event, or the next array element. */
  framed(json: string): string {
    const first = !this.#hasBegun;
    this.#hasBegun = true;
    if (this.#isSse) return `data: ${json}\r\n\r\n`;
    return first ? `[${json}` : `,\r\n${json}`;
  }

  push(event: HubEvent): string {
    switch (event.kind) {
      case 'start':
        this.#model = event.model;
        this.#usage = completed(this.#usage, event.usage);
        return '';
      case 'usage':
        this.#usage = completed(this.#usage, event.usage);
        return '';
      case 'text':
      case 'refusal':
        return this.#chunk(this.#seals.onto({ text: event.text }));
      case 'reasoning':
        return this.#chunk(thought(event.text));
      case 'reasoning-end':
        return this.#seals
          .note(event)
          .map((part) => this.#chunk(part))
          .join('');
      case 'late-seal':
        this.#exchange.losses.dropped(event.path, LATE_SEAL);
        return '';
      case 'call':
        this.#call = { started: event, held: new HeldArguments() };
        return '';
      case 'arguments':
        this.#call?.held.add(event.json);
        return '';
      case 'call-end':
        return this.#callChunk();
      case 'logprobs':
        this.#logprobs = [...this.#logprobs, ...event.tokens];
        return '';
      case 'citation':
        this.#exchange.losses.dropped('annotations', 'the client API has no citations of this kind');
        return '';
      case 'finish':
        this.#finish = event.finish;
        return '';
      case 'end':
        return this.#callChunk() + this.#lastChunk() + (this.#isSse ? '' : ']');
      case 'part-end':
      case 'error':
        return '';
    }
  }

  #callChunk(): string {
    const call = this.#call;
    if (call === undefined) return '';
    this.#call = undefined;
    const { started, held } = call;
    const args = held.object(started, this.#exchange.losses, this.texts);
    return this.#chunk(this.#seals.onto(callPart(started, args)));
  }

  #chunk(part: JsonTree): string {
    this.#tail ||= writeJson({
      modelVersion: modelInAnswer(this.#exchange, this.#model),
      responseId: this.#exchange.suffix,
    }).slice(1);
    const tokens = this.#logprobs;
    this.#logprobs = [];
    const logprobs = tokens.length === 0 ? '' : `,"logprobsResult":${writeJson(writeLogprobs(tokens))}`;
    return this.framed(
      `{"candidates":[{"content":{"role":"model","parts":[${writeJson(part)}]},"index":0${logprobs}}],${this.#tail}`,
    );
  }

  #lastChunk(): string {
    const finish = writeFinish(this.#finish ?? { reason: 'end' }, this.#exchange);
    const part = this.#seals.onto({ text: '' });
    return this.framed(
      writeJson({
        candidates: [{ content: { role: 'model', parts: [part] }, index: 0, ...finish }],
        modelVersion: modelInAnswer(this.#exchange, this.#model),
        responseId: this.#exchange.suffix,
        usageMetadata: writeUsage(this.#usage),
      }),
    );
  }
}
