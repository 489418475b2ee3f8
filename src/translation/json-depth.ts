/** Detects when the outermost object of JSON that arrives in pieces is complete. Examines each character once. */
export interface JsonDepth {
  readonly push: (piece: string) => void;
  readonly isComplete: () => boolean;
}

export function createJsonDepth(): JsonDepth {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let complete = false;
  return {
    push(piece) {
      for (let at = 0; at < piece.length; at++) {
        const code = piece.charCodeAt(at);
        if (inString) {
          if (escaped) escaped = false;
          else if (code === BACKSLASH) escaped = true;
          else if (code === QUOTE) inString = false;
        } else if (code === QUOTE) inString = true;
        else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
        else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) complete = --depth === 0;
      }
    },
    isComplete: () => complete,
  };
}

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
