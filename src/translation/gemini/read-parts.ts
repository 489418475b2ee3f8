import type { AnswerPart, Citation } from '../answer.ts';
import type { Seal } from '../conversation.ts';
import { clientTool, type Exchange } from '../exchange.ts';
import { mintedCallId } from '../ids.ts';
import { asArray, asNumber, asObject, asString, type JsonObject, writeJson } from '../json.ts';
import { formOf } from '../freeform-text.ts';

/** The place of a part in an answer. */
export interface PartPlace {
  /** Its path in the provider's answer, for losses. */
  readonly path: string;
  /** The number of preceding calls in the answer. */
  readonly call: number;
  /** The source text of the arguments. */
  readonly args: string | undefined;
}

/**
 * Converts a part of Gemini's content to the hub's format. Keeps an empty text that has a seal; undefined: the part has
 * no content.
 */
export function readPart(part: JsonObject, exchange: Exchange, place: PartPlace): AnswerPart | undefined {
  const seal = sealOf(part, exchange);
  const call = asObject(part['functionCall']);
  if (call !== undefined) {
    const tool = clientTool(exchange, asString(call['name']) ?? '');
    const id = asString(call['id']) ?? '';
    return {
      kind: 'call',
      id: id === '' ? mintedCallId(exchange.suffix, place.call) : id,
      name: tool.name,
      namespace: tool.namespace,
      ...formOf(tool.form, place.args ?? writeJson(call['args'] ?? {}), {
        losses: exchange.losses,
        path: place.path,
      }),
      seal,
      path: place.path,
    };
  }
  const text = asString(part['text']);
  if (text === undefined) {
    if (Object.keys(part).some((key) => key !== 'thoughtSignature' && key !== 'thought'))
      exchange.losses.dropped(place.path, `${kindOf(part)} has no equivalent`);
    return seal === undefined ? undefined : { kind: 'text', text: '', seal };
  }
  if (part['thought'] === true) {
    return text === '' && seal === undefined ? undefined : { kind: 'reasoning', text, seal, redacted: false };
  }
  return text === '' && seal === undefined ? undefined : { kind: 'text', text, seal };
}

function kindOf(part: JsonObject): string {
  return Object.keys(part).find((key) => key !== 'thoughtSignature' && key !== 'thought') ?? 'an empty part';
}

function sealOf(part: JsonObject, { target }: Exchange): Seal | undefined {
  const payload = asString(part['thoughtSignature']) ?? '';
  return payload === '' ? undefined : { origin: 'gemini', provider: target.provider, payload };
}

/** A source, and the index of the cited part of the content. */
export interface PartCitation {
  readonly part: number;
  readonly citation: Citation;
}

/**
 * Reads the sources that a candidate cites. `textOf` returns the text of a part. Gemini counts UTF-8 bytes, the hub
 * UTF-16 units.
 */
export function readCitations(
  candidate: JsonObject,
  textOf: (part: number) => string,
): readonly PartCitation[] {
  const grounding = asObject(candidate['groundingMetadata']);
  const sources = asArray(grounding?.['groundingChunks']).map(sourceOf);
  return asArray(grounding?.['groundingSupports']).flatMap((value) => {
    const support = asObject(value);
    const segment = asObject(support?.['segment']);
    const part = asNumber(segment?.['partIndex']) ?? 0;
    const bytes = UTF8.encode(textOf(part));
    const start = unitAt(bytes, asNumber(segment?.['startIndex']) ?? 0);
    const end = unitAt(bytes, asNumber(segment?.['endIndex']));
    return asArray(support?.['groundingChunkIndices']).flatMap((index) => {
      const source = sources[asNumber(index) ?? -1];
      const url = asString(source?.['uri']);
      if (url === undefined) return [];
      return [{ part, citation: { url, title: asString(source?.['title']), start, end } }];
    });
  });
}

/** A web page or a place on Google Maps, which have a URL that anybody can open. */
function sourceOf(chunk: unknown): JsonObject | undefined {
  return asObject(asObject(chunk)?.['web']) ?? asObject(asObject(chunk)?.['maps']);
}

/** Records the sources of a candidate that no citation names: documents, and those without a place in the text. */
export function tellLostSources(candidate: JsonObject, at: number, { losses }: Exchange): void {
  const grounding = asObject(candidate['groundingMetadata']);
  const chunks = asArray(grounding?.['groundingChunks']);
  const supports = asArray(grounding?.['groundingSupports']);
  if (chunks.length > 0 && (supports.length === 0 || chunks.some((chunk) => sourceOf(chunk) === undefined)))
    losses.dropped(`candidates[${at}].groundingMetadata`, 'some sources have no equivalent');
  const quoted = asObject(candidate['citationMetadata']);
  if (asArray(quoted?.['citations'] ?? quoted?.['citationSources']).length > 0)
    losses.dropped(`candidates[${at}].citationMetadata`, 'quoted sources have no equivalent');
}

function unitAt(bytes: Uint8Array, offset: number | undefined): number | undefined {
  return offset === undefined ? undefined : DECODER.decode(bytes.subarray(0, offset)).length;
}

const UTF8 = new TextEncoder();
const DECODER = new TextDecoder();
