import type { Path } from '../config/read/problems.ts';

/** An open object or array. */
interface Frame {
  /** The names so far; undefined: it is an array. */
  readonly names: Set<string> | undefined;
  /** The current name or index. */
  place: string | number;
}

/**
 * The path of the first repeated field of an object; undefined: there is none. Parsers take the last one, but people
 * read the first. `json` must be valid JSON. Takes linear time.
 */
export function findRepeatedField(json: string): Path | undefined {
  const frames: Frame[] = [];
  let expectsName = false;
  for (let pos = 0; pos < json.length; pos++) {
    const frame = frames.at(-1);
    const character = json.charAt(pos);
    switch (character) {
      case '{':
      case '[':
        expectsName = character === '{';
        frames.push({ names: expectsName ? new Set() : undefined, place: 0 });
        break;
      case '}':
      case ']':
        expectsName = false;
        frames.pop();
        break;
      case ',':
        expectsName = frame?.names !== undefined;
        if (typeof frame?.place === 'number') frame.place++;
        break;
      case '"': {
        const end = endOfString(json, pos);
        const isRepeated = expectsName && frame !== undefined && !noteName(frame, json.slice(pos, end));
        if (isRepeated) return frames.map(({ place }) => place);
        expectsName = false;
        pos = end - 1;
        break;
      }
      default:
    }
  }
  return undefined;
}

/** Returns whether the name is new. */
function noteName(frame: Frame, quoted: string): boolean {
  const name = JSON.parse(quoted) as string;
  const isNew = frame.names?.has(name) === false;
  frame.place = name;
  frame.names?.add(name);
  return isNew;
}

/** The offset after the closing quote. */
function endOfString(json: string, start: number): number {
  let pos = start + 1;
  while (pos < json.length && json[pos] !== '"') pos += json[pos] === '\\' ? 2 : 1;
  return pos + 1;
}
