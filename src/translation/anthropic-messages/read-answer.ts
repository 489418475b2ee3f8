import type { AnswerPart, AnswerReading, Citation } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { errorInBody } from '../errors.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { formOf } from '../freeform-text.ts';
import { unreadable } from '../hub-error.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asObject, asString, type JsonObject, parsed, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { readFinish } from './finish.ts';
import { readTier, readUsage } from './usage.ts';

/** Reads a whole answer of POST /v1/messages. */
export function readAnswer(text: string, exchange: Exchange): AnswerReading {
  const body = asObject(parsed(text));
  if (body === undefined) return { kind: 'failed', error: unreadable('it is not a JSON object') };
  const error = errorInBody(body);
  if (error !== undefined) return { kind: 'failed', error };
  if (!Array.isArray(body['content'])) return { kind: 'failed', error: unreadable('it has no content') };
  const usage = asObject(body['usage']) ?? {};
  const reader = new BlockReader(text, exchange);
  const parts = asArray(body['content']).flatMap((block, index) => reader.read(asObject(block) ?? {}, index));
  const choice = { parts, finish: readFinish(body, exchange), logprobs: undefined };
  const answer = {
    upstreamId: asString(body['id']),
    model: asString(body['model']),
    choices: [choice],
    usage: readUsage(usage),
    serviceTier: readTier(usage),
  };
  return { kind: 'answer', answer };
}

class BlockReader {
  readonly #text: string;
  readonly #exchange: Exchange;
  #slices: ReadonlyMap<string, string> | undefined;

  constructor(text: string, exchange: Exchange) {
    this.#text = text;
    this.#exchange = exchange;
  }

  read(block: JsonObject, index: number): readonly AnswerPart[] {
    const path = `content[${index}]`;
    switch (block['type']) {
      case 'text': {
        const text = asString(block['text']) ?? '';
        const citations = readCitations(block, `${path}.citations`, this.#exchange);
        return text === ''
          ? []
          : [citations.length === 0 ? { kind: 'text', text } : { kind: 'text', text, citations }];
      }
      case 'thinking': {
        const signature = asString(block['signature']) ?? '';
        const text = asString(block['thinking']) ?? '';
        if (text === '' && signature === '') return [];
        return [{ kind: 'reasoning', text, seal: anthropicSeal(signature, this.#exchange), redacted: false }];
      }
      case 'redacted_thinking': {
        const seal = anthropicSeal(asString(block['data']) ?? '', this.#exchange);
        return [{ kind: 'reasoning', text: '', seal, redacted: true }];
      }
      case 'tool_use':
        return [this.#call(block, index)];
      default:
        this.#exchange.losses.dropped(path, `${asString(block['type']) ?? 'the block'} has no equivalent`);
        return [];
    }
  }

  #call(block: JsonObject, index: number): AnswerPart {
    this.#slices ??= sourceSlices(this.#text, ['content', '*', 'input']);
    const input = this.#slices.get(String(index)) ?? writeJson(block['input'] ?? {});
    const tool = clientTool(this.#exchange, asString(block['name']) ?? '');
    const id = asString(block['id']) ?? '';
    return {
      kind: 'call',
      id: id === '' ? mintedCallId(this.#exchange.suffix, index) : id,
      name: tool.name,
      namespace: tool.namespace,
      ...formOf(tool.form, input, { losses: this.#exchange.losses, path: `content[${index}]` }),
      path: `content[${index}]`,
    };
  }
}

export function anthropicSeal(payload: string, { target }: Exchange): Seal | undefined {
  return payload === '' ? undefined : { origin: 'anthropic', provider: target.provider, payload };
}

function readCitations(block: JsonObject, path: string, exchange: Exchange): readonly Citation[] {
  return asArray(block['citations']).flatMap(
    (value) => citationOf(asObject(value) ?? {}, path, exchange) ?? [],
  );
}

/** Reads a web citation. Citations of documents have no equivalent in other APIs, which is recorded. */
export function citationOf(citation: JsonObject, path: string, { losses }: Exchange): Citation | undefined {
  const url = asString(citation['url']);
  if (url !== undefined) return { url, title: asString(citation['title']) };
  losses.dropped(path, 'citations of documents have no equivalent');
  return undefined;
}
