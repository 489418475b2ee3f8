import { parsePort, parseWorkers } from '../config/read/overrides.ts';
import type { Kind } from './option.ts';

/** Any text but an empty one. */
export const TEXT = {
  read: (text) => text || undefined,
  allowed: 'some text',
} as const satisfies Kind<string>;

/** The path of a file. */
export const FILE = {
  read: (text) => text || undefined,
  allowed: 'the path of a file',
  names: 'file',
} as const satisfies Kind<string>;

/** The name of a command. Its users list the valid names. */
export const COMMAND = {
  read: (text) => text || undefined,
  allowed: 'the name of a command',
  names: 'command',
} as const satisfies Kind<string>;

/** A port; 0 chooses a free one. */
export const PORT = { read: parsePort, allowed: 'a port from 0 to 65535' } as const satisfies Kind<number>;

/** A number of workers, or one per processor. */
export const WORKERS = {
  read: parseWorkers,
  allowed: 'a number from 1 to 256, or "auto"',
} as const satisfies Kind<number | 'auto'>;

/** A non-negative number; may be fractional. */
export const NUMBER = {
  read: (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
  allowed: 'a number that is not negative',
} as const satisfies Kind<number>;

/** One of these words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    read: (text) => words.find((word) => word === text),
    allowed: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    choices: words,
  };
}
