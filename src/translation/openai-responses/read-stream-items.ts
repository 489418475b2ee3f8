import { clientTool, type Exchange } from '../exchange.ts';
import { createFreeformText, type FreeformText } from '../freeform-text.ts';
import { asArray, asObject, asString, type JsonObject } from '../json.ts';
import { argumentsText } from '../openai-chat/read-calls.ts';
import type { HubEvent } from '../stream.ts';
import { fullLogprobs } from './logprobs.ts';
import { callId, citationOf } from './read-answer.ts';
import { openAiSeal } from './read-items.ts';

/**
 * Collects the items of a Responses stream. Servers omit deltas, or the last ones, or `added`, or everything but the
 * last response. Each text is therefore taken from the first event that contains it, and its rest from a later one. Only
 * the length of each text is kept.
 */
export class StreamedItems {
  readonly #exchange: Exchange;
  readonly #emit: (event: HubEvent) => void;
  /** Items by place. A finished item's place may be reused. */
  readonly #items = new Map<string, Item>();
  #created = 0;
  readonly #callIds = new Set<unknown>();
  /** The open part of a message. */
  #part: string | undefined;

  constructor(exchange: Exchange, emit: (event: HubEvent) => void) {
    this.#exchange = exchange;
    this.#emit = emit;
  }

  /** Reads any event about an item. Ignores unknown events. */
  push(type: string, event: JsonObject): void {
    switch (type) {
      case 'response.output_item.added':
        this.#added(asObject(event['item']) ?? {}, event);
        break;
      case 'response.output_item.done':
        this.#done(asObject(event['item']) ?? {}, this.#itemOf(event));
        break;
      case 'response.output_text.delta':
        this.#text('text', event['delta'], this.#placeOf(event));
        break;
      case 'response.refusal.delta':
        this.#text('refusal', event['delta'], this.#placeOf(event));
        break;
      case 'response.output_text.done':
        this.#lateText('text', event['text'], this.#placeOf(event));
        break;
      case 'response.refusal.done':
        this.#lateText('refusal', event['refusal'], this.#placeOf(event));
        break;
      case 'response.output_text.annotation.added':
        this.#citation(asObject(event['annotation']) ?? {}, this.#itemOf(event));
        break;
      default:
        this.#inner(type, event);
    }
  }

  /**
   * Reads the output of the last event. It counts only for items that were not streamed, or not to their end. Places
   * that several items share tell nothing.
   */
  complete(output: readonly unknown[]): void {
    const items = output.map((value) => asObject(value) ?? {});
    const hasMoreCalls = items.filter(isCall).length > this.#callIds.size;
    const hasMoreMessages =
      items.filter(isMessage).length >
      [...this.#items.values()].filter((item) => typeOf(item) === 'message').length;
    const wereStreamed = this.#created > 0;
    const arePlaces = this.#created === this.#items.size;
    for (const [index, given] of items.entries()) {
      const known = this.#items.get(String(index));
      const isMissing =
        !wereStreamed ||
        (hasMoreCalls && isCall(given) && !this.#callIds.has(given['call_id'])) ||
        (hasMoreMessages && isMessage(given) && known === undefined);
      if (arePlaces && known !== undefined && typeOf(known) === given['type']) this.#done(given, known);
      else if (isMissing) this.#done(given, this.#create(`last ${index}`, { output_index: index }));
    }
  }

  /** Reads events of reasoning and of calls. */
  #inner(type: string, event: JsonObject): void {
    const [, kind, step] = INNER.exec(type) ?? [];
    if (kind === undefined) return;
    const item = this.#itemOf(event);
    const isDelta = step === 'delta';
    if (kind === 'reasoning_summary_text' || kind === 'reasoning_text') {
      const part = Number(event['summary_index'] ?? event['content_index'] ?? 0);
      this.#reasoning(item, { kind, part, text: event[isDelta ? 'delta' : 'text'], isDelta });
    } else {
      const input = isDelta ? event['delta'] : (event['arguments'] ?? event['input']);
      this.#input(item, argumentsText(input), isDelta);
    }
  }

  /**
   * Finds an item by its place in the output, because some servers change the ids from event to event. Uses the id if
   * there is no place.
   */
  #itemOf(event: JsonObject): Item {
    const place = placeIn(event);
    return this.#items.get(place) ?? this.#create(place, event);
  }

