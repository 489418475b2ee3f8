/** The part of a request id that all ids of its answer derive from: `req_X` gives `X`. */
export function idSuffix(requestId: string): string {
  return requestId.startsWith('req_') ? requestId.slice(4) : requestId;
}

/** The id `call_X_k` for the `k`th call, counted from 0, of an answer or a history whose API has no ids. */
export function mintedCallId(suffix: string, k: number): string {
  return `call_${suffix}_${k}`;
}

/**
 * Tells the ids of different calls apart. Some servers count from 0 in each answer, so that a history has the same id
 * several times, which others refuse.
 */
export class CallIds {
  readonly #uses = new Map<string, number>();

  /** The id, or one derived from it if another call has it already: `call_0`, `call_0_2`, `call_0_3`. */
  unused(id: string): string {
    let uses = this.#uses.get(id) ?? 0;
    let own = id;
    while (uses > 0 && this.#uses.has(own)) own = `${id}_${++uses}`;
    this.#uses.set(id, Math.max(uses, 1));
    if (own !== id) this.#uses.set(own, 1);
    return own;
  }
}

/** The form of tool-call ids that a target requires. */
export type CallIdForm = 'chat' | 'responses' | 'messages' | 'converse' | 'mistral' | 'any';

/**
 * The id in the form that the target accepts. An id that it refuses is replaced by its own hash, so that a call and its
 * result agree across all requests of a conversation.
 */
export function callIdFor(id: string, form: CallIdForm): string {
  if (FITS[form](id)) return id;
  return form === 'mistral' ? base62(fnv1a64(id), 9) : `call_${base62(fnv1a64(id), 11)}`;
}

const FITS: Readonly<Record<CallIdForm, (id: string) => boolean>> = {
  chat: (id) => id !== '' && id.length <= 40,
  responses: (id) => id !== '' && id.length <= 64,
  messages: (id) => /^[A-Za-z0-9_-]{1,64}$/.test(id),
  converse: (id) => /^[A-Za-z0-9_-]{1,64}$/.test(id),
  mistral: (id) => /^[A-Za-z0-9]{9}$/.test(id),
  any: (id) => id !== '',
};

/** The user id if it has at most `maxLength` characters, otherwise `u_` and 11 digits of its hash. */
export function shortUser(user: string, maxLength: number): string {
  return user.length <= maxLength ? user : `u_${base62(fnv1a64(user), 11)}`;
}

/** FNV-1a over the UTF-8 bytes, 32 bits, as 8 hexadecimal digits. */
export function hash32(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of UTF8.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** FNV-1a over the UTF-8 bytes, 64 bits. */
export function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of UTF8.encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** The lowest `digits` base-62 digits of a number, most significant first. */
function base62(value: bigint, digits: number): string {
  let rest = value % 62n ** BigInt(digits);
  let text = '';
  for (let digit = 0; digit < digits; digit++) {
    text = DIGITS.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const UTF8 = new TextEncoder();

/** Precedes Gemini's signature in a tool-call id. The signature is base64 with `-_` for `+/` and without padding. */
const SIGNATURE_MARK = '__ts1_';
const MAX_SIGNATURE_CHARS = 16 * 1024;

/** A call id that carries Gemini's signature. Returns the id alone if the signature exceeds 16 KB. */
export function idWithSignature(id: string, signature: string): string {
  if (signature.length > MAX_SIGNATURE_CHARS) return id;
  return `${id}${SIGNATURE_MARK}${signature.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** Splits such an id into id and signature. The signature is padded base64 again. */
export function splitSignature(id: string): { readonly id: string; readonly signature: string | undefined } {
  const mark = id.lastIndexOf(SIGNATURE_MARK);
  if (mark === -1) return { id, signature: undefined };
  const bare = id
    .slice(mark + SIGNATURE_MARK.length)
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  return {
    id: id.slice(0, mark),
    signature: bare === '' ? undefined : bare.padEnd(Math.ceil(bare.length / 4) * 4, '='),
  };
}
