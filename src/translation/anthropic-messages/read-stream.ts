import type { Citation } from '../answer.ts';
import { errorInBody } from '../errors.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { createFreeformText, type FreeformText } from '../freeform-text.ts';
import { type HubError, truncated, unreadable } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asObject, asString, type JsonObject, parsed, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { eventText, type HubEvent, type StreamReader } from '../stream.ts';
import { readFinish } from './finish.ts';
import { anthropicSeal, citationOf } from './read-answer.ts';
import { mergedReports } from '../usage.ts';
import { readTier, readUsage } from './usage.ts';

/** Reads a stream of POST /v1/messages. */
export function createStreamReader(exchange: Exchange): StreamReader {
  const reader = new MessagesReader(exchange);
  return {
    push: (_event, data) => reader.push(eventText(data)),
    atEndOfBytes: () => reader.atEndOfBytes(),
  };
}

class MessagesReader {
  readonly #exchange: Exchange;
  #out: HubEvent[] = [];
  #over = false;
  #finished = false;
  #usage: JsonObject = {};
  /** The block that began last, until it ends. */
  #block: Block | undefined;
  /** Calls that have not ended, by the index of their block. Some servers interleave parallel calls. */
  readonly #calls = new Map<string, CallBlock>();
  #called = 0;
  /** The last thinking block if it ended without a signature. */
  #unsigned: ThinkingBlock | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  push(data: string): readonly HubEvent[] {
    if (this.#over || data === '' || data.trim() === '[DONE]') return [];
    this.#out = [];
    const event = asObject(parsed(data));
    if (event === undefined) this.#fail(unreadable('an event is not a JSON object'));
    else this.#event(event, data);
    return this.#out;
  }

