import type { Fields } from '../../lib/http/fields.ts';
import type { Provider } from '../../config/snapshot.ts';
import type { ByteSource } from '../ports.ts';
import { secretBytes } from '../redact.ts';

/**
 * Content types in which an answer may repeat the request: JSON, HTML and other text, forms, and `message/http`, the
 * answer to TRACE. An answer without a type may be any of these.
 */
const TEXT =
  /^(?:$|text\/|message\/|application\/(?:[\w.+-]{0,64}(?:json|xml)|x-ndjson|jsonl|x-www-form-urlencoded))/i;

/**
 * Masks the provider's credentials with asterisks in an answer that is forwarded as it arrives. Masks keep the
 * length, so that the answer's length stays correct. Audio, images and compressed data pass unchanged.
 */
export function redactedSource(source: ByteSource, headers: Fields, provider: Provider): ByteSource {
  const secrets = secretBytes(provider);
  if (secrets.length === 0 || !TEXT.test(headers.get('content-type') ?? '')) return source;
  if (headers.has('content-encoding')) return source;
  const redactor = new StreamRedactor(secrets);
  return {
    async read() {
      for (;;) {
        const { done, value } = await source.read();
        if (done || value === undefined) {
          const rest = redactor.takeRest();
          return rest.byteLength === 0 ? { done: true } : { done: false, value: rest };
        }
        const clean = redactor.push(value);
        if (clean.byteLength > 0) return { done: false, value: clean };
      }
    },
    async pipe(take) {
      const ending = await source.pipe((chunk) => {
        const clean = redactor.push(chunk);
        return clean.byteLength === 0 ? undefined : take(clean);
      });
      const rest = ending === 'stop' ? NOTHING : redactor.takeRest();
      if (rest.byteLength > 0) {
        const taken = take(rest);
        if (taken !== 'stop') await taken;
      }
      return ending;
    },
    cancel: () => source.cancel(),
  };
}

const NOTHING = new Uint8Array();
const ASTERISK = 0x2a;

/** Masks secrets in a stream. Holds back bytes that may be the beginning of a secret until the next piece. */
class StreamRedactor {
  readonly #secrets: readonly Buffer[];
  readonly #longest: number;
  #waiting: Uint8Array = NOTHING;

  constructor(secrets: readonly Buffer[]) {
    this.#secrets = secrets;
    this.#longest = Math.max(...secrets.map(({ byteLength }) => byteLength));
  }

  push(chunk: Uint8Array): Uint8Array {
    const joined = this.#waiting.byteLength === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    const clean = this.#masked(Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength));
    const end = this.#startOfPart(clean);
    this.#waiting = end === clean.byteLength ? NOTHING : Uint8Array.from(clean.subarray(end));
    return end === clean.byteLength ? clean : clean.subarray(0, end);
  }

  takeRest(): Uint8Array {
    const rest = this.#waiting;
    this.#waiting = NOTHING;
    return rest;
  }

  #masked(bytes: Buffer): Buffer {
    let clean = bytes;
    for (const secret of this.#secrets) {
      for (let at = clean.indexOf(secret); at !== -1; at = clean.indexOf(secret, at + secret.byteLength)) {
        if (clean === bytes) clean = Buffer.from(bytes);
        clean.fill(ASTERISK, at, at + secret.byteLength);
      }
    }
    return clean;
  }

  /**
   * Returns where the longest suffix starts that may be the beginning of a secret; the length of the bytes if there
   * is none.
   */
  #startOfPart(bytes: Buffer): number {
    for (let at = Math.max(0, bytes.byteLength - this.#longest + 1); at < bytes.byteLength; at++) {
      const end = bytes.subarray(at);
      if (this.#secrets.some((secret) => secret.subarray(0, end.byteLength).equals(end))) return at;
    }
    return bytes.byteLength;
  }
}
