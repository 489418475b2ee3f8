import { FILE, oneOf, TEXT } from '../../kinds.ts';

export const explainDeclaration = {
  name: 'explain',
  summary: 'Show which routes a request would try, and why',
  group: 'configuration',
  description: [
    'Shows which routes a request for a model would try, in which order and with what probability, and which are skipped and why. Sends nothing.',
  ],
  options: {
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'the model, by the name that clients use',
      isRequired: true,
    },
    key: {
      value: 'KEY',
      kind: TEXT,
      description: 'a master key, by name or value: checks that it may use the model',
    },
    down: {
      value: 'PROVIDER',
      kind: TEXT,
      description: 'assumes that this provider failed and is cooling down; may be repeated',
      repeats: true,
    },
    body: {
      value: 'FILE',
      kind: FILE,
      description: 'the body of a request: shows what its translation for each route would lose',
    },
    api: {
      value: 'API',
      kind: oneOf('chat', 'completions', 'responses', 'messages', 'gemini'),
      description: 'the API of that body',
      default: 'chat',
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
    { line: 'llm-proxy explain --model gpt-4o', does: 'the routes of gpt-4o with their probabilities' },
    { line: 'llm-proxy explain --model gpt-4o --down openai', does: 'the same while openai fails' },
    {
      line: 'llm-proxy explain --model gpt-4o --api messages --body request.json',
      does: 'what the translation of that request loses on each route',
    },
  ],
  exits: { 0: 'explained', 1: 'the configuration is not valid, or the request would be refused' },
} as const;
