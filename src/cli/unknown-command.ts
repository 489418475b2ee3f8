import { nearest } from '../lib/nearest.ts';
import { COMMANDS } from './command-table.ts';

/** What is said of a name that no command has. */
export function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name);
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
