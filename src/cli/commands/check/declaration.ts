import { FILE, PORT, TEXT } from '../../kinds.ts';

export const checkDeclaration = {
  name: 'check',
  summary: 'Check a configuration file and show its routes',
  group: 'configuration',
  description: [
    'Checks a configuration file without starting anything, and shows its effect: the routes of each model in the order of use, the fallbacks, the keys and the warnings. All errors are reported at once, with line and column.',
  ],
  positionals: {
    file: { value: 'FILE', kind: FILE, description: 'the configuration; --config FILE is the same' },
  },
  options: {
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration',
      otherwise: '$CONFIG_PATH, else config.yaml',
    },
    host: { value: 'HOST', kind: TEXT, description: 'check as if started with this address' },
    port: { value: 'PORT', kind: PORT, description: 'check as if started with this port' },
  },
  examples: [
    { line: 'llm-proxy check', does: 'checks config.yaml' },
    {
      line: 'llm-proxy check prod.yaml && systemctl restart llm-proxy',
      does: 'restarts only with a file that works',
    },
  ],
  exits: { 0: 'the file is valid', 1: 'the file is not valid; the reasons are on standard error' },
} as const;
