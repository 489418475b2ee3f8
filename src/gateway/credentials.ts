import type { Access } from '../config/snapshot.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { HeaderField } from './ports.ts';

/** The places of a request in which a client may have put a key. */
export interface CredentialPlaces {
  readonly headers: Headers;
  /** With its question mark, or ''. */
  readonly search: string;
}

/** The header fields in which clients send a credential, by lower-case name. None of them goes on as it came. */
export const CREDENTIAL_FIELDS = [
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'apikey',
  'x-auth-token',
  'x-access-token',
  'x-authorization',
  'x-litellm-api-key',
  'ocp-apim-subscription-key',
] as const;

/** The query's parameters in which clients send a credential, by lower-case name. */
const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'x-goog-api-key',
  'access_token',
  'api_token',
  'auth_token',
  'authorization',
  'subscription-key',
  'ocp-apim-subscription-key',
]);

/** The credential with which a client logs in: the first of those that it sent. */
export function presentedKey(headers: Headers, search = ''): string | undefined {
  const authorization = headers.get('authorization');
  const bearer = authorization === null ? undefined : bearerOf(authorization);
  return (
    bearer ??
    headers.get('x-api-key') ??
    headers.get('api-key') ??
    headers.get('x-goog-api-key') ??
    parameterOf(search, 'key')
  );
}

/** Every credential with which a client might mean to log in: one of them may be for the provider. */
export function presentedKeys({ headers, search }: CredentialPlaces): string[] {
  const keys: string[] = [];
  const add = (key: string | null | undefined): void => {
    if (typeof key === 'string') keys.push(key);
  };
  add(bearerOf(headers.get('authorization') ?? ''));
  add(headers.get('x-api-key'));
  add(headers.get('api-key'));
  add(headers.get('x-goog-api-key'));
  add(parameterOf(search, 'key'));
  return keys;
}

/** The token behind the scheme `Bearer`, in any case of it; undefined where there is none. */
function bearerOf(authorization: string): string | undefined {
  if (authorization.startsWith('Bearer ')) {
    const key = authorization.slice('Bearer '.length).trim();
    if (key !== '') return key;
  }
  const text = authorization.trim();
  const key = text.slice('bearer'.length);
  const isBearer = text.slice(0, 'bearer'.length).toLowerCase() === 'bearer' && key !== key.trimStart();
  return isBearer && key.trim() !== '' ? key.trim() : undefined;
}

/** The value of a parameter of the query, decoded; undefined where it is missing or empty. */
export function parameterOf(search: string, wanted: string): string | undefined {
  if (search === '') return undefined;
  for (const part of search.slice(1).split('&')) {
    const { name, value } = parameter(part);
    if (name === wanted && value !== '') return value;
  }
  return undefined;
}

function parameter(part: string): { readonly name: string; readonly value: string } {
  const equals = part.indexOf('=');
  if (equals === -1) return { name: unescape(part), value: '' };
  return { name: unescape(part.slice(0, equals)), value: unescape(part.slice(equals + 1)) };
}

function unescape(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Shorter keys would be found by chance in fields that have nothing to do with them. */
export const SHORTEST_SOUGHT = 6;

/** The keys that a request has shown, wherever else it may have them: whatever holds one of them is not sent on. */
export function withheldKeys(places: CredentialPlaces, access: Access): readonly string[] {
  if (access.kind === 'open') return NONE;
  return presentedKeys(places).filter((key) => key.length >= SHORTEST_SOUGHT);
}

const NONE: readonly string[] = [];

/** The query without every parameter that is a credential by its name or by what it holds; the rest as it was written. */
export function withoutCredentials(search: string, withheld: readonly string[]): string {
  if (search === '') return search;
  const parts = search.slice(1).split('&');
  const kept = parts.filter((part) => {
    const { name, value } = parameter(part);
    if (CREDENTIAL_PARAMETERS.has(name.toLowerCase())) return false;
    // Some servers take a semicolon for an ampersand.
    if (part.includes(';') && part.split(';').some((one) => isCredential(one))) return false;
    return !withheld.some((key) => name.includes(key) || value.includes(key));
  });
  if (kept.length === parts.length) return search;
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function isCredential(part: string): boolean {
  return CREDENTIAL_PARAMETERS.has(parameter(part).name.toLowerCase());
}

/** The credentials of a request that are none of our keys, and so may be passed on where the operator wants that. */
export function foreignCredentials(places: CredentialPlaces, access: Access): HeaderField[] {
  const { headers, search } = places;
  const withheld = withheldKeys(places, access).filter((key) => isOurs(key, access));
  const isForeign = (value: string): boolean => {
    if (access.kind === 'open') return true;
    const parts = readings(value);
    return !(
      parts === undefined ||
      parts.some((part) => isOurs(part, access)) ||
      withheld.some((key) => value.includes(key))
    );
  };
  const fields = CREDENTIAL_FIELDS.flatMap((name): HeaderField[] => {
    const value = headers.get(name);
    return value !== null && isForeign(value) ? [[name, value]] : [];
  });
  // A key in the query is one of Google's, whose APIs read it from the header as well.
  const key = headers.has('x-goog-api-key') ? undefined : parameterOf(search, 'key');
  if (key !== undefined && isForeign(key)) fields.push(['x-goog-api-key', key]);
  return fields;
}

function isOurs(key: string, access: Access): boolean {
  return access.kind === 'keys' && access.keys.has(sha256Hex(key));
}

/** No credential has more parts. A value that has is taken for one that hides something, and is read no further. */
const MOST_PARTS = 32;

/**
 * Everything in a field's value that a lenient reader could take for a key: the whole, what stands behind a scheme, each
 * of several values that were joined with a comma, the halves of a Basic credential. Undefined: it has too many parts.
 */
function readings(value: string): string[] | undefined {
  const joined = value.split(',', MOST_PARTS + 1).map((part) => part.trim());
  const words = value.split(/[\s,;:="']/, MOST_PARTS + 1);
  if (joined.length > MOST_PARTS || words.length > MOST_PARTS) return undefined;
  const behindScheme = joined.map((part) => part.slice(part.search(/\s/) + 1).trim());
  return [value, ...joined, ...behindScheme, ...words, ...words.flatMap(basicParts)];
}

/** The user and the password of a Basic credential (RFC 7617). */
function basicParts(word: string): string[] {
  const text = Buffer.from(word, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon === -1 ? [] : [text.slice(0, colon), text.slice(colon + 1)];
}
