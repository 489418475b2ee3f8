import type { Seal } from './conversation.ts';
import { asObject, asString, parsed } from './json.ts';

/** The prefix of every envelope. A body without this text contains none. */
export const ENVELOPE_MARK = 'llmp1.';

/** The maximum length of an envelope. */
const MAX_ENVELOPE_CHARS = 64 * 1024;

const ORIGINS = { anthropic: 'an', openai: 'oa', gemini: 'ge' } as const;

/**
 * Encodes a seal as a text that a client of another API can keep: `llmp1.<origin>.<base64url of JSON>`. The text is
 * neither secret nor signed: a client that forges one harms only its own request. undefined: the text would exceed 64
 * KB, so the seal is lost.
 */
export function envelopeOf(seal: Seal, redacted = false): string | undefined {
  const { provider: p, payload, itemId } = seal;
  const content =
    seal.origin === 'openai'
      ? { p, i: itemId, e: payload }
      : redacted
        ? { p, d: payload }
        : { p, s: payload };
  const text = `${ENVELOPE_MARK}${ORIGINS[seal.origin]}.${base64url(JSON.stringify(content))}`;
  return text.length > MAX_ENVELOPE_CHARS ? undefined : text;
}

/** Decodes an envelope; undefined if the text is not one. */
export function openEnvelope(text: string): { readonly seal: Seal; readonly redacted: boolean } | undefined {
  if (!text.startsWith(ENVELOPE_MARK)) return undefined;
  const origin = ORIGIN_OF[text.slice(ENVELOPE_MARK.length, ENVELOPE_MARK.length + 2)];
  const content = asObject(parsed(decoded(text.slice(ENVELOPE_MARK.length + 3))));
  if (origin === undefined || content === undefined) return undefined;
  const redacted = asString(content['d']);
  const payload = redacted ?? asString(content['s']) ?? asString(content['e']);
  if (payload === undefined) return undefined;
  const seal: Seal = {
    origin,
    provider: asString(content['p']) ?? '',
    payload,
    itemId: asString(content['i']),
  };
  return { seal, redacted: redacted !== undefined };
}

const ORIGIN_OF: Readonly<Record<string, Seal['origin']>> = { an: 'anthropic', oa: 'openai', ge: 'gemini' };

function base64url(text: string): string {
  return UTF8.encode(text).toBase64({ alphabet: 'base64url', omitPadding: true });
}

function decoded(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: 'base64url' }));
  } catch {
    return '';
  }
}

const UTF8 = new TextEncoder();
