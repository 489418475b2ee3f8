import { COMMAND } from '../../kinds.ts';

export const helpDeclaration = {
  name: 'help',
  summary: 'Tell about the program, or about one command',
  group: 'program',
  description: ['Tells what the program can do, or everything about one command.'],
  positionals: { command: { value: 'COMMAND', kind: COMMAND, description: 'a command' } },
  examples: [{ line: 'llm-proxy help check', does: 'the same as llm-proxy check --help' }],
} as const;
