import { ByteHold } from '../byte-buffer.ts';
import { slashesBefore } from './json-value.ts';
import type { SseEvent, SseSplitter } from '../sse.ts';

/**
 * Splits one JSON list, which arrives in chunks, into blocks of whole elements. An element is an object; anything else
 * between the brackets belongs to the next element. Blocks and tail, joined, are the list byte for byte.
 */
export function createListSplitter(maxElementBytes: number): SseSplitter {
  return new ListSplitter(maxElementBytes);
}

class ListSplitter implements SseSplitter {
  readonly #maxElementBytes: number;
  readonly #hold = new ByteHold();
  readonly #scanner = new ListScanner();

  constructor(maxElementBytes: number) {
    this.#maxElementBytes = maxElementBytes;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    const hold = this.#hold;
    let end = 0;
    this.#scanner.scan(chunk, (_, to) => {
      end = to;
    });
    const whole = end === 0 ? EMPTY : hold.take(end === chunk.length ? chunk : chunk.subarray(0, end));
    if (end < chunk.length) hold.add(end === 0 ? chunk : chunk.subarray(end));
    return hold.length > this.#maxElementBytes ? undefined : whole;
  }

  isEmpty(): boolean {
    return this.#hold.length === 0;
  }

  takeTail(): Uint8Array {
    return this.#hold.take(EMPTY);
  }
}

/**
 * The elements of a block, and the list's closing bracket. Like events, each reaches from the end of the one before,
 * and `data` leaves out what separates them. Bytes after the last one belong to none.
 */
export function splitElements(block: Uint8Array): readonly SseEvent[] {
  const elements: SseEvent[] = [];
  let start = 0;
  new ListScanner().scan(block, (from, end) => {
    elements.push({ start, end, name: '', data: block.subarray(from, end) });
    start = end;
  });
  return elements;
}

/** Finds where objects and the closing bracket of a list end. Looks at each byte once, over chunks cut anywhere. */
class ListScanner {
  #depth = 0;
  #isText = false;
  #isEscaped = false;

  /** Calls `found` with the offsets of each element that ends in these bytes; its start is 0 if it lies before them. */
  scan(bytes: Uint8Array, found: (start: number, end: number) => void): void {
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      if (this.#isText) {
        at = this.#skipText(bytes, at);
        continue;
      }
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#isText = true;
      } else if (byte === OPENING_BRACE) {
        if (this.#depth++ === 0) start = at;
      } else if (byte === CLOSING_BRACE) {
        if (this.#depth > 0 && --this.#depth === 0) found(start, at + 1);
      } else if (byte === CLOSING_BRACKET && this.#depth === 0) {
        found(at, at + 1);
      }
    }
  }

  /** Returns the offset of the text's closing quote, or that of the end if it is not in these bytes. */
  #skipText(bytes: Uint8Array, from: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote === -1 ? bytes.length : quote;
      this.#isEscaped = (slashesBefore(bytes, end, at) & 1) === 1;
      if (quote === -1) return end;
      if (!this.#isEscaped) {
        this.#isText = false;
        return end;
      }
      at = end + 1;
    }
  }
}

const EMPTY = new Uint8Array(0);
const QUOTE = 0x22;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const CLOSING_BRACKET = 0x5d;
