import { tellOthers } from '../answer-choices.ts';
import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { truncated, unreadable } from '../hub-error.ts';
import { asArray, asObject, asString, type JsonObject, parsed } from '../json.ts';
import { eventText, type HubEvent, isContent, type StreamReader } from '../stream.ts';
import { contentTexts, readCitations, tellLostParts } from './read-answer.ts';
import { StreamedCalls } from './read-stream-calls.ts';
import { isFinished, readFinish } from './finish.ts';
import { readReasoning } from './read-reasoning.ts';
import { usageIn } from './usage.ts';

/** Reads a stream of POST /v1/chat/completions. */
export function createStreamReader(exchange: Exchange): StreamReader {
  const reader = new ChatReader(exchange);
  return {
    push: (_event, data) => reader.push(eventText(data)),
    atEndOfBytes: () => reader.atEndOfBytes(),
  };
}

class ChatReader {
  readonly #exchange: Exchange;
  readonly #calls: StreamedCalls;
  #out: HubEvent[] = [];
  #started = false;
  #finished = false;
  /** Whether any content has arrived. */
  #spoken = false;
  #over = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#calls = new StreamedCalls(exchange, (event) => this.#out.push(event));
  }

  push(data: string): readonly HubEvent[] {
    if (this.#over || data === '') return [];
    this.#out = [];
    if (data.trim() === '[DONE]') this.#end();
    else this.#chunk(data);
    this.#spoken ||= this.#out.some(isContent);
    return this.#out;
  }

  atEndOfBytes(): readonly HubEvent[] {
    if (this.#over) return [];
    this.#out = [];
    if (this.#finished) this.#end();
    else this.#fail(truncated());
    return this.#out;
  }

  #end(): void {
    this.#calls.flush();
    this.#spoken ||= this.#out.some(isContent);
    // An answer without content has no valid end.
    if (!this.#finished && !this.#spoken) return this.#fail(truncated());
    this.#over = true;
    if (!this.#finished) this.#out.push({ kind: 'finish', finish: { reason: 'end' } });
    this.#out.push({ kind: 'end' });
  }

  #fail(error: Extract<HubEvent, { kind: 'error' }>['error']): void {
    this.#over = true;
    this.#out.push({ kind: 'error', error });
  }

  #chunk(data: string): void {
    const chunk = asObject(parsed(data));
    if (chunk === undefined) {
      this.#fail(unreadable('an event is not a JSON object'));
      return;
    }
    const error = errorInBody(chunk);
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    if (!this.#started) {
      this.#started = true;
      const { id, model } = chunk;
      this.#out.push({ kind: 'start', upstreamId: asString(id), model: asString(model) });
    }
    const usage = usageIn(chunk) ?? usageIn(asObject(asArray(chunk['choices'])[0]) ?? {});
    const serviceTier = asString(chunk['service_tier']);
    if (usage !== undefined) this.#out.push({ kind: 'usage', usage, serviceTier });
    for (const value of asArray(chunk['choices'])) {
      const choice = asObject(value);
      if (choice === undefined) continue;
      if ((choice['index'] ?? 0) === 0) this.#choice(choice, data);
      else tellOthers([choice], 'choices', this.#exchange);
    }
  }

  #choice(choice: JsonObject, source: string): void {
    const delta = asObject(choice['delta']) ?? asObject(choice['message']);
    const tokens = asArray(asObject(choice['logprobs'])?.['content']);
    if (tokens.length > 0) this.#out.push({ kind: 'logprobs', tokens });
    if (delta !== undefined) this.#delta(delta, source);
    const error = errorInBody(choice);
    if (error !== undefined) return this.#fail(error);
    if (this.#finished || !isFinished(choice)) return;
    const finish = readFinish(choice, this.#exchange);
    this.#calls.flush();
    if ('kind' in finish) this.#fail(finish);
    else this.#out.push({ kind: 'finish', finish });
    this.#finished = true;
  }

  #delta(delta: JsonObject, source: string): void {
    this.#reasoning(delta);
    for (const part of contentTexts(delta['content'])) {
      if (part.kind === 'call') continue;
      this.#calls.flush();
      this.#out.push({ kind: part.kind, text: part.text });
    }
    tellLostParts(delta, 'choices[0].delta', this.#exchange);
    const refusal = asString(delta['refusal']) ?? '';
    if (refusal !== '') this.#out.push({ kind: 'refusal', text: refusal });
    for (const citation of readCitations(delta)) this.#out.push({ kind: 'citation', citation });
    const calls = asArray(delta['tool_calls']);
    for (const [index, call] of calls.entries()) this.#calls.push(asObject(call) ?? {}, { source, index });
    const legacy = asObject(delta['function_call']);
    if (legacy !== undefined) this.#calls.push({ index: -1, function: legacy }, { source, index: -1 });
  }

  /**
   * Reads reasoning. The text is in `reasoning_content` or `reasoning`; seals, and with some servers the text too, are
   * in `reasoning_details`.
   */
  #reasoning(delta: JsonObject): void {
    const text = asString(delta['reasoning_content']) ?? asString(delta['reasoning']) ?? '';
    if (text !== '') this.#out.push({ kind: 'reasoning', text });
    if (!Array.isArray(delta['reasoning_details'])) return;
    for (const detail of readReasoning({ reasoning_details: delta['reasoning_details'] }, '')) {
      if (text === '' && detail.text !== '' && detail.seal === undefined) {
        this.#out.push({ kind: 'reasoning', text: detail.text });
      }
      if (detail.seal !== undefined) {
        this.#out.push({ kind: 'reasoning-end', seal: detail.seal, redacted: detail.redacted });
      }
    }
  }
}