  #create(place: string, event: JsonObject): Item {
    const k = this.#created++;
    const index = typeof event['output_index'] === 'number' ? event['output_index'] : k;
    const item: Item = { key: String(k), index, texts: new Map(), isOver: false };
    this.#items.set(place, item);
    return item;
  }

  /** Reads a new item. Some servers give all items the same place. */
  #added(given: JsonObject, event: JsonObject): void {
    const known = this.#itemOf(event);
    const item = known.isOver ? this.#create(placeIn(event), event) : known;
    item.type = given['type'];
    if (isCall(given)) this.#startCall(given, item);
  }

  #startCall(given: JsonObject, item: Item): void {
    if (item.call !== undefined) return;
    const { key, index } = item;
    const { name, namespace, form } = clientTool(this.#exchange, asString(given['name']) ?? '');
    const isCustom = given['type'] === 'custom_tool_call';
    const path = `output[${index}]`;
    const freeform =
      form === 'freeform' && !isCustom
        ? createFreeformText({ losses: this.#exchange.losses, path })
        : undefined;
    item.call = { freeform, received: 0 };
    this.#callIds.add(given['call_id']);
    const id = callId(given, this.#exchange, index);
    this.#emit({ kind: 'call', key, id, name, namespace, form: isCustom ? 'freeform' : form, path });
  }

  /** Reads a piece of the arguments, or what of all of them no delta contained. */
  #input(item: Item, given: string, isDelta: boolean): void {
    const { call, key } = item;
    if (call === undefined || item.isOver) return;
    const text = isDelta ? given : given.slice(call.received);
    if (text === '') return;
    call.received += text.length;
    const json = call.freeform === undefined ? text : call.freeform.push(text);
    if (json !== '') this.#emit({ kind: 'arguments', key, json });
  }

  #done(given: JsonObject, item: Item): void {
    if (item.isOver) return;
    item.type ??= given['type'];
    switch (given['type']) {
      case 'message':
        asArray(given['content']).forEach((part, index) => this.#lastPart(asObject(part) ?? {}, item, index));
        this.#endPart();
        break;
      case 'reasoning':
        this.#endReasoning(given, item);
        break;
      case 'function_call':
      case 'custom_tool_call':
        this.#startCall(given, item);
        this.#input(item, argumentsText(given['arguments'] ?? given['input']), false);
        this.#emit({ kind: 'call-end', key: item.key });
        break;
      default:
        this.#exchange.losses.dropped(
          `output[${item.index}]`,
          `${asString(given['type']) ?? 'the item'} has no equivalent`,
        );
    }
    item.isOver = true;
  }

  /** Reads a complete part of a message: its text, unless an earlier event contained it, and its citations. */
  #lastPart(part: JsonObject, item: Item, index: number): void {
    const isNew = !item.texts.has(index);
    const place = { item, index, tokens: asArray(part['logprobs']) };
    if (part['type'] === 'refusal') this.#lateText('refusal', part['refusal'], place);
    else this.#lateText('text', part['text'], place);
    if (!isNew) return;
    for (const annotation of asArray(part['annotations'])) this.#citation(asObject(annotation) ?? {}, item);
  }

  #placeOf(event: JsonObject): TextPlace {
    const index = Number(event['content_index'] ?? 0);
    return { item: this.#itemOf(event), index, tokens: asArray(event['logprobs']) };
  }

  /** Reads a whole text, of which the deltas contained nothing or only the beginning. */
  #lateText(kind: 'text' | 'refusal', text: unknown, place: TextPlace): void {
    const received = place.item.texts.get(place.index) ?? 0;
    if (typeof text !== 'string') return;
    const tokens = received === 0 ? place.tokens : [];
    this.#text(kind, text.slice(received), { ...place, tokens });
  }

  #text(kind: 'text' | 'refusal', text: unknown, { item, index, tokens }: TextPlace): void {
    if (typeof text !== 'string' || text === '' || item.isOver) return;
    item.texts.set(index, (item.texts.get(index) ?? 0) + text.length);
    const part = `${item.key}.${index}`;
    if (part !== this.#part) this.#endPart();
    this.#part = part;
    if (tokens.length > 0) this.#emit({ kind: 'logprobs', tokens: fullLogprobs(tokens) });
    this.#emit({ kind, text });
  }

  #endPart(): void {
    if (this.#part !== undefined) this.#emit({ kind: 'part-end' });
    this.#part = undefined;
  }

  #citation(annotation: JsonObject, { index }: Item): void {
    const citation = citationOf(annotation, `output[${index}].content`, this.#exchange);
    if (citation !== undefined) this.#emit({ kind: 'citation', citation });
  }

  /** Reads the reasoning's summary or text, whichever comes first. Joins its parts as in a whole answer. */
  #reasoning(item: Item, { kind, part, text, isDelta }: ReasoningPiece): void {
    if (typeof text !== 'string' || text === '' || item.isOver) return;
    if ((item.reasoning ??= kind) !== kind) return;
    const received = item.texts.get(part);
    const piece = isDelta ? text : text.slice(received);
    if (piece === '') return;
    if (received === undefined && item.texts.size > 0) this.#emit({ kind: 'reasoning', text: '\n\n' });
    item.texts.set(part, (received ?? 0) + piece.length);
    this.#emit({ kind: 'reasoning', text: piece });
  }

  #endReasoning(given: JsonObject, item: Item): void {
    const late = (kind: string, list: unknown) =>
      asArray(list).forEach((part, index) =>
        this.#reasoning(item, { kind, part: index, text: asObject(part)?.['text'], isDelta: false }),
      );
    late('reasoning_summary_text', given['summary']);
    late('reasoning_text', given['content']);
    const payload = asString(given['encrypted_content']) ?? '';
    const seal = openAiSeal(payload, asString(given['id']), this.#exchange.target.provider);
    if (seal !== undefined || item.texts.size > 0)
      this.#emit({ kind: 'reasoning-end', seal, redacted: false });
  }
}

