import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { StoredAnswer } from '../gateway/cache/stored-answer.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** An answer as it is outside of this process: with times on the server's clock, in milliseconds since 1970. */
export interface PlainAnswer extends Omit<StoredAnswer, 'storedAtMs'> {
  /** When it was asked of the provider. */
  readonly beganMs: number;
  readonly storedMs: number;
}

/** Compresses and seals an answer with a key of 32 bytes. It opens under the same name only. */
export function sealAnswer({ pieces, ...rest }: PlainAnswer, key: Uint8Array, name: string): Buffer {
  const head = Buffer.from(
    JSON.stringify({ ...rest, pieces: pieces.map(({ atMs, bytes }) => [atMs, bytes.byteLength]) }),
  );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.byteLength);
  const plain = gzipSync(Buffer.concat([length, head, ...pieces.map(({ bytes }) => bytes)]));
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  cipher.setAAD(Buffer.from(name));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws if the bytes were sealed with another key, under another name, or changed. */
export function openAnswer(sealed: Uint8Array, key: Uint8Array, name: string): PlainAnswer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
  const plain = gunzipSync(Buffer.concat([decipher.update(body), decipher.final()]));
  const bodyAt = LENGTH_BYTES + plain.readUInt32BE(0);
  const head = JSON.parse(plain.toString('utf8', LENGTH_BYTES, bodyAt)) as Omit<PlainAnswer, 'pieces'> & {
    pieces: [atMs: number, bytes: number][];
  };
  let at = bodyAt;
  const pieces = head.pieces.map(([atMs, length]) => ({ atMs, bytes: plain.subarray(at, (at += length)) }));
  return { ...head, pieces, keyId: head.keyId ?? undefined, keyName: head.keyName ?? undefined };
}
