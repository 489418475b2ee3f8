import { shapesTold, tellEndings } from './key-shapes.ts';
import { formsOf, textsOf, type SecretForm } from './secret-forms.ts';

/** The number of final characters by which a form is looked up. No form may be shorter. */
const TAIL = 6;

/** Table slots per form: more of them mean fewer comparisons. */
const PLACES = 4;

/** Two characters may end a form of a secret, or a tell of a key's shape. */
const ENDS_FORM = 1;
const ENDS_TELL = 2;

/** The clue that a secret may occur; the bits below are those of `shapesTold`. */
const SECRET_CLUE = 1 << 30;

const NOTHING: readonly SecretForm[] = [];

interface FoundForms {
  /** By text. */
  readonly found: Map<string, SecretForm>;
  /** By secret, so that each is worked out once. */
  readonly forms: Map<number, readonly SecretForm[]>;
}

/**
 * Finds which of many secrets occur in a text, and which shapes of keys may occur, in one pass. Where two characters end
 * a form, a hash of the last characters selects the forms that may end there. A line takes a microsecond with ten
 * secrets, and a few with a hundred thousand.
 */
export class SecretSearch {
  readonly #secrets: readonly string[];
  /** By two characters: `ENDS_FORM`, `ENDS_TELL`, both, or 0, which most positions of a text match. */
  readonly #pairs = new Uint8Array(1 << 16);
  /** By hash: 1 + the newest entry with this hash, or 0. Its length is a power of two. */
  readonly #heads: Int32Array;
  /** By entry, which is a form: the previous entry of the slot, the hash, and the secret of the form. */
  readonly #before: Int32Array;
  readonly #hashes: Int32Array;
  readonly #owners: Int32Array;

  /** @param secrets of at least 6 characters each */
  constructor(secrets: readonly string[]) {
    const hashes: number[] = [];
    const owners: number[] = [];
    for (const [owner, secret] of secrets.entries()) {
      for (const text of textsOf(secret)) {
        hashes.push(tailHash(text, text.length));
        owners.push(owner);
        this.#pairs[lastPair(text)] = ENDS_FORM;
      }
    }
    for (const ending of tellEndings()) {
      const pair = lastPair(ending);
      this.#pairs[pair] = (this.#pairs[pair] ?? 0) | ENDS_TELL;
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

  /** Whether a text may contain a secret or a key's shape: 0 for most texts. */
  cluesIn(text: string): number {
    const pairs = this.#pairs;
    const { length } = text;
    let clues = 0;
    let pair = 0;
    for (let index = 0; index < length; index++) {
      pair = ((pair << 8) | (text.charCodeAt(index) & 0xff)) & 0xffff;
      const ends = pairs[pair] ?? 0;
      if (ends === 0) continue;
      if ((ends & ENDS_TELL) !== 0) clues |= shapesTold(text, index);
      if ((ends & ENDS_FORM) !== 0 && this.#mayEndAt(text, index)) clues |= SECRET_CLUE;
    }
    return clues;
  }

  /**
   * The forms in the text, each once, the longest first.
   *
   * @param clues the text's `cluesIn`
   */
  formsIn(text: string, clues: number): readonly SecretForm[] {
    if ((clues & SECRET_CLUE) === 0) return NOTHING;
    const found = new Map<string, SecretForm>();
    const forms = new Map<number, readonly SecretForm[]>();
    for (let index = 1; index < text.length; index++) {
      const pair = ((text.charCodeAt(index - 1) & 0xff) << 8) | (text.charCodeAt(index) & 0xff);
      if (((this.#pairs[pair] ?? 0) & ENDS_FORM) === 0) continue;
      this.#findEndingAt(text, index, { found, forms });
    }
    return [...found.values()].sort((a, b) => b.text.length - a.text.length);
  }

  #mayEndAt(text: string, index: number): boolean {
    const hash = tailHash(text, index + 1);
    let next = this.#heads[hash & (this.#heads.length - 1)] ?? 0;
    while (next !== 0 && this.#hashes[next - 1] !== hash) next = this.#before[next - 1] ?? 0;
    return next !== 0;
  }

  /** Finds the forms that end at this position. The hash only selects candidates. */
  #findEndingAt(text: string, index: number, { found, forms }: FoundForms): void {
    const hash = tailHash(text, index + 1);
    let next = this.#heads[hash & (this.#heads.length - 1)] ?? 0;
    for (; next !== 0; next = this.#before[next - 1] ?? 0) {
      if (this.#hashes[next - 1] !== hash) continue;
      const owner = this.#owners[next - 1] ?? 0;
      const ofOwner = forms.get(owner) ?? formsOf(this.#secrets[owner] ?? '');
      forms.set(owner, ofOwner);
      for (const form of ofOwner) if (text.endsWith(form.text, index + 1)) found.set(form.text, form);
    }
  }
}

function lastPair(text: string): number {
  return ((text.charCodeAt(text.length - 2) & 0xff) << 8) | (text.charCodeAt(text.length - 1) & 0xff);
}

/**
 * Hashes the low bytes of the last characters before `end`. Forms are longer, so they end nowhere near the beginning of
 * a text.
 */
function tailHash(text: string, end: number): number {
  let near = 0;
  let far = 0;
  for (let index = Math.max(0, end - TAIL); index < end; index++) {
    far = ((far << 8) | (near >>> 24)) & 0xffff;
    near = (near << 8) | (text.charCodeAt(index) & 0xff);
  }
  const mixed = Math.imul(near, 0x9e3779b1) ^ Math.imul(far, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
