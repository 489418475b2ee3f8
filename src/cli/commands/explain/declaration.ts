import { FILE, TEXT } from '../../kinds.ts';

export const explainDeclaration = {
  name: 'explain',
  summary: 'Say which routes a request would try, and why',
  group: 'configuration',
  description: [
    'Says which routes a request for a model would try, in which order and with what probability, and what is left out and why. Sends nothing.',
  ],
  options: {
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'the model, as a client would name it',
      isRequired: true,
    },
    key: {
      value: 'KEY',
      kind: TEXT,
      description: 'a master key, by its name or its value: may it use the model?',
    },
    down: {
      value: 'PROVIDER',
      kind: TEXT,
      description: 'as if this provider had failed and were cooling down; may be given several times',
      repeats: true,
    },
    config: {
      value: 'FILE',
      kind: FILE,
      description: 'the configuration',
      env: 'CONFIG_PATH',
      default: 'config.yaml',
    },
  },
  examples: [
    { line: 'llm-proxy explain --model gpt-4o', does: 'the routes of gpt-4o, with their odds' },
    { line: 'llm-proxy explain --model gpt-4o --down openai', does: 'the same while openai fails' },
  ],
  exits: { 0: 'explained', 1: 'the configuration is not valid, or the request would be refused' },
} as const;
