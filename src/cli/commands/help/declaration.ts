import { COMMAND } from '../../kinds.ts';

export const helpDeclaration = {
  name: 'help',
  summary: 'Show help for the program or for one command',
  group: 'program',
  description: ['Shows an overview of the program, or the full help of one command.'],
  positionals: { command: { value: 'COMMAND', kind: COMMAND, description: 'a command' } },
  examples: [{ line: 'llm-proxy help check', does: 'the same as llm-proxy check --help' }],
} as const;
