import { credentialSecrets } from '../config/compile/credential-secrets.ts';
import { previewKey } from '../config/compile/compile-access.ts';
import { isSecretHeader } from '../config/secret-header.ts';
import type { Provider } from '../config/snapshot.ts';

/** Shorter values are no secrets, and too common to be looked for. */
const SHORTEST_SECRET = 8;

/** One form in which an answer may repeat a credential, and what is shown in its place. */
interface Secret {
  readonly text: string;
  readonly bytes: Buffer;
  readonly preview: string;
}

/**
 * An answer without the credentials that the provider was sent: some providers repeat the key that they refuse, some
 * the whole request, and the client must not see ours. Without one in it, it is the same object.
 */
export function redact(bytes: Uint8Array, provider: Provider): Uint8Array {
  const secrets = secretsOf(provider);
  if (secrets.length === 0) return bytes;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = secrets.filter((secret) => buffer.includes(secret.bytes));
  if (found.length === 0) return bytes;
  // Bytes that are no text stay what they are in latin1, and a secret that is not ASCII is looked for as its bytes.
  return Buffer.from(
    found.reduce(
      (text, secret) => text.replaceAll(secret.bytes.toString('latin1'), () => secret.preview),
      buffer.toString('latin1'),
    ),
    'latin1',
  );
}

/** Whether the value of an answer's header field repeats a credential that the provider was sent. */
export function revealsSecret(value: string, provider: Provider): boolean {
  for (const { text } of secretsOf(provider)) if (value.includes(text)) return true;
  return false;
}

/** The bytes of the credentials that the provider is sent, in each form in which an answer may repeat them. */
export function secretBytes(provider: Provider): readonly Buffer[] {
  return secretsOf(provider).map(({ bytes }) => bytes);
}

/** A provider is never changed, only replaced. */
const known = new WeakMap<Provider, readonly Secret[]>();

function secretsOf(provider: Provider): readonly Secret[] {
  let secrets = known.get(provider);
  if (secrets === undefined) {
    secrets = findSecrets(provider);
    known.set(provider, secrets);
  }
  return secrets;
}

/** Adds a credential that the provider is sent and the configuration does not hold. */
export function addSecret(provider: Provider, text: string): void {
  const before = added.get(provider) ?? [];
  if (before.includes(text)) return;
  const texts = [...before, text].slice(-MOST_ADDED);
  added.set(provider, texts);
  known.set(provider, [...findSecrets(provider), ...formsOf(texts)]);
}

/** Such credentials are renewed, and an answer may still repeat the one before. */
const MOST_ADDED = 4;
const added = new WeakMap<Provider, readonly string[]>();

function findSecrets({ apiKey, credential, headers }: Provider): Secret[] {
  const configured = Object.entries(headers)
    .filter(([name, value]) => isSecretHeader(name, value))
    // A scheme, such as Bearer, is no part of the secret behind it.
    .flatMap(([, value]) => [value, value.replace(/^\w+ /, '')]);
  const values = [apiKey ?? '', ...credentialSecrets(credential), ...configured].filter(
    (value) => value.length >= SHORTEST_SECRET,
  );
  return formsOf(values);
}

function formsOf(values: readonly string[]): Secret[] {
  // Some writers of JSON escape slashes.
  const texts = values.flatMap((value) => [value, value.replaceAll('/', String.raw`\/`)]);
  return [...new Set(texts)].map((text) => ({
    text,
    bytes: Buffer.from(text),
    preview: previewKey(text),
  }));
}
