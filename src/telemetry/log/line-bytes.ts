import { instantOf } from './json-line.ts';

/** The longest line, in bytes. */
export const MOST_LINE_BYTES = 16 * 1024;

const HEAD_START = '{"time":"';
const HEAD_END = '","level":"info","request_id":"';
const INSTANT_BYTES = 24;
const POINT = 0x2e;
const ZERO = 0x30;
const QUOTE = 0x22;

/** The bytes of a line's head, in which only the instant changes. */
const HEAD = Buffer.from(`${HEAD_START}${' '.repeat(INSTANT_BYTES)}${HEAD_END}`);
let headInstant = '';

/** Whole numbers below this one fit into 32 bits. */
const SMALL_NUMBERS = 2 ** 31;

/**
 * A JSON line that is put together from known pieces and the numbers of a request. It is written where its sink keeps
 * lines, so it allocates nothing: not one of the dozens of strings that joining it would.
 */
export class LineBytes {
  #bytes: Buffer = NOWHERE;
  #start = 0;
  #end = 0;

  /** Places the line, which is empty from then on, into a buffer that has room for it. */
  place(bytes: Buffer, start: number): this {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = start;
    return this;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  toString(): string {
    return this.#bytes.toString('utf8', this.#start, this.#end);
  }

  /** Begins a line of level `info`, up to the request's id. */
  begin(epochMs: number, requestId: string): this {
    const instant = instantOf(epochMs);
    if (instant !== headInstant) {
      HEAD.write(instant, HEAD_START.length, 'latin1');
      headInstant = instant;
    }
    this.add(HEAD, 0, HEAD.length);
    for (let index = 0; index < requestId.length; index++) this.#put(requestId.charCodeAt(index));
    this.#put(QUOTE);
    return this;
  }

  /** Adds the bytes from `from` to `to`. */
  add(piece: Buffer, from: number, to: number): this {
    this.#end += piece.copy(this.#bytes, this.#end, from, to);
    return this;
  }

  /** Adds a number from 0 to 10¹⁵, rounded to a whole one. */
  whole(value: number): this {
    this.#digits(Math.round(value), 1);
    return this;
  }

  /** Adds a number from 0 to 10¹² with two decimals. */
  hundredths(value: number): this {
    this.#fraction(Math.round(value * 100), 100, 2);
    return this;
  }

  /** Adds a number from 0 to 10¹² with three decimals, and with none if it is whole. */
  thousandths(value: number): this {
    const parts = Math.round(value * 1000);
    if (parts % 1000 === 0) this.#digits(parts / 1000, 1);
    else this.#fraction(parts, 1000, 3);
    return this;
  }

  /** Adds nano-dollars, from 0 to 10¹⁵, as dollars with nine decimals. */
  dollars(nano: number): this {
    this.#fraction(nano, 1e9, 9);
    return this;
  }

  #fraction(parts: number, unit: number, decimals: number): void {
    const whole = Math.floor(parts / unit);
    this.#digits(whole, 1);
    this.#put(POINT);
    this.#digits(parts - whole * unit, decimals);
  }

  /** Adds a whole number, with zeros before it up to `least` digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let limit = 10 ** least; value >= limit; limit *= 10) count += 1;
    const first = this.#end;
    this.#end += count;
    if (value < SMALL_NUMBERS) return this.#putSmall(value | 0, first);
    let rest = value;
    for (let index = this.#end - 1; index >= first; index--) {
      const next = Math.floor(rest / 10);
      this.#bytes[index] = ZERO + rest - next * 10;
      rest = next;
    }
  }

  /** The same without fractions, which is faster. */
  #putSmall(value: number, first: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let index = this.#end - 1; index >= first; index--) {
      const next = (rest / 10) | 0;
      bytes[index] = ZERO + rest - next * 10;
      rest = next;
    }
  }

  #put(byte: number): void {
    this.#bytes[this.#end++] = byte;
  }
}

const NOWHERE = Buffer.alloc(0);
