/** Where a line begins. */
export interface LinePosition {
  /** The number of its file, as the caller counts them. */
  readonly file: number;
  /** Bytes before it. */
  readonly at: number;
}

/** A position takes three numbers: of the id the low 32 bits; the high 16 with the file; the place, plus 1. 0: it is free. */
const WORDS = 3;
const LEAST_PLACES = 64;
/** Fuller tables search longer. */
const MOST_FULL = 0.85;
const GROWTH = 1.25;
/** Emptier ones give memory back. */
const LEAST_FULL = 0.2;
const MOST_FILE = 0xffff;
const MOST_AT = 0xfffffffe;

/**
 * Positions of lines by the id of a request. A position takes 14 to 18 bytes, where a `Map` takes 100 to 250: a hash table
 * with open addressing, whose hash is the id itself, since the gateway makes ids at random. Other ids and large numbers
 * are kept in a `Map`.
 */
export class PositionTable {
  #places = LEAST_PLACES;
  #words = new Uint32Array(LEAST_PLACES * WORDS);
  #count = 0;
  readonly #others = new Map<string, LinePosition>();
  /** The digits of the id that was read last. */
  #low = 0;
  #high = 0;

  /** Whether the id has a position. */
  has(id: string): boolean {
    if (this.#others.has(id)) return true;
    return this.#count > 0 && this.#read(id) && !this.#isFree(this.#find(this.#low, this.#high));
  }

  get(id: string): LinePosition | undefined {
    const other = this.#others.size === 0 ? undefined : this.#others.get(id);
    if (other !== undefined || this.#count === 0 || !this.#read(id)) return other;
    const place = this.#find(this.#low, this.#high);
    return this.#isFree(place) ? undefined : this.#positionAt(place);
  }

  set(id: string, position: LinePosition): void {
    if (this.#read(id) && position.file <= MOST_FILE && position.at <= MOST_AT) {
      if (this.#others.size > 0) this.#others.delete(id);
      this.#put(position);
    } else {
      this.take(id);
      this.#others.set(id, position);
    }
  }

  /** Removes a position, and returns it. */
  take(id: string): LinePosition | undefined {
    const position = this.get(id);
    if (position === undefined || this.#others.delete(id)) return position;
    this.#count -= 1;
    this.#close(this.#find(this.#low, this.#high));
    if (this.#places > LEAST_PLACES && this.#count < this.#places * LEAST_FULL) this.#resize();
    return position;
  }

  /** In no order. */
  *all(): Generator<LinePosition> {
    yield* this.#others.values();
    for (let place = 0; place < this.#places; place++)
      if (!this.#isFree(place)) yield this.#positionAt(place);
  }

  /** Sets the position of the id that was read last. */
  #put({ file, at }: LinePosition): void {
    if (this.#count + 1 > this.#places * MOST_FULL) this.#resize();
    const word = this.#find(this.#low, this.#high) * WORDS;
    if (this.#words[word + 2] === 0) this.#count += 1;
    this.#words[word] = this.#low;
    this.#words[word + 1] = this.#high * 0x10000 + file;
    this.#words[word + 2] = at + 1;
  }

  /** Reads an id as the gateway makes them: `req_` and twelve hex digits, lower-case. False: it is another one. */
  #read(id: string): boolean {
    if (id.length !== ID_LENGTH || !id.startsWith(PREFIX)) return false;
    const [high, low] = [hexIn(id, PREFIX.length, 4), hexIn(id, PREFIX.length + 4, 8)];
    this.#high = high;
    this.#low = low;
    return high >= 0 && low >= 0;
  }

  /** The place of an id, or the free one where it belongs. */
  #find(low: number, high: number): number {
    const words = this.#words;
    let place = low % this.#places;
    for (;;) {
      const word = place * WORDS;
      if (words[word + 2] === 0) return place;
      if (words[word] === low && (words[word + 1] ?? 0) >>> 16 === high) return place;
      place = place + 1 === this.#places ? 0 : place + 1;
    }
  }

  #isFree(place: number): boolean {
    return this.#words[place * WORDS + 2] === 0;
  }

  #positionAt(place: number): LinePosition {
    const word = place * WORDS;
    return { file: (this.#words[word + 1] ?? 0) & MOST_FILE, at: (this.#words[word + 2] ?? 0) - 1 };
  }

  /** Frees a place, and moves later entries so that each is still found from its hash on. */
  #close(freed: number): void {
    let free = freed;
    for (let place = free; ;) {
      place = place + 1 === this.#places ? 0 : place + 1;
      if (this.#isFree(place)) break;
      const wanted = (this.#words[place * WORDS] ?? 0) % this.#places;
      // Whether the place that it wants lies behind the free one, on the way to its own.
      const isBehind = free <= place ? free < wanted && wanted <= place : free < wanted || wanted <= place;
      if (isBehind) continue;
      this.#words.copyWithin(free * WORDS, place * WORDS, (place + 1) * WORDS);
      free = place;
    }
    this.#words.fill(0, free * WORDS, (free + 1) * WORDS);
  }

  #resize(): void {
    const before = this.#words;
    this.#places = Math.max(LEAST_PLACES, Math.ceil(((this.#count + 1) * GROWTH) / MOST_FULL));
    this.#words = new Uint32Array(this.#places * WORDS);
    for (let word = 0; word < before.length; word += WORDS) {
      const entry = before.subarray(word, word + WORDS);
      const [low = 0, high = 0, at = 0] = entry;
      if (at !== 0) this.#words.set(entry, this.#find(low, high >>> 16) * WORDS);
    }
  }
}

const PREFIX = 'req_';
const ID_LENGTH = PREFIX.length + 12;

/** The number that some digits make; below 0: one of them is none. */
function hexIn(text: string, from: number, digits: number): number {
  let number = 0;
  for (let at = from; at < from + digits; at++) {
    const code = text.charCodeAt(at);
    const digit = code < A_CODE ? code - ZERO_CODE : code - A_CODE + 10;
    const isHex = code < A_CODE ? digit >= 0 && digit <= 9 : digit <= 15;
    if (!isHex) return -1;
    number = number * 16 + digit;
  }
  return number;
}

const ZERO_CODE = 0x30;
const A_CODE = 0x61;
