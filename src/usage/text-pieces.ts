/** The time that a tokenizer takes grows with the square of a word: no run is left longer than this. */
const MAX_RUN_CHARS = 128;

/**
 * A text cut where it has a long run without a space, or of nothing but spaces; ordinary text is one piece. A tokenizer joins no
 * two words, so that only a cut within a run can change what it counts.
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

/** The second half of a character outside of the basic plane, which must not be cut off the first. */
function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
