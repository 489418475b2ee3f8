import type { ClientApi, ProviderApi } from './conversation.ts';
import { errorKind, KINDS, type ProviderWords } from './error-kinds.ts';
import type { HubError } from './hub-error.ts';
import {
  asArray,
  asNumber,
  asObject,
  asString,
  type JsonObject,
  type JsonTree,
  parsed,
  writeJson,
} from './json.ts';
import { secondsOf } from './rfc3339.ts';

/** A provider's answer with an error status. */
export interface ErrorReply {
  readonly status: number;
  /** Keyed by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * The error answer for the client: status and body in its own API's shape. `headers` contains `retry-after` if known.
 */
export interface ClientError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_MESSAGE_CHARS = 4096;

/** Reads a provider's error answer. `now`: Unix time in seconds. */
export function readError(_api: ProviderApi, reply: ErrorReply, now: number): HubError {
  const { status, headers } = reply;
  const value = parsed(reply.body);
  const body = asObject(value) ?? asObject(asArray(value)[0]) ?? {};
  const exception =
    headers.get('x-amzn-errortype')?.split(':', 1)[0] ?? asString(body['__type'])?.split('#').at(-1);
  const words = { ...wordsOf(body), exception, status };
  const kind = errorKind(words);
  return {
    kind,
    status: exception === undefined ? status : undefined,
    message: messageOf(words.message, kind, status),
    retryAfter: retryAfterOf(body, headers, now),
  };
}

/** The error that an answer of status 200 or a stream event contains instead of content; undefined: none. */
export function errorInBody(body: JsonObject): HubError | undefined {
  const error = body['error'];
  const isAbsent = error === undefined || error === null || error === '' || error === false;
  // vLLM's older form is an object of its own.
  if (isAbsent && body['object'] !== 'error') return undefined;
  const words = wordsOf(body);
  const kind = errorKind(words);
  return { kind, message: messageOf(words.message, kind, undefined), retryAfter: delayIn(body) };
}

/** The error for an exception of Amazon's event stream, or for any named failure. */
export function errorOfException(exception: string, body: JsonObject): HubError {
  const words = { ...wordsOf(body), exception };
  const kind = errorKind(words);
  return { kind, message: messageOf(words.message, kind, undefined) };
}

/** Reads the fields of an error body in any of the shapes that providers use. */
function wordsOf(body: JsonObject): ProviderWords & { readonly message: string } {
  const error = asObject(body['error']) ?? {};
  const message =
    asString(error['message']) ??
    asString(body['error']) ??
    asString(body['message']) ??
    asString(body['Message']) ??
    detailOf(body['detail']);
  return {
    message: message ?? '',
    type: asString(error['type']) ?? asString(body['type']),
    code: asString(error['code']) ?? asString(body['code']),
    googleStatus: asString(error['status']),
    numericCode: asNumber(error['code'] ?? body['code']) ?? numberIn(error['code'] ?? body['code']),
  };
}

/** An HTTP status that is written as a text. */
function numberIn(code: unknown): number | undefined {
  return typeof code === 'string' && /^[45]\d\d$/.test(code) ? Number(code) : undefined;
}

/** FastAPI's `detail`: a text, or a list of validation errors with their locations. */
function detailOf(detail: unknown): string | undefined {
  if (typeof detail === 'string') return detail;
  const messages = asArray(detail).map((item) => {
    const { loc, msg } = asObject(item) ?? {};
    const place = asArray(loc).join('.');
    return [place, asString(msg)].filter((text) => text !== undefined && text !== '').join(': ');
  });
  const nested = asString(asObject(detail)?.['message']) ?? asString(asObject(detail)?.['error']);
  return messages.length === 0 ? nested : messages.join('; ');
}

function messageOf(message: string, kind: HubError['kind'], status: number | undefined): string {
  if (kind === 'auth') return "the provider refused the gateway's credential";
  const text = message.trim();
  if (text === '' || /^<(?:!doctype|html)/i.test(text)) {
    return status === undefined ? 'the provider failed' : `the provider answered with status ${status}`;
  }
  return text.length > MAX_MESSAGE_CHARS ? `${text.slice(0, MAX_MESSAGE_CHARS)}…` : text;
}

function retryAfterOf(
  body: JsonObject,
  headers: ReadonlyMap<string, string>,
  now: number,
): string | undefined {
  const given = headers.get('retry-after');
  if (given !== undefined) return given;
  const millis = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (millis >= 0) return String(Math.ceil(millis / 1000));
  const delay = delayIn(body);
  if (delay !== undefined) return delay;
  const waits: number[] = [];
  for (const what of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    if (headers.get(`anthropic-ratelimit-${what}-remaining`) !== '0') continue;
    const reset = secondsOf(headers.get(`anthropic-ratelimit-${what}-reset`) ?? '');
    if (reset !== undefined) waits.push(Math.max(0, Math.ceil(reset - now)));
  }
  return waits.length === 0 ? undefined : String(Math.max(...waits));
}

/** The wait that Google reports (google.rpc.RetryInfo), in seconds. */
function delayIn(body: JsonObject): string | undefined {
  for (const detail of asArray(asObject(body['error'])?.['details'])) {
    const delay = /^(\d+(?:\.\d+)?)s$/.exec(asString(asObject(detail)?.['retryDelay']) ?? '')?.[1];
    if (delay !== undefined) return String(Math.ceil(Number(delay)));
  }
  return undefined;
}

/** Writes an error in the shape of the client's API. */
export function writeError(api: ClientApi, error: HubError, requestId: string): ClientError {
  const headers = error.retryAfter === undefined ? {} : { 'retry-after': error.retryAfter };
  switch (api) {
    case 'messages':
      return { status: messagesStatus(error), headers, body: writeJson(messagesErrorBody(error, requestId)) };
    case 'gemini': {
      const { status } = geminiFace(error);
      return { status, headers, body: writeJson(geminiErrorBody(error)) };
    }
    case 'chat':
    case 'responses':
    case 'completions':
    case 'embeddings':
      return { status: openAiStatus(error), headers, body: writeJson(chatErrorBody(error)) };
  }
}

/** `{"error": {message, type, param, code}}`, as in all of OpenAI's APIs. */
export function chatErrorBody(error: HubError): JsonTree {
  const { type, code } = KINDS[error.kind].openAi;
  return { error: { message: error.message, type, param: null, code: error.code ?? code } };
}

export function messagesErrorBody(error: HubError, requestId: string): JsonTree {
  const { type } = KINDS[error.kind].messages;
  const message = begun(error, 'prompt is too long: ');
  return { type: 'error', error: { type, message }, request_id: requestId };
}

export function geminiErrorBody(error: HubError): JsonTree {
  const { status, word } = geminiFace(error);
  const message = begun(error, 'The input token count exceeds the maximum: ');
  return { error: { code: status, message, status: word } };
}

/** The message, prefixed with the phrase by which clients recognise a full context. */
function begun({ kind, message }: HubError, words: string): string {
  return kind !== 'context_length' || message.toLowerCase().startsWith(words.toLowerCase())
    ? message
    : words + message;
}

/** Keeps the provider's status, unless the table assigns another to the kind. */
function openAiStatus({ kind, status }: HubError): number {
  const own = KINDS[kind].openAi.status;
  return status === undefined || FIXED.has(status) ? own : status;
}

function messagesStatus({ kind, status }: HubError): number {
  const own = KINDS[kind].messages.status;
  return status === undefined || FIXED.has(status) ? own : status;
}

const FIXED = new Set([408, 424, 503, 529]);

function geminiFace({ kind, status }: HubError): { readonly status: number; readonly word: string } {
  const face = KINDS[kind].gemini;
  return kind === 'other' && status !== undefined ? { ...face, status } : face;
}
