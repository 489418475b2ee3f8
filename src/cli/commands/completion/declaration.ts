import { oneOf } from '../../kinds.ts';

export const completionDeclaration = {
  name: 'completion',
  summary: 'Print the completion for bash, zsh or fish',
  group: 'program',
  description: [
    'Prints a script that makes a shell complete commands, options and their values. Load it where the shell starts, or put it where the shell looks for it.',
  ],
  positionals: {
    shell: {
      value: 'SHELL',
      kind: oneOf('bash', 'zsh', 'fish'),
      description: 'which shell it is for',
      isRequired: true,
    },
  },
  examples: [
    { line: 'source <(llm-proxy completion bash)', does: 'in ~/.bashrc' },
    { line: 'source <(llm-proxy completion zsh)', does: 'in ~/.zshrc, behind compinit' },
    { line: 'llm-proxy completion fish | source', does: 'in ~/.config/fish/config.fish' },
  ],
} as const;
