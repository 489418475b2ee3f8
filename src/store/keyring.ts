import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';

/** Seals text with AES-256-GCM, and opens text that it or a former key has sealed. */
export interface Keyring {
  /** Identifies the current key without revealing it. */
  readonly keyId: string;
  /** `context` is the place of the text: sealed text that is moved elsewhere does not open. */
  readonly seal: (text: string, context: string) => string;
  /** Throws `SealBroken`. */
  readonly open: (sealed: string, context: string) => string;
}

/** A sealed text that cannot be opened: it was sealed with another key, changed, or moved to another place. */
export class SealBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealBroken';
  }
}

/** The current passphrase, and former ones that may still be needed to open older text. */
export interface Passphrases {
  readonly current: string;
  readonly former?: readonly string[];
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Derives the keys, which takes about a tenth of a second each to make guessing expensive. */
export function createKeyring({ current, former = [] }: Passphrases): Keyring {
  const sealing = deriveKey(current);
  const keys = new Map([...former.map(deriveKey), sealing].map((key) => [key.id, key.bytes]));
  return {
    keyId: sealing.id,
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, sealing.bytes, nonce);
      cipher.setAAD(Buffer.from(aad(sealing.id, context)));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [FORMAT, sealing.id, nonce.toString('base64url'), body.toString('base64url')].join('.');
    },
    open(sealed, context) {
      const [format, id = '', nonce = '', body = ''] = sealed.split('.');
      if (format !== FORMAT) throw new SealBroken('a sealed text has an unknown form');
      const key = keys.get(id);
      if (key === undefined) {
        throw new SealBroken(
          `secrets are sealed with the key ${id}, this program has ${[...keys.keys()].join(', ')}: ` +
            'set SECRET_KEY (or ADMIN_KEY) as it was, or give the former one as OLD_SECRET_KEY',
        );
      }
      return decrypt(key, { nonce, body, aad: aad(id, context) });
    },
  };
}

const FORMAT = 'v1';

function aad(keyId: string, context: string): string {
  return `${FORMAT}.${keyId}.${context}`;
}

/**
 * scrypt (RFC 7914) with 32 MiB of memory. The salt is fixed: the passphrase has at least 16 characters, and all
 * replicas must derive the same key without asking the database.
 */
function deriveKey(passphrase: string): { readonly id: string; readonly bytes: Buffer } {
  const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
  const bytes = scryptSync(passphrase.normalize('NFC'), 'llm-proxy secrets v1', 32, cost);
  const id = createHash('sha256').update('llm-proxy key id').update(bytes).digest('hex').slice(0, 12);
  return { id, bytes };
}

function decrypt(key: Buffer, sealed: { nonce: string; body: string; aad: string }): string {
  const body = Buffer.from(sealed.body, 'base64url');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(sealed.nonce, 'base64url'));
    decipher.setAAD(Buffer.from(sealed.aad));
    decipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
    const text = decipher.update(body.subarray(0, body.length - TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new SealBroken('a sealed text was changed, or stands in a place that is not its own');
  }
}
