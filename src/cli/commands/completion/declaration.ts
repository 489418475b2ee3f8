import { oneOf } from '../../kinds.ts';

export const completionDeclaration = {
  name: 'completion',
  summary: 'Print the completion for bash, zsh or fish',
  group: 'program',
  description: [
    "Prints a script that lets a shell complete commands, options and their values. Load it in the shell's start-up file, or save it in the shell's completion folder.",
  ],
  positionals: {
    shell: {
      value: 'SHELL',
      kind: oneOf('bash', 'zsh', 'fish'),
      description: 'the shell',
      isRequired: true,
    },
  },
  examples: [
    { line: 'source <(llm-proxy completion bash)', does: 'in ~/.bashrc' },
    { line: 'source <(llm-proxy completion zsh)', does: 'in ~/.zshrc, behind compinit' },
    { line: 'llm-proxy completion fish | source', does: 'in ~/.config/fish/config.fish' },
  ],
} as const;
