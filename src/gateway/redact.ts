import { credentialSecrets } from '../config/compile/credential-secrets.ts';
import { previewKey } from '../config/compile/compile-access.ts';
import { isSecretHeader } from '../config/secret-header.ts';
import type { Provider } from '../config/snapshot.ts';
import { LARGE_BYTES, nextTurn } from '../lib/in-turns.ts';
import { joined } from '../lib/joined.ts';

/** Shorter values are not secret, and too common to search for. */
const SHORTEST_SECRET = 8;

/** One form of a credential that an answer may repeat, and its replacement. */
interface Secret {
  readonly text: string;
  readonly bytes: Buffer;
  readonly preview: string;
}

/**
 * Removes the provider's credentials from an answer. Some providers repeat the key that they reject, others the whole
 * request, and the client must not see the gateway's credentials. Returns the same object if there are none.
 */
export function redact(bytes: Uint8Array, provider: Provider): Uint8Array {
  const secrets = secretsOf(provider);
  if (secrets.length === 0) return bytes;
  for (const secret of secrets) if (isIn(bytes, secret)) return redacted(bytes, secrets);
  return bytes;
}

/** Like `redact`. Searches large answers in several turns of the event loop. */
export function redactLarge(bytes: Uint8Array, provider: Provider): Uint8Array | Promise<Uint8Array> {
  if (bytes.byteLength <= LARGE_BYTES) return redact(bytes, provider);
  const secrets = secretsOf(provider);
  return secrets.length === 0 ? bytes : redactedInTurns(bytes, secrets);
}

async function redactedInTurns(bytes: Uint8Array, secrets: readonly Secret[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let isChanged = false;
  for (let from = 0; from < bytes.byteLength;) {
    const to = endOfPart(bytes, from, secrets);
    const part = bytes.subarray(from, to);
    const hasSecret = secrets.some((secret) => isIn(part, secret));
    const safe = hasSecret ? redacted(part, secrets) : part;
    isChanged ||= hasSecret;
    pieces.push(safe);
    size += safe.byteLength;
    from = to;
    await nextTurn();
  }
  return isChanged ? joined(pieces, size) : bytes;
}

/** Returns the end of a part of about a megabyte that divides no secret. */
function endOfPart(bytes: Uint8Array, from: number, secrets: readonly Secret[]): number {
  const most = from + LARGE_BYTES;
  if (most >= bytes.byteLength) return bytes.byteLength;
  const starts = secrets.map((secret) => startAcross(bytes, most, secret));
  return Math.min(most, ...starts.filter((start) => start > from));
}

/** Returns where the secret begins that extends over an offset; Infinity if none does. */
function startAcross(bytes: Uint8Array, offset: number, secret: Secret): number {
  const reach = secret.bytes.byteLength - 1;
  const from = Math.max(0, offset - reach);
  const found = Buffer.prototype.indexOf.call(bytes.subarray(from, offset + reach), secret.bytes);
  return found === -1 ? Infinity : from + found;
}

/** A view of its own for each answer would cost more than the search. */
function isIn(bytes: Uint8Array, secret: Secret): boolean {
  return Buffer.prototype.includes.call(bytes, secret.bytes);
}

function redacted(bytes: Uint8Array, secrets: readonly Secret[]): Uint8Array {
  const found = secrets.filter((secret) => isIn(bytes, secret));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Use latin1, so that binary data survives and non-ASCII secrets match as bytes.
  return Buffer.from(
    found.reduce(
      (text, secret) => text.replaceAll(secret.bytes.toString('latin1'), () => secret.preview),
      buffer.toString('latin1'),
    ),
    'latin1',
  );
}

/** Whether a response field's value repeats a credential that was sent to the provider. */
export function revealsSecret(value: string, provider: Provider): boolean {
  for (const { text } of secretsOf(provider)) if (value.includes(text)) return true;
  return false;
}

/** Returns the bytes of the provider's credentials in each form that an answer may repeat. */
export function secretBytes(provider: Provider): readonly Buffer[] {
  return secretsOf(provider).map(({ bytes }) => bytes);
}

/** Configuration changes replace provider objects, which drops their entries. */
const known = new WeakMap<Provider, readonly Secret[]>();

/** Returns the forms of a provider's credentials. The list is replaced when one is added. */
export function secretsOf(provider: Provider): readonly Secret[] {
  let secrets = known.get(provider);
  if (secrets === undefined) {
    secrets = findSecrets(provider);
    known.set(provider, secrets);
  }
  return secrets;
}

/** Adds a credential that is sent to the provider but is not in its configuration, such as an access token. */
export function addSecret(provider: Provider, text: string): void {
  const before = added.get(provider) ?? [];
  if (before.includes(text)) return;
  const texts = [...before, text].slice(-MOST_ADDED);
  added.set(provider, texts);
  known.set(provider, [...findSecrets(provider), ...formsOf(texts)]);
  fetched.set(provider.name, texts);
  allFetched = [...new Set([...fetched.values()].flat())].filter((each) => each.length >= SHORTEST_SECRET);
}

/** Such credentials are renewed, and an answer may still repeat a previous one. */
const MOST_ADDED = 4;
const added = new WeakMap<Provider, readonly string[]>();

/** By the provider's name, since a log outlives a configuration. */
const fetched = new Map<string, readonly string[]>();
let allFetched: readonly string[] = [];

/** Returns the credentials that were added for all providers, for the log. The list is replaced when it changes. */
export function fetchedSecrets(): readonly string[] {
  return allFetched;
}

function findSecrets({ apiKey, credential, headers }: Provider): Secret[] {
  const configured = Object.entries(headers)
    .filter(([name, value]) => isSecretHeader(name, value))
    // Search for the secret without its scheme, such as Bearer.
    .flatMap(([, value]) => [value, value.replace(/^\w+ /, '')]);
  const values = [apiKey ?? '', ...credentialSecrets(credential), ...configured].filter(
    (value) => value.length >= SHORTEST_SECRET,
  );
  return formsOf(values);
}

function formsOf(values: readonly string[]): Secret[] {
  const secrets = new Map<string, Secret>();
  for (const value of values)
    for (const text of writtenForms(value))
      secrets.set(text, { text, bytes: Buffer.from(text), preview: previewOf(value) });
  return [...secrets.values()];
}

/** Half of an escape sequence would break the text around it. */
function previewOf(secret: string): string {
  const preview = previewKey(secret);
  return PLAIN.test(preview.replace('****', '')) ? preview : '****';
}

/** Characters that neither URLs nor encoders of JSON escape. */
const PLAIN = /^[\w.~-]*$/;

/** The forms in which URLs and encoders of JSON write a secret. Few secrets have more than one. */
function writtenForms(secret: string): string[] {
  if (PLAIN.test(secret)) return [secret];
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    inUrl,
    inUrl.replace(/%../g, (escape) => escape.toLowerCase()),
    inJson,
    // PHP's encoder, Go's, Gson, and that of .NET.
    inJson.replaceAll('/', String.raw`\/`),
    inJson.replace(/[<>&]/g, unicodeEscape),
    inJson.replace(/[<>&=']/g, unicodeEscape),
    inJson.replaceAll(String.raw`\"`, '"').replace(/[<>&+'"`]/g, capitalEscape),
  ];
}

function unicodeEscape(character: string): string {
  return String.raw`\u00${character.charCodeAt(0).toString(16)}`;
}

function capitalEscape(character: string): string {
  return String.raw`\u00${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
