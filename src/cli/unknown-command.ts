import { nearest } from '../lib/nearest.ts';
import type { Command } from './command.ts';

/** The message for an unknown command. */
export function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = commands.map((command) => command.name);
  const meant = nearest(name, names) ?? SYNONYMS.get(name);
  return `there is no command "${name}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`;
}

/** Words of other programs for the same command. */
const SYNONYMS = new Map([
  ['start', 'serve'],
  ['run', 'serve'],
  ['validate', 'check'],
  ['simulate', 'mock'],
]);
