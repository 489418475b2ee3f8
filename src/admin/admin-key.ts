import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a request presents the key. Takes constant time. */
export function presents(headers: Headers, key: string): boolean {
  const presented = /^\s*bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(presented), digest(key));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
