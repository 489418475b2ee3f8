import { type Fields, PlainFields } from '../lib/http/fields.ts';
import type { Access } from '../config/snapshot.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { HeaderField } from './ports.ts';

/** The parts of a request in which a client may send a key. */
export interface CredentialPlaces {
  readonly headers: Fields;
  /** The query with its question mark, or ''. */
  readonly search: string;
}

/** The header fields in which clients send a credential, in lower case. None is forwarded unchanged. */
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

/** The query parameters in which clients send a credential, in lower case. */
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

/** Returns the client's credential: the first one that it sent. */
export function presentedKey(headers: Fields, search = ''): string | undefined {
  return presentedKeys({ headers, search })[0];
}

/** The credentials that a client may be authenticating with. */
interface Presented {
  /** The query in which they were looked for. */
  readonly search: string;
  readonly keys: readonly string[];
  /** Those that no other field may contain. */
  readonly sought: readonly string[];
  /** The SHA-256 of the first one, once somebody has asked for it. */
  firstHash: string | undefined;
}

/** By the fields that repeated heads share, which are one object on a connection. */
const knownPresented = new WeakMap<object, Presented>();

function presentedIn(places: CredentialPlaces): Presented {
  const { headers, search } = places;
  if (!(headers instanceof PlainFields)) return findPresented(places);
  let presented = knownPresented.get(headers.shared);
  if (presented?.search !== search) {
    presented = findPresented(places);
    knownPresented.set(headers.shared, presented);
  }
  return presented;
}

function findPresented(places: CredentialPlaces): Presented {
  const keys = findKeys(places);
  const sought = keys.filter((key) => key.length >= SHORTEST_SOUGHT);
  return { search: places.search, keys, sought, firstHash: undefined };
}

/** Returns the SHA-256 of the client's credential, the first one that it sent; undefined if it sent none. */
export function presentedHash(places: CredentialPlaces): string | undefined {
  const presented = presentedIn(places);
  const [first] = presented.keys;
  return first === undefined ? undefined : (presented.firstHash ??= sha256Hex(first));
}

/** Returns every credential that the client may be authenticating with. Some may be meant for the provider. */
export function presentedKeys(places: CredentialPlaces): readonly string[] {
  return presentedIn(places).keys;
}

function findKeys({ headers, search }: CredentialPlaces): string[] {
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

/** Returns the token after the scheme `Bearer`, in any case; undefined if there is none. */
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

/** Returns the decoded value of a query parameter; undefined if it is missing or empty. */
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

/** Shorter keys would match unrelated fields by chance. */
export const SHORTEST_SOUGHT = 6;

/** Returns the keys that a request has presented. Any other field that contains one of them is not forwarded. */
export function withheldKeys(places: CredentialPlaces, access: Access): readonly string[] {
  if (access.kind === 'open') return NONE;
  return presentedIn(places).sought;
}

const NONE: readonly string[] = [];

/** Removes every query parameter that is a credential by its name or value. The rest is unchanged. */
export function withoutCredentials(search: string, withheld: readonly string[]): string {
  if (search === '') return search;
  const parts = search.slice(1).split('&');
  const kept = parts.filter((part) => {
    const { name, value } = parameter(part);
    if (CREDENTIAL_PARAMETERS.has(name.toLowerCase())) return false;
    // Some servers treat a semicolon like an ampersand.
    if (part.includes(';') && part.split(';').some((one) => isCredential(one))) return false;
    return !withheld.some((key) => name.includes(key) || value.includes(key));
  });
  if (kept.length === parts.length) return search;
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function isCredential(part: string): boolean {
  return CREDENTIAL_PARAMETERS.has(parameter(part).name.toLowerCase());
}

/** Returns the request's credentials that are not gateway keys, which may be forwarded if the operator allows it. */
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
  // A key in the query is Google's, whose APIs also accept it in the header.
  const key = headers.has('x-goog-api-key') ? undefined : parameterOf(search, 'key');
  if (key !== undefined && isForeign(key)) fields.push(['x-goog-api-key', key]);
  return fields;
}

function isOurs(key: string, access: Access): boolean {
  return access.kind === 'keys' && access.keys.has(sha256Hex(key));
}

/** No credential has more parts. A value that has is treated as containing a key. */
const MOST_PARTS = 32;

/**
 * Returns everything in a field's value that a lenient parser could take for a key: the whole value, the part after a
 * scheme, each of several comma-separated values, and the halves of a Basic credential. Returns undefined if there
 * are too many parts.
 */
function readings(value: string): string[] | undefined {
  const joined = value.split(',', MOST_PARTS + 1).map((part) => part.trim());
  const words = value.split(/[\s,;:="']/, MOST_PARTS + 1);
  if (joined.length > MOST_PARTS || words.length > MOST_PARTS) return undefined;
  const behindScheme = joined.map((part) => part.slice(part.search(/\s/) + 1).trim());
  return [value, ...joined, ...behindScheme, ...words, ...words.flatMap(basicParts)];
}

/** Returns the user and password of a Basic credential (RFC 7617). */
function basicParts(word: string): string[] {
  const text = Buffer.from(word, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon === -1 ? [] : [text.slice(0, colon), text.slice(colon + 1)];
}
