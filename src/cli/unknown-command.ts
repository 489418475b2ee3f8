import { nearest } from '../lib/nearest.ts';
import type { Command } from './command.ts';

/** What is said of a name that no command has. */
export function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = commands.map((command) => command.name);
  const meant = nearest(name, names) ?? SYNONYMS.get(name);
  return `there is no command "${name}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`;
}

/** What other programs call the same thing. */
const SYNONYMS = new Map([
  ['start', 'serve'],
  ['run', 'serve'],
  ['validate', 'check'],
  ['simulate', 'mock'],
]);
