/** A tokenizer's time grows with the square of a word's length, so no run may be longer than this. */
const MAX_RUN_CHARS = 128;

/**
 * Splits a text at long runs without a space, or of spaces only; ordinary text stays whole. A tokenizer never joins
 * words, so only a split within a run can change the count.
 */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let pieceStart = 0;
  let runStart = 0;
  let wasSpace: boolean | undefined;
  for (let at = 0; at < text.length; at++) {
    const isSpace = text.charCodeAt(at) <= SPACE;
    if (isSpace !== wasSpace) {
      wasSpace = isSpace;
      runStart = at;
    } else if (at - runStart >= MAX_RUN_CHARS && !isLowSurrogate(text.charCodeAt(at))) {
      pieces.push(text.slice(pieceStart, at));
      pieceStart = at;
      runStart = at;
    }
  }
  pieces.push(text.slice(pieceStart));
  return pieces;
}

const SPACE = 0x20;

/** The second half of a character outside of the basic plane, which must stay with the first. */
function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
