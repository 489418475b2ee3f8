import { createHash } from 'node:crypto';

/** A script that runs in Redis, and the hash by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
