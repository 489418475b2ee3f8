import { hasValue, markOf, occurs } from '../../lib/json/json-marks.ts';
import { lastValueOf } from '../../lib/json/json-scan.ts';
import { saysSomething } from '../answer.ts';
import type { AnswerView } from '../answer.ts';
import { asObject, type JsonObject } from '../json-object.ts';
import type { AnswerDefect, StreamSign } from '../protocol.ts';
import type { Reading } from '../stream.ts';

/**
 * Finish reasons by which a candidate is no answer: the model's output could not be used, and another attempt may
 * succeed. Other reasons end an answer, though it may be short (`MAX_TOKENS`) or withheld (`SAFETY`).
 */
const FAILURES: ReadonlySet<string> = new Set([
  'FINISH_REASON_UNSPECIFIED',
  'LANGUAGE',
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
  'NO_IMAGE',
  'OTHER',
  'TOO_MANY_TOOL_CALLS',
  'UNEXPECTED_TOOL_CALL',
]);

/**
 * Checks that at least one candidate has content or a finish reason, or that the prompt was blocked. The request is
 * then to blame.
 */
export function judgeCandidates(view: AnswerView): AnswerDefect | undefined {
  if (isBlocked(view.value('promptFeedback'))) return undefined;
  if (!view.isParsed && isAnswerAtALook(view.bytes('candidates'))) return undefined;
  const candidates = listOf(view.value('candidates'));
  if (candidates.length > 0 && candidates.every(hasFailed)) return 'error-object';
  return candidates.some((candidate) => isFinished(candidate) || signOf(candidate) === 'content')
    ? undefined
    : 'no-choices';
}

/** Whether large candidates can be recognised as an answer without parsing them. */
function isAnswerAtALook(bytes: Uint8Array): boolean {
  // This is too large to parse, and too large to be empty.
  if (bytes.length > LARGE_BYTES) return true;
  return hasValue(bytes, FINISH_REASON) && !FAILED.some((mark) => occurs(bytes, mark));
}

const LARGE_BYTES = 1024 * 1024;
const FINISH_REASON = markOf('"finishReason"');
const FAILED = [...FAILURES].map((reason) => markOf(`"${reason}"`));

/** Classifies a chunk of `streamGenerateContent`. */
export function understandChunk(value: JsonObject): Reading {
  const usage = value['usageMetadata'];
  const candidates = listOf(value['candidates']);
  if (candidates.length === 0) {
    const isEnd = isBlocked(value['promptFeedback']);
    return { sign: isEnd ? 'content' : 'preamble', usage, done: isEnd };
  }
  if (candidates.every(hasFailed)) return { sign: 'error', usage };
  if (candidates.some(isFinished)) return { sign: 'content', usage, done: true };
  const telling = candidates.map(signOf).filter((sign) => sign !== 'preamble');
  return { sign: telling.find((sign) => sign === 'content') ?? telling[0] ?? 'preamble', usage };
}

/** Classifies a chunk that is too large to be parsed. Its size shows that a candidate has content. */
export function glanceAtChunk(chunk: Uint8Array): Reading {
  const usage = lastValueOf(chunk, USAGE);
  return { sign: 'content', usage, done: isFinished({ finishReason: lastValueOf(chunk, FINISH_REASON) }) };
}

const USAGE = markOf('"usageMetadata"');

function isBlocked(promptFeedback: unknown): boolean {
  return saysSomething(asObject(promptFeedback)?.['blockReason']);
}

function isFinished({ finishReason }: JsonObject): boolean {
  return typeof finishReason === 'string' && finishReason !== '';
}

function hasFailed({ finishReason }: JsonObject): boolean {
  return typeof finishReason === 'string' && FAILURES.has(finishReason);
}

function signOf(candidate: JsonObject): StreamSign {
  const parts = listOf(asObject(candidate['content'])?.['parts']);
  if (parts.some(partSpeaks)) return 'content';
  return parts.some((part) => part['thought'] === true) ? 'thinking' : 'preamble';
}

/** A part with an empty text may only carry a signature. */
function partSpeaks(part: JsonObject): boolean {
  for (const key in part) if (!ENVELOPE.has(key) && saysSomething(part[key])) return true;
  return false;
}

/** Members of a part that describe it but are not content. */
const ENVELOPE = new Set(['thought', 'thoughtSignature', 'partMetadata', 'mediaResolution', 'videoMetadata']);

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map((each) => asObject(each) ?? {}) : [];
}
