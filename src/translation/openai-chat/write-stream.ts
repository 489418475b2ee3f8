import type { AnswerReasoning } from '../answer.ts';
import { chatErrorBody } from '../errors.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import type { Finish } from '../finish.ts';
import { type JsonTree, writeJson } from '../json.ts';
import type { EventOf, HubEvent, StreamWriter } from '../stream.ts';
import { createTextStreamWriter } from '../text-writer.ts';
import { completed, type Usage } from '../usage.ts';
import { writeFinish } from './finish.ts';
import { sealedId, tellTextSeal, writeDetail } from './write-answer.ts';
import { writeUsage } from './usage.ts';

/** Writes the stream of a Chat client. */
export function createStreamWriter(exchange: Exchange): StreamWriter {
  const writer = new ChatWriter(exchange);
  return createTextStreamWriter({
    push: (event) => writer.push(event),
    begin: () => writer.begin(),
    fail: (error) => `data: ${writeJson(chatErrorBody(error))}\n\n`,
  });
}

/** The maximum number of characters of a reasoning block that are kept until its end. */
const MAX_HELD_CHARS = 64 * 1024 * 1024;

class ChatWriter {
  readonly #exchange: Exchange;
  /** The constant text before a chunk's delta. */
  #prefix = '';
  #model: string | undefined;
  readonly #tail: string;
  readonly #calls = new Map<string, { readonly k: number; readonly freeform: boolean; empty: boolean }>();
  /** The open reasoning block, repeated together with its seal. */
  #reasoning: string[] = [];
  /** The last block that ended without a seal, which may arrive later. */
  #unsealed: string[] = [];
  #heldChars = 0;
  #refused = false;
  #usage: Usage | undefined;
  #logprobs: readonly unknown[] = [];

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#tail = exchange.conversation.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
  }

  /** Writes the first chunk, which carries the role. */
  begin(): string {
    if (this.#prefix !== '') return '';
    const { suffix, now } = this.#exchange;
    const model = JSON.stringify(modelInAnswer(this.#exchange, this.#model));
    const id = JSON.stringify(`chatcmpl-${suffix}`);
    this.#prefix = `data: {"id":${id},"object":"chat.completion.chunk","created":${now},"model":${model},"choices":[`;
    return this.#delta('{"role":"assistant","content":""}');
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
        return this.begin() + this.#delta(`{"content":${JSON.stringify(event.text)}}`);
      case 'refusal':
        this.#refused = true;
        return this.begin() + this.#delta(`{"refusal":${JSON.stringify(event.text)}}`);
      case 'reasoning':
        this.#hold(event.text);
        return this.begin() + this.#delta(`{"reasoning_content":${JSON.stringify(event.text)}}`);
      case 'reasoning-end':
        return this.#reasoningEnd(event);
      case 'late-seal':
        this.#reasoning = this.#unsealed;
        return this.#reasoningEnd({ ...event, redacted: false });
      case 'call':
        return this.begin() + this.#call(event);
      case 'arguments':
        return this.#arguments(event.key, event.json);
      case 'call-end':
        return this.#calls.get(event.key)?.empty === true ? this.#arguments(event.key, '{}') : '';
      case 'logprobs':
        this.#logprobs = [...this.#logprobs, ...event.tokens];
        return '';
      case 'citation':
        this.#exchange.losses.dropped('annotations', 'a stream of this API has no citations');
        return '';
      case 'finish':
        return this.#finish(event.finish);
      case 'end':
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      case 'part-end':
        tellTextSeal(event.seal, this.#exchange);
        return '';
      case 'error':
        return '';
    }
  }

  /**
   * Collects reasoning text. Discards a block that is too long: its seal is sent without the text and cannot be used.
   */
  #hold(text: string): void {
    this.#heldChars += text.length;
    if (this.#heldChars <= MAX_HELD_CHARS) this.#reasoning.push(text);
    else this.#reasoning = [];
  }

  #delta(delta: string, finish = 'null'): string {
    const tokens = this.#logprobs;
    this.#logprobs = [];
    const logprobs = tokens.length === 0 ? 'null' : writeJson({ content: tokens, refusal: null });
    return `${this.#prefix}{"index":0,"delta":${delta},"logprobs":${logprobs},"finish_reason":${finish}}]${this.#tail}`;
  }

  #reasoningEnd({ seal, redacted }: Pick<AnswerReasoning, 'seal' | 'redacted'>): string {
    const text = seal === undefined ? '' : this.#reasoning.join('');
    this.#unsealed = seal === undefined ? this.#reasoning : [];
    this.#reasoning = [];
    this.#heldChars = 0;
    const detail = writeDetail({ text, seal, redacted }, this.#exchange);
    return detail === undefined ? '' : this.begin() + this.#delta(writeJson({ reasoning_details: [detail] }));
  }

  #call(call: EventOf<'call'>): string {
    const k = this.#calls.size;
    const freeform = call.form === 'freeform';
    const { id, extra } = sealedId(call, this.#exchange);
    this.#calls.set(call.key, { k, freeform, empty: !freeform });
    if (this.#exchange.conversation.legacyFunctions) {
      if (k === 0) return this.#delta(writeJson({ function_call: { name: call.name, arguments: '' } }));
      this.#exchange.losses.dropped(call.path ?? 'tool_calls', 'the client accepts only one call');
      return '';
    }
    const written: JsonTree = freeform
      ? { index: k, id, type: 'custom', custom: { name: call.name, input: '' } }
      : {
          index: k,
          id,
          type: 'function',
          function: { name: call.name, arguments: '' },
          extra_content: extra,
        };
    return this.#delta(writeJson({ tool_calls: [written] }));
  }

  #arguments(key: string, json: string): string {
    const call = this.#calls.get(key);
    if (call === undefined) return '';
    call.empty = false;
    const text = JSON.stringify(json);
    if (this.#exchange.conversation.legacyFunctions) {
      return call.k === 0 ? this.#delta(`{"function_call":{"arguments":${text}}}`) : '';
    }
    const inner = call.freeform ? `"custom":{"input":${text}}` : `"function":{"arguments":${text}}`;
    return this.#delta(`{"tool_calls":[{"index":${call.k},${inner}}]}`);
  }

  #finish(finish: Finish): string {
    const explanation = this.#refused ? undefined : finish.refusal?.explanation;
    const role = this.begin();
    const refusal = explanation === undefined ? '' : this.#delta(writeJson({ refusal: explanation }));
    return role + refusal + this.#delta('{}', JSON.stringify(writeFinish(finish, this.#exchange)));
  }

  #usageChunk(): string {
    const usage = this.#exchange.conversation.includeUsage ? writeUsage(this.#usage) : undefined;
    return usage === undefined ? '' : `${this.#prefix}],"usage":${writeJson(usage)}}\n\n`;
  }
}
