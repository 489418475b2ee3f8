import type { AnswerCall } from '../answer.ts';
import { tellOthers } from '../answer-choices.ts';
import { type CutJson, cutObjects } from '../cut-objects.ts';
import { errorInBody } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type HubError, truncated, unreadable } from '../hub-error.ts';
import { asArray, asObject, asString, type JsonObject, parsed, writeJson } from '../json.ts';
import { sourceSlices } from '../json-slices.ts';
import { eventText, type HubEvent, type StreamReader } from '../stream.ts';
import { blockedFinish, readFinish } from './finish.ts';
import { readLogprobs } from './logprobs.ts';
import { readCitations, readPart, tellLostSources } from './read-parts.ts';
import { mergedReports } from '../usage.ts';
import { readUsage } from './usage.ts';

/**
 * Reads the chunks of `:streamGenerateContent?alt=sse`. Gemini has no final event: usage, empty parts and the end of
 * the bytes follow `finishReason`.
 */
export function createStreamReader(exchange: Exchange): StreamReader {
  const reader = new GeminiReader(exchange);
  return {
    push: (_event, data) => reader.push(eventText(data)),
    pushLarge: (data) => reader.pushLarge(data),
    atEndOfBytes: () => reader.atEndOfBytes(),
  };
}

class GeminiReader {
  readonly #exchange: Exchange;
  #out: HubEvent[] = [];
  #started = false;
  #calls = 0;
  #finished = false;
  #over = false;
  /** The text so far, in which citations have their places. Kept only if the model may search. */
  readonly #texts: string[] | undefined;
  #cited = 0;
  /** The counts so far. Each chunk may repeat only some. */
  #usage: JsonObject = {};

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    const maySearch = exchange.conversation.serverTools.some(({ kind }) => kind === 'web-search');
    this.#texts = maySearch ? [] : undefined;
  }

  push(data: string): readonly HubEvent[] {
    if (this.#over || data === '' || data.trim() === '[DONE]') return [];
    return this.#read({ text: data, objects: NONE });
  }

  /** Parsing arguments of megabytes would take long, and only their text is needed. */
  *pushLarge(data: string): Generator<readonly HubEvent[]> {
    const cutting = cutObjects(data, 'args');
    let next = cutting.next();
    for (; next.done !== true; next = cutting.next()) yield [];
    if (!this.#over) yield this.#read(next.value);
  }

  /** `source`: undefined if it is malformed. */
  #read(source: CutJson | undefined): readonly HubEvent[] {
    this.#out = [];
    const value = source && parsed(source.text);
    const chunk = asObject(value);
    if (source === undefined) this.#fail(unreadable(NO_OBJECT));
    else if (chunk !== undefined) this.#chunk(chunk, source);
    else if (Array.isArray(value) && value.length > 0) this.#list(value, source);
    else this.#fail(unreadable(NO_OBJECT));
    return this.#out;
  }

  atEndOfBytes(): readonly HubEvent[] {
    if (this.#over) return [];
    this.#out = [];
    if (!this.#finished) this.#fail(truncated());
    else {
      this.#over = true;
      this.#out.push({ kind: 'end' });
    }
    return this.#out;
  }

  /** Errors come in a list, and some servers put several chunks into one. */
  #list(chunks: readonly unknown[], { objects }: CutJson): void {
    for (const chunk of chunks) {
      const object = asObject(chunk);
      if (this.#over) return;
      if (object === undefined) this.#fail(unreadable(NO_OBJECT));
      else this.#chunk(object, { text: writeJson(object), objects });
    }
  }

  #fail(error: HubError): void {
    this.#over = true;
    this.#out.push({ kind: 'error', error });
  }

  #chunk(chunk: JsonObject, source: CutJson): void {
    const error = errorInBody(chunk);
    if (error !== undefined) return this.#fail(error);
    if (!this.#started) {
      this.#started = true;
      const { responseId, modelVersion } = chunk;
      this.#out.push({ kind: 'start', upstreamId: asString(responseId), model: asString(modelVersion) });
    }
    const report = asObject(chunk['usageMetadata']);
    if (report !== undefined) {
      this.#usage = mergedReports(this.#usage, report);
      this.#out.push({ kind: 'usage', usage: readUsage(this.#usage) ?? {} });
    }
    const candidates = asArray(chunk['candidates']).map((candidate) => asObject(candidate) ?? {});
    const candidate = candidates.find(({ index }) => (index ?? 0) === 0);
    if (candidates.length > 1) tellOthers(candidates, 'candidates', this.#exchange);
    if (candidate !== undefined) this.#candidate(candidate, source, candidates.indexOf(candidate));
    const blocked = candidates.length === 0 && !this.#finished ? blockedFinish(chunk) : undefined;
    if (blocked !== undefined) this.#finish(blocked);
  }

  #candidate(candidate: JsonObject, { text, objects }: CutJson, at: number): void {
    const tokens = readLogprobs(candidate);
    if (tokens.length > 0) this.#out.push({ kind: 'logprobs', tokens });
    const parts = asArray(asObject(candidate['content'])?.['parts']);
    const hasCall = parts.some((part) => asObject(part)?.['functionCall'] !== undefined);
    const args = hasCall ? sourceSlices(text, ARGS) : NONE;
    for (const [index, value] of parts.entries()) {
      const path = `candidates[${at}].content.parts[${index}]`;
      const slice = args.get(`${at}.${index}`);
      const place = { path, call: this.#calls, args: objects.get(slice ?? '') ?? slice };
      const part = readPart(asObject(value) ?? {}, this.#exchange, place);
      if (part !== undefined) this.#part(part);
    }
    if (candidate['groundingMetadata'] !== undefined) this.#citations(candidate);
    tellLostSources(candidate, at, this.#exchange);
    if (this.#finished || (asString(candidate['finishReason']) ?? '') === '') return;
    const finish = readFinish(candidate);
    if ('kind' in finish) this.#fail(finish);
    else this.#finish(finish);
  }

  #part(part: NonNullable<ReturnType<typeof readPart>>): void {
    if (part.kind === 'call') return this.#call(part);
    const { kind, text, seal } = part;
    if (text !== '') this.#out.push({ kind, text });
    if (kind === 'text') this.#texts?.push(text);
    if (seal === undefined) return;
    this.#out.push(
      kind === 'reasoning' ? { kind: 'reasoning-end', seal, redacted: false } : { kind: 'part-end', seal },
    );
  }

  /** Emits the sources that no earlier chunk named. */
  #citations(candidate: JsonObject): void {
    const text = this.#texts?.join('') ?? '';
    const cited = readCitations(candidate, () => text);
    for (const { citation } of cited.slice(this.#cited)) this.#out.push({ kind: 'citation', citation });
    this.#cited = Math.max(this.#cited, cited.length);
  }

  #call({ id, name, form, namespace, seal, path, arguments: json }: AnswerCall): void {
    const key = String(this.#calls);
    this.#calls += 1;
    this.#out.push({ kind: 'call', key, id, name, form, namespace, seal, path });
    if (json !== '') this.#out.push({ kind: 'arguments', key, json });
    this.#out.push({ kind: 'call-end', key });
  }

  #finish(finish: Extract<HubEvent, { kind: 'finish' }>['finish']): void {
    this.#finished = true;
    this.#out.push({ kind: 'finish', finish });
  }
}

const ARGS = ['candidates', '*', 'content', 'parts', '*', 'functionCall', 'args'];
const NO_OBJECT = 'an event is not a JSON object';
const NONE: ReadonlyMap<string, string> = new Map();
