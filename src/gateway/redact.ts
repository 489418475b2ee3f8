import { previewKey } from '../config/compile/compile-access.ts';
import type { Provider } from '../config/snapshot.ts';

/** Shorter values are no secrets, and too common to be looked for. */
const SHORTEST_SECRET = 8;

/**
 * An answer without the credentials that the provider was sent: some providers repeat the key that they refuse, and
 * the client must not see ours. Without one in it, it is the same object.
 */
export function conceal(bytes: Uint8Array, provider: Provider): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = secretsOf(provider).filter((secret) => buffer.includes(secret));
  if (found.length === 0) return bytes;
  // Bytes that are no text stay what they are in latin1, and a secret that is not ASCII is looked for as its bytes.
  return Buffer.from(
    found.reduce(
      (text, secret) => text.replaceAll(asLatin1(secret), previewKey(secret)),
      buffer.toString('latin1'),
    ),
    'latin1',
  );
}

/** The fields of an answer that do not repeat a credential. */
export function concealHeaders(headers: Headers, provider: Provider): Headers {
  const secrets = secretsOf(provider);
  const leaking = [...headers].filter(([, value]) => secrets.some((secret) => value.includes(secret)));
  if (leaking.length === 0) return headers;
  const safe = new Headers(headers);
  for (const [name] of leaking) safe.delete(name);
  return safe;
}

function secretsOf({ apiKey, headers }: Provider): string[] {
  return [apiKey ?? '', ...Object.values(headers)].filter((value) => value.length >= SHORTEST_SECRET);
}

function asLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