  atEndOfBytes(): readonly HubEvent[] {
    if (this.#over) return [];
    this.#out = [];
    if (this.#finished) this.#end();
    else this.#fail(truncated());
    return this.#out;
  }

  #event(event: JsonObject, source: string): void {
    switch (event['type']) {
      case 'message_start':
        this.#start(asObject(event['message']) ?? {});
        break;
      case 'content_block_start':
        this.#blockStart(asObject(event['content_block']) ?? {}, event['index'], source);
        break;
      case 'content_block_delta':
        this.#delta(asObject(event['delta']) ?? {}, event['index']);
        break;
      case 'content_block_stop':
        this.#stopAt(event['index']);
        break;
      case 'message_delta':
        this.#messageDelta(event);
        break;
      case 'message_stop':
        this.#end();
        break;
      default: {
        const error =
          errorInBody(event) ??
          (event['type'] === 'error' ? errorInBody({ error: { ...event, type: undefined } }) : undefined);
        if (error !== undefined) this.#fail(error);
      }
    }
  }

  #start(message: JsonObject): void {
    this.#usage = asObject(message['usage']) ?? {};
    const { id, model } = message;
    const usage = readUsage(this.#usage);
    const serviceTier = readTier(this.#usage);
    this.#out.push({ kind: 'start', upstreamId: asString(id), model: asString(model), usage, serviceTier });
  }

  #blockStart(block: JsonObject, index: unknown, source: string): void {
    if (this.#block?.kind !== 'call') this.#blockStop();
    this.#block = undefined;
    const path = `content[${String(index)}]`;
    switch (block['type']) {
      case 'text':
        this.#block = { kind: 'text', citations: [] };
        this.#text('text', block['text']);
        break;
      case 'thinking':
        this.#block = { kind: 'thinking', index, signature: asString(block['signature']) ?? '' };
        this.#text('reasoning', block['thinking']);
        break;
      case 'redacted_thinking': {
        const seal = anthropicSeal(asString(block['data']) ?? '', this.#exchange);
        this.#out.push({ kind: 'reasoning-end', seal, redacted: true });
        break;
      }
      case 'tool_use':
        this.#call(block, index, source);
        break;
      default:
        this.#exchange.losses.dropped(path, `${asString(block['type']) ?? 'the block'} has no equivalent`);
    }
  }

  /** Reads a tool call. Some servers send its complete input in the start event. */
  #call(block: JsonObject, index: unknown, source: string): void {
    // Some servers give several blocks one index.
    const place = String(index);
    const before = this.#calls.get(place);
    if (before !== undefined) this.#blockStop(before);
    const key = String(this.#called++);
    const { name, namespace, form } = clientTool(this.#exchange, asString(block['name']) ?? '');
    const given = asString(block['id']) ?? '';
    const id = given === '' ? mintedCallId(this.#exchange.suffix, Number(place) || 0) : given;
    const path = `content[${place}]`;
    const freeform =
      form === 'freeform' ? createFreeformText({ losses: this.#exchange.losses, path }) : undefined;
    this.#out.push({ kind: 'call', key, id, name, namespace, form, path });
    const input = asObject(block['input']);
    const isWhole = input !== undefined && Object.keys(input).length > 0;
    const call: CallBlock = { kind: 'call', index, key, freeform };
    this.#block = call;
    this.#calls.set(place, call);
    if (!isWhole) return;
    this.#arguments(call, sourceSlices(source, ['content_block', 'input']).get('') ?? writeJson(input));
  }

  /** `index`: the block that the event names. */
  #delta(delta: JsonObject, index: unknown): void {
    switch (delta['type']) {
      case 'text_delta':
        this.#text('text', delta['text']);
        break;
      case 'thinking_delta':
        this.#text('reasoning', delta['thinking']);
        break;
      case 'signature_delta':
        this.#sign(asString(delta['signature']) ?? '', index);
        break;
      case 'input_json_delta':
        this.#arguments(this.#calls.get(String(index)) ?? this.#block, asString(delta['partial_json']) ?? '');
        break;
      case 'citations_delta': {
        const citation = citationOf(
          asObject(delta['citation']) ?? {},
          `content[${String(index)}].citations`,
          this.#exchange,
        );
        this.#cite(citation);
        break;
      }
      default:
    }
  }

  #text(kind: 'text' | 'reasoning', text: unknown): void {
    if (typeof text === 'string' && text !== '') this.#out.push({ kind, text });
  }

  #arguments(block: Block | undefined, json: string): void {
    if (block?.kind !== 'call') return;
    const { key, freeform } = block;
    const piece = freeform === undefined ? json : freeform.push(json);
    if (piece !== '') this.#out.push({ kind: 'arguments', key, json: piece });
  }

  /** Some servers sign a block after its stop, or even after the next one has begun. */
  #sign(signature: string, index: unknown): void {
    if (this.#block?.kind === 'thinking') {
      this.#block.signature = signature;
      return;
    }
    const seal = anthropicSeal(signature, this.#exchange);
    if (seal === undefined || this.#unsigned === undefined || this.#unsigned.index !== index) return;
    this.#unsigned = undefined;
    this.#out.push({ kind: 'late-seal', seal, path: `content[${String(index)}]` });
  }

  /** A citation may come before the text of its block. It is kept until the block ends. */
  #cite(citation: Citation | undefined): void {
    if (citation === undefined) return;
    if (this.#block?.kind === 'text') this.#block.citations.push(citation);
    else this.#out.push({ kind: 'citation', citation });
  }

  /** Ends the block of this index. Ends the open one if the index names none. */
  #stopAt(index: unknown): void {
    const call = this.#calls.get(String(index));
    const isOther = typeof index === 'number' && this.#block?.kind === 'call' && index !== this.#block.index;
    // Without a signature, it stays open until the next one begins.
    const isUnsigned = this.#block?.kind === 'thinking' && this.#block.signature === '';
    if (call !== undefined) this.#blockStop(call);
    else if (!isOther && !isUnsigned) this.#blockStop();
  }

  #blockStop(block: Block | undefined = this.#block): void {
    if (block === this.#block) this.#block = undefined;
    if (block?.kind === 'text') {
      for (const citation of block.citations) this.#out.push({ kind: 'citation', citation });
      this.#out.push({ kind: 'part-end' });
    } else if (block?.kind === 'call') {
      this.#calls.delete(String(block.index));
      this.#out.push({ kind: 'call-end', key: block.key });
    } else if (block?.kind === 'thinking') {
      const seal = anthropicSeal(block.signature, this.#exchange);
      this.#unsigned = seal === undefined ? block : undefined;
      this.#out.push({ kind: 'reasoning-end', seal, redacted: false });
    }
  }

  #stopAll(): void {
    for (const call of this.#calls.values()) this.#blockStop(call);
    this.#blockStop();
  }

  #messageDelta(event: JsonObject): void {
    const usage = asObject(event['usage']);
    if (usage !== undefined) {
      this.#usage = mergedReports(this.#usage, usage);
      this.#out.push({ kind: 'usage', usage: readUsage(this.#usage), serviceTier: readTier(this.#usage) });
    }
    const delta = asObject(event['delta']) ?? {};
    if (this.#finished || typeof delta['stop_reason'] !== 'string') return;
    this.#finished = true;
    this.#stopAll();
    this.#out.push({ kind: 'finish', finish: readFinish(delta, this.#exchange) });
  }

  #end(): void {
    this.#over = true;
    this.#stopAll();
    if (!this.#finished) this.#out.push({ kind: 'finish', finish: { reason: 'end' } });
    this.#out.push({ kind: 'end' });
  }

  #fail(error: HubError): void {
    this.#over = true;
    this.#out.push({ kind: 'error', error });
  }
}

type Block = { readonly kind: 'text'; readonly citations: Citation[] } | ThinkingBlock | CallBlock;

interface ThinkingBlock {
  readonly kind: 'thinking';
  readonly index: unknown;
  signature: string;
}

interface CallBlock {
  readonly kind: 'call';
  /** The place in the answer that the provider names. */
  readonly index: unknown;
  readonly key: string;
  readonly freeform: FreeformText | undefined;
}
