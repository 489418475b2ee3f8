import { choicesIn } from '../answer-choices.ts';
import { AnswerCollector } from '../answer-events.ts';
import type { AnswerPart, AnswerReading, Choice } from '../answer.ts';
import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type HubError, unreadable } from '../hub-error.ts';
import { asArray, asObject, asString, type JsonObject, parsed, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { blockedFinish, readFinish } from './finish.ts';
import { readLogprobs } from './logprobs.ts';
import { readCitations, readPart, tellLostSources } from './read-parts.ts';
import { createStreamReader } from './read-stream.ts';
import { readUsage } from './usage.ts';

/** Reads a whole answer of `:generateContent` (https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse). */
export function readAnswer(text: string, exchange: Exchange): AnswerReading {
  const value = parsed(text);
  if (Array.isArray(value)) return readChunks(value, exchange);
  const body = asObject(value);
  if (body === undefined) return failed(unreadable('it is not a JSON object'));
  const error = errorInBody(body);
  if (error !== undefined) return failed(error);
  const args = sourceSlices(text, ['candidates', '*', 'content', 'parts', '*', 'functionCall', 'args']);
  const choices: Choice[] = [];
  for (const { at, value } of choicesIn(body['candidates'], 'candidates', exchange)) {
    const choice = readCandidate(value, exchange, { index: at, args });
    if ('kind' in choice) return failed(choice);
    choices.push(choice);
  }
  const blocked = choices.length === 0 ? blockedFinish(body) : undefined;
  if (blocked !== undefined) choices.push({ parts: [], finish: blocked, logprobs: undefined });
  if (choices.length === 0) return failed(unreadable('it has no candidates'));
  const answer = {
    upstreamId: asString(body['responseId']),
    model: asString(body['modelVersion']),
    choices,
    usage: readUsage(body['usageMetadata']),
    serviceTier: undefined,
  };
  return { kind: 'answer', answer };
}

function failed(error: HubError): AnswerReading {
  return { kind: 'failed', error };
}

/** Reads the complete array that `:streamGenerateContent` returns without `alt=sse`. */
function readChunks(chunks: readonly unknown[], exchange: Exchange): AnswerReading {
  const reader = createStreamReader(exchange);
  const collector = new AnswerCollector();
  for (const chunk of chunks) {
    for (const event of reader.push('', UTF8.encode(writeJson(chunk)))) collector.push(event);
  }
  for (const event of reader.atEndOfBytes()) collector.push(event);
  return collector.reading();
}

const UTF8 = new TextEncoder();

interface At {
  readonly index: number;
  readonly args: ReadonlyMap<string, string>;
}

function readCandidate(candidate: JsonObject, exchange: Exchange, at: At): Choice | HubError {
  const finish = readFinish(candidate);
  if ('kind' in finish) return finish;
  const parts: AnswerPart[] = [];
  let calls = 0;
  for (const [index, value] of asArray(asObject(candidate['content'])?.['parts']).entries()) {
    const path = `candidates[${at.index}].content.parts[${index}]`;
    const place = { path, call: calls, args: at.args.get(`${at.index}.${index}`) };
    const part = readPart(asObject(value) ?? {}, exchange, place);
    if (part === undefined) continue;
    if (part.kind === 'call') calls += 1;
    addPart(parts, part, candidate['groundingMetadata'] === undefined);
  }
  const logprobs = readLogprobs(candidate);
  tellLostSources(candidate, at.index, exchange);
  return {
    parts: withCitations(parts, candidate),
    finish,
    logprobs: logprobs.length === 0 ? undefined : logprobs,
  };
}

/**
 * A signature on an empty text part belongs to the preceding text. Without one, it stands for itself. `joins`: texts and
 * thoughts in a row are one, as in a stream; citations count in the text of their own part.
 */
function addPart(parts: AnswerPart[], part: AnswerPart, joins: boolean): void {
  const last = parts.at(-1);
  const isSignature = part.kind === 'text' && part.text === '';
  const canJoin = last !== undefined && last.kind !== 'call' && last.kind === part.kind;
  if (canJoin && last.seal === undefined && (joins || isSignature))
    parts[parts.length - 1] = { ...last, text: last.text + part.text, seal: part.seal };
  else parts.push(part);
}

/** Adds the cited sources to the texts. A source without a text of its own belongs to the first one. */
function withCitations(parts: readonly AnswerPart[], candidate: JsonObject): readonly AnswerPart[] {
  if (candidate['groundingMetadata'] === undefined) return parts;
  const given = asArray(asObject(candidate['content'])?.['parts']).map((part) => asObject(part) ?? {});
  const isText = (part: JsonObject | undefined): boolean =>
    typeof part?.['text'] === 'string' && part['text'] !== '' && part['thought'] !== true;
  const places = given.flatMap((part, index) => (isText(part) ? [index] : []));
  const own = (index: number): number => (isText(given[index]) ? index : (places[0] ?? -1));
  const cited = readCitations(candidate, (index) => asString(given[own(index)]?.['text']) ?? '');
  let text = 0;
  return parts.map((part) => {
    if (part.kind !== 'text' || part.text === '') return part;
    const place = places[text++];
    const citations = cited.filter((each) => own(each.part) === place).map(({ citation }) => citation);
    return citations.length === 0 ? part : { ...part, citations };
  });
}