const INNER =
  /^response\.(reasoning_summary_text|reasoning_text|function_call_arguments|custom_tool_call_input)\.(delta|done)$/;

function placeIn(event: JsonObject): string {
  const index = event['output_index'];
  if (typeof index === 'number') return String(index);
  return asString(event['item_id']) ?? asString(asObject(event['item'])?.['id']) ?? '';
}

interface Item {
  readonly key: string;
  readonly index: number;
  /** As the event that begins the item names it. */
  type?: unknown;
  /** How many characters of each part's text have arrived. */
  readonly texts: Map<number, number>;
  call?: { readonly freeform: FreeformText | undefined; received: number };
  /** The one of the two reasoning texts that is in use. */
  reasoning?: string;
  isOver: boolean;
}

/** A part of a message, with the log probabilities of its tokens. */
interface TextPlace {
  readonly item: Item;
  readonly index: number;
  readonly tokens: readonly unknown[];
}

interface ReasoningPiece {
  readonly kind: string;
  readonly part: number;
  readonly text: unknown;
  readonly isDelta: boolean;
}

function isMessage(item: JsonObject): boolean {
  return item['type'] === 'message';
}

/** The type of a streamed item. One that no event named is a message if it has a text. */
function typeOf({ type, texts, reasoning }: Item): unknown {
  return type ?? (texts.size > 0 && reasoning === undefined ? 'message' : NEVER);
}

const NEVER = Symbol('unknown');

function isCall(item: JsonObject): boolean {
  return item['type'] === 'function_call' || item['type'] === 'custom_tool_call';
}
