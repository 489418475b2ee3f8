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

/**
 * A JSON line that is put together from known pieces and the numbers of a request. Its bytes lie in a buffer that the
 * next line uses again, so a line allocates nothing: not one of the dozens of strings that joining it would.
 */
export class LineBytes {
  readonly bytes = new Uint8Array(MOST_LINE_BYTES);
  #length = 0;
  #instant = '';

  get length(): number {
    return this.#length;
  }

  /** Begins a line of level `info`, up to the request's id. */
  begin(now: Date, requestId: string): this {
    const instant = instantOf(now);
    if (instant !== this.#instant) {
      HEAD.write(instant, HEAD_START.length, 'latin1');
      this.#instant = instant;
    }
    this.bytes.set(HEAD);
    this.#length = HEAD.length;
    for (let index = 0; index < requestId.length; index++) this.#put(requestId.charCodeAt(index));
    this.#put(QUOTE);
    return this;
  }

  add(piece: Uint8Array): this {
    this.bytes.set(piece, this.#length);
    this.#length += piece.byteLength;
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
    let rest = value;
    for (let index = this.#length + count - 1; index >= this.#length; index--) {
      const next = Math.floor(rest / 10);
      this.bytes[index] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#length += count;
  }

  #put(byte: number): void {
    this.bytes[this.#length++] = byte;
  }
}
