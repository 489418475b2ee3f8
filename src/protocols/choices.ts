import { hasValue, markOf, occurs } from '../lib/json/json-marks.ts';
import { hasContent, saysSomething } from './answer.ts';
import type { AnswerView } from './answer.ts';
import type { AnswerDefect } from './protocol.ts';
import type { Reading } from './stream.ts';
import { asObject } from './json-object.ts';
import type { JsonObject } from './json-object.ts';

/** Checks that at least one choice has content. A finish reason is enough, since a model may have nothing to add. */
export function judgeChoices(view: AnswerView): AnswerDefect | undefined {
  if (!view.isParsed && speaksAtALook(view.bytes('choices'))) return undefined;
  const choices = listOf(view.value('choices'));
  if (choices.length === 0 && isDeferred(view)) return undefined;
  if (choices.some(hasFailed)) return 'error-object';
  return choices.some(isAnswer) ? undefined : 'no-choices';
}

/** Whether the answer only says that the request is queued and its result can be fetched later. */
function isDeferred(view: AnswerView): boolean {
  const status = view.value('status');
  return typeof status === 'string' && WAITING.has(status.toLowerCase());
}

const WAITING: ReadonlySet<string> = new Set(['created', 'queued', 'pending', 'in_progress', 'processing']);

/** Whether large choices can be recognised as content without parsing them. */
function speaksAtALook(bytes: Uint8Array): boolean {
  // This is too large to parse, and too large to be empty.
  if (bytes.length > LARGE_BYTES) return true;
  if (occurs(bytes, ERROR)) return false;
  // Even without a finish reason, this many bytes must contain content.
  return hasValue(bytes, FINISH_REASON) || bytes.length > LONG_BYTES;
}

/** Classifies a chunk of a stream of choices. A choice has a `delta` in chat, and a `text` in completions. */
export function understandChoices(value: JsonObject): Reading {
  const usage = asObject(value.usage) ?? asObject(asObject(value.x_groq)?.usage);
  const tier = value.service_tier;
  const choices = listOf(value.choices);
  if (choices.length === 0) return { sign: usage === undefined ? 'preamble' : 'usage-only', usage, tier };
  if (choices.some(hasFailed)) return { sign: 'error', usage, tier };
  if (choices.some(isFinished)) return { sign: 'content', usage, tier, done: true };
  return { sign: choices.some(choiceSpeaks) ? 'content' : 'preamble', usage, tier };
}

/** Whether the data is OpenAI's end-of-stream marker. */
export function isDoneWord(data: string): boolean {
  return data === '[DONE]';
}

/** Returns the error event for a stream that broke after content, in the shape that OpenAI's clients expect. */
export function choicesErrorEvent(error: { readonly message: string; readonly code: string }): string {
  const body = { error: { message: error.message, type: 'upstream_error', param: null, code: error.code } };
  return `data: ${JSON.stringify(body)}\n\n`;
}

const LONG_BYTES = 65_536;
const LARGE_BYTES = 1024 * 1024;
const ERROR = markOf('"error"');
const FINISH_REASON = markOf('"finish_reason"');

function isAnswer(choice: JsonObject): boolean {
  return isFinished(choice) || choiceSpeaks(choice);
}

function choiceSpeaks(choice: JsonObject): boolean {
  if (typeof choice.text === 'string' && choice.text !== '') return true;
  return hasContent(asObject(choice.delta) ?? asObject(choice.message));
}

function isFinished(choice: JsonObject): boolean {
  return typeof choice.finish_reason === 'string' && choice.finish_reason !== '';
}

/** Some gateways report a provider's failure inside the choice. */
function hasFailed(choice: JsonObject): boolean {
  return (
    choice.finish_reason === 'error' || (asObject(choice.error) !== undefined && saysSomething(choice.error))
  );
}

function isObject(value: unknown): value is JsonObject {
  return asObject(value) !== undefined;
}

function listOf(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.every(isObject) ? value : value.map((each) => asObject(each) ?? {});
}
