import { formsOf, textsOf, type SecretForm } from './secret-forms.ts';

/** Characters at the end of a form by which it is looked up. No form may be shorter. */
const TAIL = 6;

/** Places in the table for each form: the more, the fewer characters of a text have to be compared with one. */
const PLACES = 4;

const NOTHING: readonly SecretForm[] = [];

/**
 * Finds which of many secrets a text holds, in one pass over it: a hash of the last characters up to each place says
 * which forms may end there. So it costs the same for ten secrets and for a hundred thousand.
 */
export class SecretSearch {
  readonly #secrets: readonly string[];
  /** By hash: 1 + the newest entry with such a hash, or 0. Its length is a power of two. */
  readonly #heads: Int32Array;
  /** By entry, which is a form: the entry before it in the same place, the hash, and whose form it is. */
  readonly #before: Int32Array;
  readonly #hashes: Int32Array;
  readonly #owners: Int32Array;

  /** @param secrets of 6 characters or more each */
  constructor(secrets: readonly string[]) {
    const hashes: number[] = [];
    const owners: number[] = [];
    for (const [owner, secret] of secrets.entries()) {
      for (const hash of textsOf(secret).map(tailHash)) {
        hashes.push(hash);
        owners.push(owner);
      }
    }
    this.#secrets = secrets;
    this.#hashes = Int32Array.from(hashes);
    this.#owners = Int32Array.from(owners);
    this.#before = new Int32Array(hashes.length);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(hashes.length * PLACES + 1)));
    for (const [entry, hash] of hashes.entries()) {
      const place = hash & (this.#heads.length - 1);
      this.#before[entry] = this.#heads[place] ?? 0;
      this.#heads[place] = entry + 1;
    }
  }

  /** The forms that stand in the text, each once, the longest first. */
  formsIn(text: string): readonly SecretForm[] {
    const heads = this.#heads;
    const lastPlace = heads.length - 1;
    let found: Map<string, SecretForm> | undefined;
    let near = 0;
    let far = 0;
    for (let index = 0; index < text.length; index++) {
      far = (far << 8) | (near >>> 24);
      near = (near << 8) | (text.charCodeAt(index) & 0xff);
      const hash = hashOf(near, far);
      const head = heads[hash & lastPlace];
      if (head === undefined || head === 0) continue;
      for (const form of this.#endingAt(text, index, hash, head)) {
        found ??= new Map();
        found.set(form.text, form);
      }
    }
    if (found === undefined) return NOTHING;
    return [...found.values()].sort((a, b) => b.text.length - a.text.length);
  }

  /** The forms that really end there: hashes only say which to compare. */
  #endingAt(text: string, index: number, hash: number, head: number): readonly SecretForm[] {
    let found: SecretForm[] | undefined;
    for (let next = head; next !== 0; next = this.#before[next - 1] ?? 0) {
      if (this.#hashes[next - 1] !== hash) continue;
      const secret = this.#secrets[this.#owners[next - 1] ?? 0] ?? '';
      const ending = formsOf(secret).filter((form) => text.endsWith(form.text, index + 1));
      if (ending.length > 0) (found ??= []).push(...ending);
    }
    return found ?? NOTHING;
  }
}

function tailHash(text: string): number {
  let near = 0;
  let far = 0;
  for (let index = text.length - TAIL; index < text.length; index++) {
    far = (far << 8) | (near >>> 24);
    near = (near << 8) | (text.charCodeAt(index) & 0xff);
  }
  return hashOf(near, far);
}

/** Of the low bytes of the last four characters, and of the two before them. */
function hashOf(near: number, far: number): number {
  const mixed = Math.imul(near, 0x9e3779b1) ^ Math.imul(far & 0xffff, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
