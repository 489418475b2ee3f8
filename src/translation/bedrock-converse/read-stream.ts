import type { Citation } from '../answer.ts';
import { errorOfException } from '../errors.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { createFreeformText, type FreeformText } from '../freeform-text.ts';
import { type HubError, truncated, unreadable } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asNumber, asObject, asString, type JsonObject, parsed } from '../json.ts';
import { eventText, type HubEvent, type StreamReader } from '../stream.ts';
import { readFinish } from './finish.ts';
import { citationOf, isServerTool, sealOf, serviceTierOf, tellForeign } from './read-answer.ts';
import { usageOf } from './usage.ts';

/**
 * Reads the frames of `POST /model/{id}/converse-stream` (`ConverseStreamOutput` of the Bedrock Runtime API). A text
 * block has no start event. The usage comes after `messageStop`, in `metadata`, which is the last event.
 */
export function createStreamReader(exchange: Exchange): StreamReader {
  const reader = new ConverseReader(exchange);
  return {
    push: (event, data) => reader.push(event, eventText(data)),
    atEndOfBytes: () => reader.atEndOfBytes(),
  };
}

const EXCEPTION = 'exception ';

/** The open block: a tool call with its key, or the kind of a block that had no start event. */
interface OpenBlock {
  readonly key: string;
  kind: 'text' | 'reasoning' | 'call' | undefined;
  signature: string;
  freeform: FreeformText | undefined;
  redacted: string | undefined;
  /** Held until the block ends, because a citation may come before its text. */
  readonly citations: Citation[];
  /** Whether Bedrock itself runs the tool, so that its arguments concern nobody else. */
  isServerTool: boolean;
}

class ConverseReader {
  readonly #exchange: Exchange;
  readonly #blocks = new Map<number, OpenBlock>();
  #out: HubEvent[] = [];
  /** The block of the last content. */
  #last: OpenBlock | undefined;
  #calls = 0;
  #finished = false;
  #over = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  push(event: string, data: string): readonly HubEvent[] {
    if (this.#over) return [];
    this.#out = [];
    const payload = data === '' ? {} : asObject(parsed(data));
    if (event.startsWith(EXCEPTION))
      this.#fail(errorOfException(event.slice(EXCEPTION.length), payload ?? {}));
    else if (payload === undefined) this.#fail(unreadable('a frame is not a JSON object'));
    else this.#frame(event, payload);
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
    this.#over = true;
    this.#out.push({ kind: 'end' });
  }

  #fail(error: HubError): void {
    this.#over = true;
    this.#out.push({ kind: 'error', error });
  }

  #frame(event: string, payload: JsonObject): void {
    const index = asNumber(payload['contentBlockIndex']) ?? 0;
    switch (event) {
      case 'messageStart':
        this.#out.push({ kind: 'start' });
        return;
      case 'contentBlockStart':
        this.#start(index, asObject(payload['start']) ?? {});
        return;
      case 'contentBlockDelta':
        this.#delta(this.#blockAt(index), asObject(payload['delta']) ?? {});
        return;
      case 'contentBlockStop':
        this.#stop(index);
        return;
      case 'messageStop':
        this.#finish(payload);
        return;
      case 'metadata': {
        const usage = usageOf(asObject(payload['usage']));
        if (usage !== undefined) {
          this.#out.push({ kind: 'usage', usage, serviceTier: serviceTierOf(payload) });
        }
        if (this.#finished) this.#end();
        return;
      }
      default:
      // Unknown frames are ignored.
    }
  }

  #blockAt(index: number): OpenBlock {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    const block: OpenBlock = {
      key: String(index),
      kind: undefined,
      signature: '',
      redacted: undefined,
      freeform: undefined,
      citations: [],
      isServerTool: false,
    };
    this.#blocks.set(index, block);
    return block;
  }

  #start(index: number, start: JsonObject): void {
    const block = this.#blockAt(index);
    const call = asObject(start['toolUse']);
    if (call === undefined || isServerTool(call)) {
      block.isServerTool = call !== undefined;
      if (Object.keys(start).length > 0) tellForeign(start, index, this.#exchange);
      return;
    }
    block.kind = 'call';
    this.#turnTo(block);
    const tool = clientTool(this.#exchange, asString(call['name']) ?? '');
    if (tool.form === 'freeform') {
      const path = `output.message.content[${index}]`;
      block.freeform = createFreeformText({ losses: this.#exchange.losses, path });
    }
    const id = asString(call['toolUseId']) ?? '';
    this.#out.push({
      kind: 'call',
      key: block.key,
      id: id === '' ? mintedCallId(this.#exchange.suffix, this.#calls) : id,
      name: tool.name,
      form: tool.form,
      namespace: tool.namespace,
      path: `output.message.content[${index}]`,
    });
    this.#calls += 1;
  }

  /** Notes where content arrives. Reasoning that is already signed ends before it. */
  #turnTo(block: OpenBlock): void {
    const before = this.#last;
    if (before !== block && before?.kind === 'reasoning' && before.signature !== '')
      this.#stop(Number(before.key));
    this.#last = block;
  }

  #delta(block: OpenBlock, delta: JsonObject): void {
    if (asString(asObject(delta['reasoningContent'])?.['signature']) === undefined) this.#turnTo(block);
    const text = asString(delta['text']) ?? '';
    if (text !== '') {
      block.kind = 'text';
      this.#out.push({ kind: 'text', text });
    }
    const json = block.isServerTool ? '' : (asString(asObject(delta['toolUse'])?.['input']) ?? '');
    const piece = block.freeform === undefined ? json : block.freeform.push(json);
    if (piece !== '') this.#out.push({ kind: 'arguments', key: block.key, json: piece });
    const reasoning = asObject(delta['reasoningContent']);
    if (reasoning !== undefined) this.#reasoning(block, reasoning);
    const cited = asObject(delta['citation']);
    if (cited === undefined) return;
    const path = `output.message.content[${block.key}].citationsContent`;
    const citation = citationOf(cited, path, this.#exchange);
    if (citation !== undefined) block.citations.push(citation);
  }

  #reasoning(block: OpenBlock, delta: JsonObject): void {
    block.kind = 'reasoning';
    const text = asString(delta['text']) ?? '';
    if (text !== '') this.#out.push({ kind: 'reasoning', text });
    block.signature += asString(delta['signature']) ?? '';
    const redacted = asString(delta['redactedContent']);
    if (redacted !== undefined) block.redacted = (block.redacted ?? '') + redacted;
  }

  #stop(index: number): void {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    if (block === undefined) return;
    for (const citation of block.citations) this.#out.push({ kind: 'citation', citation });
    if (block.kind === 'call') this.#out.push({ kind: 'call-end', key: block.key });
    if (block.kind === 'text') this.#out.push({ kind: 'part-end' });
    if (block.kind !== 'reasoning') return;
    const seal = sealOf(block.redacted ?? block.signature, this.#exchange);
    const redacted = block.redacted !== undefined;
    if (seal === undefined || redacted || block === this.#last)
      this.#out.push({ kind: 'reasoning-end', seal, redacted });
    else this.#out.push({ kind: 'late-seal', seal, path: `output.message.content[${index}]` });
  }

  #finish(payload: JsonObject): void {
    const finish = readFinish(payload, this.#exchange);
    if ('kind' in finish) return this.#fail(finish);
    for (const index of this.#blocks.keys()) this.#stop(index);
    this.#finished = true;
    this.#out.push({ kind: 'finish', finish });
  }
}
