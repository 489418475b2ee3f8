/** Checks JSON (RFC 8259) that arrives in pieces, as strictly as `JSON.parse`. Examines each character once. */
export class JsonCheck {
  #state = VALUE;
  /** The number of open containers. */
  #depth = 0;
  /** By depth, 1 for each open container that is an object. */
  readonly #isObject = new Uint8Array(MAX_DEPTH + 1);
  #rootIsObject = false;
  /** Whether the current string is a key. */
  #isKey = false;
  /** What is left of a word, or of the digits of an escape. */
  #rest = '';

  push(piece: string): void {
    for (let at = 0; at < piece.length && this.#state !== MALFORMED; at++) this.#take(piece.charCodeAt(at));
  }

  /** Like `push`, up to the end of the outermost object. Returns the offset after it; -1 if it does not end here. */
  endIn(piece: string): number {
    for (let at = 0; at < piece.length && this.#state !== MALFORMED; at++) {
      this.#take(piece.charCodeAt(at));
      if (this.#depth === 0 && this.#state === AFTER) return at + 1;
    }
    return -1;
  }

  /** Whether all pieces together are one object. */
  isObject(): boolean {
    return this.#rootIsObject && this.#depth === 0 && this.#state === AFTER;
  }

  #take(code: number): void {
    if (this.#state === STRING) this.#inString(code);
    else this.#next(code);
  }

  #next(code: number): void {
    if (this.#state >= MINUS) return this.#inNumber(code);
    if (this.#state >= ESCAPE) return this.#inWord(code);
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) return;
    switch (this.#state) {
      case AFTER:
        return this.#after(code);
      case COLON:
        this.#state = code === 0x3a ? VALUE : MALFORMED;
        return;
      case KEY:
        return this.#key(code);
      case FIRST_KEY:
        return code === CLOSE_BRACE ? this.#close(1) : this.#key(code);
      case FIRST_ELEMENT:
        return code === CLOSE_BRACKET ? this.#close(0) : this.#value(code);
      default:
        return this.#value(code);
    }
  }

  #value(code: number): void {
    switch (code) {
      case QUOTE:
        return this.#quote(false);
      case OPEN_BRACE:
        return this.#open(1, FIRST_KEY);
      case OPEN_BRACKET:
        return this.#open(0, FIRST_ELEMENT);
      case 0x74:
        return this.#word('rue');
      case 0x66:
        return this.#word('alse');
      case 0x6e:
        return this.#word('ull');
      case 0x2d:
        this.#state = MINUS;
        return;
      default:
        this.#state = code === ZERO ? LEADING_ZERO : isDigit(code) ? INTEGER : MALFORMED;
    }
  }

  #key(code: number): void {
    if (code === QUOTE) this.#quote(true);
    else this.#state = MALFORMED;
  }

  #quote(isKey: boolean): void {
    this.#isKey = isKey;
    this.#state = STRING;
  }

  #open(isObject: 0 | 1, state: number): void {
    if (this.#depth === MAX_DEPTH) {
      this.#state = MALFORMED;
      return;
    }
    if (this.#depth === 0) this.#rootIsObject = isObject === 1;
    this.#depth += 1;
    this.#isObject[this.#depth] = isObject;
    this.#state = state;
  }

  #close(isObject: 0 | 1): void {
    const fits = this.#depth > 0 && this.#isObject[this.#depth] === isObject;
    if (fits) this.#depth -= 1;
    this.#state = fits ? AFTER : MALFORMED;
  }

  /** A character behind a value. */
  #after(code: number): void {
    if (code === COMMA && this.#depth > 0) this.#state = this.#isObject[this.#depth] === 1 ? KEY : VALUE;
    else if (code === CLOSE_BRACE) this.#close(1);
    else if (code === CLOSE_BRACKET) this.#close(0);
    else this.#state = MALFORMED;
  }

  #inString(code: number): void {
    if (code === QUOTE) this.#state = this.#isKey ? COLON : AFTER;
    else if (code === BACKSLASH) this.#state = ESCAPE;
    else if (code < 0x20) this.#state = MALFORMED;
  }

  /** A character of `true`, `false` or `null`, or of an escape. */
  #inWord(code: number): void {
    const char = String.fromCharCode(code);
    if (this.#state === WORD) {
      if (this.#rest.charAt(0) !== char) this.#state = MALFORMED;
      else this.#word(this.#rest.slice(1));
    } else if (this.#state === HEX) {
      this.#rest += char;
      if (!HEX_DIGIT.test(char)) this.#state = MALFORMED;
      else if (this.#rest.length === 4) this.#state = STRING;
    } else if (char === 'u') {
      this.#rest = '';
      this.#state = HEX;
    } else this.#state = '"\\/bfnrt'.includes(char) ? STRING : MALFORMED;
  }

  #word(rest: string): void {
    this.#rest = rest;
    this.#state = rest === '' ? AFTER : WORD;
  }

  /** A character of a number, or behind it. */
  #inNumber(code: number): void {
    this.#state = afterNumberChar(this.#state, code);
    if (this.#state === AFTER) this.#next(code);
  }
}

/** The state after a character in or behind a number; `AFTER` if the number ends before it. */
function afterNumberChar(state: number, code: number): number {
  if (isDigit(code)) return afterDigit(state, code);
  const isInteger = state === LEADING_ZERO || state === INTEGER;
  const mayEnd = isInteger || state === FRACTION || state === EXPONENT;
  switch (code) {
    case 0x2e:
      return isInteger ? POINT : MALFORMED;
    case 0x45:
    case 0x65:
      return isInteger || state === FRACTION ? EXPONENT_MARK : MALFORMED;
    case 0x2b:
    case 0x2d:
      return state === EXPONENT_MARK ? EXPONENT_SIGN : MALFORMED;
    default:
      return mayEnd ? AFTER : MALFORMED;
  }
}

function afterDigit(state: number, code: number): number {
  switch (state) {
    case MINUS:
      return code === ZERO ? LEADING_ZERO : INTEGER;
    case LEADING_ZERO:
      return MALFORMED;
    case POINT:
      return FRACTION;
    case EXPONENT_MARK:
    case EXPONENT_SIGN:
      return EXPONENT;
    default:
      return state;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

const HEX_DIGIT = /[0-9a-fA-F]/;

/** Deeper nesting is an attack on a parser's stack. */
const MAX_DEPTH = 10_000;

/** What may come next. */
const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_KEY = 2;
const KEY = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const MALFORMED = 7;
const ESCAPE = 8;
const HEX = 9;
const WORD = 10;
const MINUS = 11;
const LEADING_ZERO = 12;
const INTEGER = 13;
const POINT = 14;
const FRACTION = 15;
const EXPONENT_MARK = 16;
const EXPONENT_SIGN = 17;
const EXPONENT = 18;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
