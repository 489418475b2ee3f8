import { chatErrorBody } from '../errors.ts';
import { type Exchange, modelInAnswer } from '../exchange.ts';
import type { Finish } from '../finish.ts';
import { writeJson } from '../json.ts';
import { writeUsage } from '../openai-chat/usage.ts';
import type { HubEvent, StreamWriter } from '../stream.ts';
import { createTextStreamWriter } from '../text-writer.ts';
import { completed, type Usage } from '../usage.ts';
import { lengthOf, writeLogprobs } from './logprobs.ts';
import { echoedPrompt, tellLost, writeFinish } from './write-answer.ts';

/** Writes the stream for a client of the legacy completions API. */
export function createStreamWriter(exchange: Exchange): StreamWriter {
  const writer = new CompletionsWriter(exchange);
  return createTextStreamWriter({
    push: (event) => writer.push(event),
    begin: () => writer.begin(),
    fail: (error) => `data: ${writeJson(chatErrorBody(error))}\n\n`,
  });
}

class CompletionsWriter {
  readonly #exchange: Exchange;
  readonly #tail: string;
  readonly #hasPrompt: boolean;
  /** The constant text before the choice in each chunk; '' until the first chunk. */
  #prefix = '';
  #model: string | undefined;
  #usage: Usage | undefined;
  #logprobs: readonly unknown[] = [];
  #offset: number;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#tail = exchange.conversation.includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#offset = echoedPrompt(exchange).length;
    this.#hasPrompt = this.#offset > 0;
  }

  /** Writes a chunk that is empty or contains the prompt. */
  begin(): string {
    return this.#prefix === '' ? this.#chunk(echoedPrompt(this.#exchange)) : '';
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
        return this.#echo() + this.#chunk(event.text, 'null', this.#taken());
      case 'logprobs':
        this.#logprobs = [...this.#logprobs, ...event.tokens];
        return '';
      case 'reasoning':
      case 'call':
        tellLost(event.kind, this.#exchange);
        return this.begin();
      case 'citation':
        tellLost(event.kind, this.#exchange);
        return '';
      case 'finish':
        return this.#echo() + this.#finish(event.finish);
      case 'end':
        return `${this.#usageChunk()}data: [DONE]\n\n`;
      case 'reasoning-end':
      case 'late-seal':
      case 'part-end':
      case 'arguments':
      case 'call-end':
      case 'error':
        return '';
    }
  }

  /** The prompt to put before the first text. */
  #echo(): string {
    return this.#hasPrompt ? this.begin() : '';
  }

  #finish(finish: Finish): string {
    return this.#chunk('', JSON.stringify(writeFinish(finish, this.#exchange)), this.#taken());
  }

  #taken(): readonly unknown[] {
    const tokens = this.#logprobs;
    this.#logprobs = [];
    return tokens;
  }

  #chunk(text: string, finish = 'null', tokens: readonly unknown[] = []): string {
    if (this.#prefix === '') this.#prefix = this.#head();
    const logprobs = tokens.length === 0 ? 'null' : writeJson(writeLogprobs(tokens, this.#offset));
    this.#offset += lengthOf(tokens);
    return `${this.#prefix}{"index":0,"text":${JSON.stringify(text)},"logprobs":${logprobs},"finish_reason":${finish}}]${this.#tail}`;
  }

  #head(): string {
    const { suffix, now } = this.#exchange;
    const model = JSON.stringify(modelInAnswer(this.#exchange, this.#model));
    const id = JSON.stringify(`cmpl-${suffix}`);
    return `data: {"id":${id},"object":"text_completion","created":${now},"model":${model},"choices":[`;
  }

  #usageChunk(): string {
    const usage = this.#exchange.conversation.includeUsage ? writeUsage(this.#usage) : undefined;
    return usage === undefined ? '' : `${this.#prefix}],"usage":${writeJson(usage)}}\n\n`;
  }
}
