import { rememberTexts } from '../../lib/remember-texts.ts';
import { asItIs, type Redact } from './redact.ts';

/** The input of a line besides its entry. */
export interface LineContext {
  readonly now: Date;
  readonly texts: LineTexts;
}

/**
 * Makes the texts of entries fit for a line. All texts pass through it, since any may come from a client. Lines repeat
 * most of them, so the results are remembered.
 */
export class LineTexts {
  readonly redact: Redact;
  /** Redacted, on one line. */
  readonly plain: (text: string) => string;
  /** Redacted, as the inside of a JSON string. */
  readonly escaped: (text: string) => string;

  constructor(redact: Redact) {
    this.redact = redact;
    this.plain = rememberTexts((text) => oneLine(redact(text)));
    this.escaped = rememberTexts((text) => escapeJson(redact(text)));
  }
}

/** Texts as they are, for lines that are redacted later. */
export const UNREDACTED = new LineTexts(asItIs);

/** Returns the inside of the text's JSON string. */
export function escapeJson(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return text;
  const inside = JSON.stringify(text).slice(1, -1);
  return REORDERING.test(inside) ? inside.replace(/[\u202a-\u202e\u2066-\u2069]/g, unicodeEscape) : inside;
}

/** With these characters, a terminal shows the rest of a line in another order. */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/;

function unicodeEscape(character: string): string {
  return String.raw`\u${character.charCodeAt(0).toString(16)}`;
}

const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

/** External text may contain line ends, and must not be able to forge lines. */
function oneLine(text: string): string {
  return FORGING.test(text) ? text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ') : text;
}

/** Line ends and other controls, and the characters that reorder a line. */
const FORGING = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
