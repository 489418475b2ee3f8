import { type Fields, PlainFields } from '../../lib/http/fields.ts';
import { presentedKeys, SHORTEST_SOUGHT } from '../../gateway/credentials.ts';

/** Header fields as they are stored: names in lower case. */
export type StoredHeaders = readonly (readonly [name: string, value: string])[];

/** Header fields that help to understand a request, without credentials, cookies and addresses. */
const REQUEST_FIELDS = [
  'user-agent',
  'content-type',
  'accept',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'x-stainless-lang',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-title',
  'x-request-id',
  'traceparent',
  'cache-control',
] as const;

/** The ids that a provider's support asks for, and what it says about its limits. */
const ANSWER_FIELDS = [
  'content-type',
  'x-request-id',
  'request-id',
  'apim-request-id',
  'x-amzn-requestid',
  'cf-ray',
  'server',
  'openai-processing-ms',
  'retry-after',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-tokens-remaining',
] as const;

const MOST_CHARACTERS = 200;

/** By the fields that repeated heads share, which are one object on a connection. */
const known = new WeakMap<object, StoredHeaders>();
const NONE: StoredHeaders = [];

/** The fields of a request that are stored. A value that contains a key of the request is masked. */
export function requestHeaders(headers: Fields): StoredHeaders | undefined {
  if (!(headers instanceof PlainFields)) return chosenOfRequest(headers);
  let stored = known.get(headers.shared);
  if (stored === undefined) known.set(headers.shared, (stored = chosenOfRequest(headers) ?? NONE));
  return stored === NONE ? undefined : stored;
}

function chosenOfRequest(headers: Fields): StoredHeaders | undefined {
  const keys = presentedKeys({ headers, search: '' }).filter((key) => key.length >= SHORTEST_SOUGHT);
  return chosen(headers, REQUEST_FIELDS, (value) =>
    keys.some((key) => value.includes(key)) ? '****' : value.replaceAll(KEY_SHAPE, '****'),
  );
}

/** The fields of a provider's answer that are stored. */
export function answerHeaders(headers: Fields): StoredHeaders | undefined {
  return chosen(headers, ANSWER_FIELDS, (value) => value);
}

/** A credential that a client put where none belongs. */
const KEY_SHAPE = /\b(?:sk|pk|rk|key)-[\w-]{8,}/g;

function chosen(
  headers: Fields,
  names: readonly string[],
  clean: (value: string) => string,
): StoredHeaders | undefined {
  const found: [string, string][] = [];
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) found.push([name, storable(clean(value))]);
  }
  return found.length === 0 ? undefined : found;
}

/** PostgreSQL accepts neither NUL nor half a surrogate pair. */
function storable(text: string): string {
  return text.slice(0, MOST_CHARACTERS).replaceAll('\0', '\u{fffd}').toWellFormed();
}
