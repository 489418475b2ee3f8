import type { JsonObject } from './json.ts';
import { listOf, objectOf, positiveOf } from './json.ts';
import type { AnswerOptions } from './answer-options.ts';
import { countWords, joinText, type Text, type Vocabulary, wordText } from './words.ts';

/** A multipart form, as the runtime parses it. */
export type Form = Awaited<ReturnType<Response['formData']>>;

/** A parsed call of an endpoint. */
export interface Call {
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The JSON body; empty for a form or no body. */
  readonly body: JsonObject;
  readonly form: Form | undefined;
  readonly model: string;
  readonly isStream: boolean;
  /** A hash of the request and the seed, so equal requests have equal numbers. */
  readonly fingerprint: number;
  readonly options: AnswerOptions;
  readonly vocabulary: Vocabulary;
}

/** The creation time of every answer: a fixed time, in seconds since 1970, so that equal requests get equal answers. */
export const CREATED = 1_767_225_600;

/** The maximum number of tokens of a plain answer; only streams are endless. */
const MAX_PLAIN_WORDS = 10_000;

/** The length of a text, and the reason why it ends there. */
export interface Length {
  readonly words: number;
  readonly isCut: boolean;
}

/** The length of an answer, bounded by what the request allows. */
export function lengthOf(call: Call): Length {
  const { body, options } = call;
  const wanted = call.isStream ? options.words : Math.min(options.words, MAX_PLAIN_WORDS);
  const allowed =
    positiveOf(body['max_completion_tokens']) ??
    positiveOf(body['max_output_tokens']) ??
    positiveOf(body['max_tokens']) ??
    positiveOf(objectOf(body['generationConfig'])['maxOutputTokens']) ??
    positiveOf(objectOf(body['inferenceConfig'])['maxTokens']);
  if (allowed === undefined || options.words === Infinity) return { words: wanted, isCut: false };
  return { words: Math.min(wanted, Math.floor(allowed)), isCut: allowed < wanted };
}

/** The text of the answer, or of its `nth` choice. */
export function answerText(call: Call, words: number, nth = 0): Text {
  const { options, vocabulary } = call;
  const text = wordText(vocabulary[options.vocabulary], call.fingerprint + nth * 37, words);
  if (options.firstWordBytes === 0) return text;
  const firstWord = 'x'.repeat(options.firstWordBytes);
  return { count: text.count, piece: (index) => (index === 0 ? firstWord : text.piece(index)) };
}

/** The complete text of the answer, for endpoints that do not stream. */
export function answerString(call: Call): string {
  return joinText(answerText(call, lengthOf({ ...call, isStream: false }).words));
}

/** An id such as `chatcmpl-1f0c…`, the same for equal requests. */
export function idOf(call: Call, prefix: string): string {
  return `${prefix}${call.fingerprint.toString(16).padStart(8, '0')}${'mock'.padStart(12, '0')}`;
}

/** The number of words in a prompt of any shape: a string, messages, or messages with parts. Images count 0. */
export function promptTokens(...prompts: readonly JsonObject[string][]): number {
  let tokens = 0;
  for (const prompt of prompts) {
    if (typeof prompt === 'string') tokens += countWords(prompt);
    else if (Array.isArray(prompt)) for (const part of listOf(prompt)) tokens += partTokens(part);
  }
  return tokens;
}

function partTokens(part: JsonObject[string]): number {
  if (typeof part === 'string') return countWords(part);
  if (typeof part === 'number') return 1;
  if (typeof part !== 'object' || part === null) return 0;
  if (Array.isArray(part)) return promptTokens(part);
  const { content, text, parts } = part as JsonObject;
  return promptTokens(content, text, parts);
}
