import { createHash, timingSafeEqual } from 'node:crypto';

const SHORTEST = 16;

/** How the values begin or go that stand in examples, and so in the first list of whoever tries to get in. */
const EXAMPLE =
  /^(?:your|my|example|insert|replace)[-_ ]|change[-_ ]?me|placeholder|^(?:admin|secret|password)[-_]?(?:key)?[-_]?\d*$/i;

/** Why a key of the operator's is none to be used, to be read behind the variable's name; undefined: it is good. */
export function findWeakness(key: string): string | undefined {
  if (key.length < SHORTEST) {
    return `has ${key.length} characters; it needs ${SHORTEST} or more, such as those that "openssl rand -hex 32" prints`;
  }
  if (/[^\x21-\x7e]/.test(key))
    return 'must be printable ASCII without spaces, since it travels in an HTTP header';
  if (EXAMPLE.test(key) || new Set(key).size < 5) {
    return 'is a value as examples have it; take a random one, such as "openssl rand -hex 32" prints';
  }
  return undefined;
}

/** Whether a request presents the key. The time that it takes tells nothing about the key. */
export function presents(headers: Headers, key: string): boolean {
  const presented = /^\s*bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(presented), digest(key));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
