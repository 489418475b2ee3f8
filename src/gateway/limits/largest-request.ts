import type { RequestSize } from '../../limits/hold.ts';
import { asObject, type JsonObject } from '../../protocols/json-object.ts';
import { LargestMedia } from './largest-media.ts';
import type { SizedRequest } from './request-size.ts';

/**
 * The largest size that a provider may bill for a request, given its usual size. It skips encoded files only where the
 * API takes them for files, and believes only the limits on answers that the API of `path` knows. Parses the body.
 */
export function largestRequest(
  usual: SizedRequest,
  body: Uint8Array,
  path: string | undefined,
): SizedRequest {
  const request = parsed(body);
  if (request === undefined) return { ...usual, ...largestForm(body, path) };
  const media = new LargestMedia();
  media.readRequest(request);
  const kept = CONTINUES.some((name) => asks(request[name])) ? 1 : 0;
  return {
    ...usual,
    askedTokens: isAnswerLimited(request, path) ? usual.askedTokens : undefined,
    answers: answersOf(usual.answers, request),
    textBytes: body.byteLength - media.bytes,
    images: media.images + kept,
    audioSeconds: media.audioBytes / LEAST_SECOND_BYTES,
    documents: media.documents + kept,
  };
}

/** Bytes of a second of compressed speech: 8 kbit/s. */
const LEAST_SECOND_BYTES = 1000;

const UTF8 = new TextDecoder();

function parsed(body: Uint8Array): JsonObject | undefined {
  try {
    return asObject(JSON.parse(UTF8.decode(body)));
  } catch {
    return undefined;
  }
}

/** A form may be all text, or all sound. Its images are its files. */
function largestForm(body: Uint8Array, path: string | undefined): Partial<RequestSize> {
  return {
    askedTokens: undefined,
    textBytes: body.byteLength,
    images: path?.includes('/images/') === true ? fileCount(body) : 0,
    audioSeconds: body.byteLength / LEAST_SECOND_BYTES,
  };
}

function fileCount(body: Uint8Array): number {
  let count = 0;
  const from = (at: number): number => Buffer.prototype.indexOf.call(body, 'filename', at);
  for (let at = from(0); at !== -1; at = from(at + 1)) count += 1;
  return count;
}

/** Members by which the provider adds what it keeps to the input: as much as a model reads, and perhaps with images. */
const CONTINUES = ['previous_response_id', 'conversation', 'prompt', 'cachedContent', 'cached_content'];

/** Whether a member names something that the provider keeps. The `prompt` of a completion is text. */
function asks(value: unknown): boolean {
  return asObject(value) !== undefined || (typeof value === 'string' && KEPT.test(value));
}

const KEPT = /^(?:resp|conv)_|^cachedContents\//;

/** Whether the request has a limit on its answer that its own API knows. Others are ignored by providers. */
function isAnswerLimited(request: JsonObject, path = ''): boolean {
  if (path.includes(':')) return ['generationConfig', 'generation_config'].some((name) => name in request);
  if (path.endsWith('/responses')) return 'max_output_tokens' in request;
  if (path.endsWith('/chat/completions'))
    return 'max_tokens' in request || 'max_completion_tokens' in request;
  if (path.endsWith('/messages') || path.endsWith('/completions')) return 'max_tokens' in request;
  return LIMITS.some((name) => name in request);
}

const LIMITS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'generationConfig'];

/** Answers to each prompt of a list; `best_of` are generated and billed, although fewer are sent. */
function answersOf(asked: number, { prompt, best_of: best }: JsonObject): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;
  return prompts * Math.max(asked, typeof best === 'number' ? best : 1);
}
