import { quoteModule } from './quote-module.ts';

/** Searches some bytes of a string for its closing quote. */
interface QuoteSearch {
  /** Where the searched bytes are copied to. */
  readonly window: Buffer;
  /**
   * Returns the offset of the first quote of the first `count` bytes that no backslash escapes. If there is none,
   * returns `count`, or one more if the next byte is escaped.
   */
  readonly find: (count: number) => number;
}

/** Bytes that are searched at a time. A string may be short, so the first step is. */
const FIRST_BYTES = 1024;
const MOST_BYTES = 16 * 1024;

/**
 * From within a string, returns the offset of its closing quote, or -1. The time does not depend on how many characters
 * are escaped.
 */
export function closingQuote(bytes: Uint8Array, start: number): number {
  const search = bytes.length - start < FIRST_BYTES ? undefined : quoteSearch();
  return search === undefined ? stepwise(bytes, start) : inSteps(bytes, start, search);
}

function stepwise(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return -1;
}

function inSteps(bytes: Uint8Array, start: number, { window, find }: QuoteSearch): number {
  let most = FIRST_BYTES;
  for (let at = start; at < bytes.length; most = Math.min(2 * most, MOST_BYTES)) {
    // A copy between offsets needs no view.
    const count = Buffer.prototype.copy.call(bytes, window, 0, at, at + most);
    const found = find(count);
    at += found;
    if (found < count) return at;
  }
  return -1;
}

let search: QuoteSearch | undefined;
/** Whether the runtime refuses to run it, as one without a compiler does. */
let isRefused = false;

function quoteSearch(): QuoteSearch | undefined {
  if (search !== undefined || isRefused) return search;
  try {
    const { memory, find } = new WebAssembly.Instance(new WebAssembly.Module(quoteModule())).exports;
    if (!(memory instanceof WebAssembly.Memory) || typeof find !== 'function')
      throw new TypeError('no search');
    search = { window: Buffer.from(memory.buffer), find: (count) => Number(find(count)) };
  } catch {
    isRefused = true;
  }
  return search;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
