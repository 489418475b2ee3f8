import { PROVIDER_NAMES } from '../init/provider-kinds.ts';
import { FILE, oneOf, TEXT } from '../../kinds.ts';

export const initDeclaration = {
  name: 'init',
  summary: 'Write a first configuration file',
  group: 'configuration',
  description: [
    'Writes a configuration with one provider and one key for clients, and says how to go on. On a terminal it asks for the provider and where its key is; with --provider it asks nothing.',
    "No secret is written unless --write-key asks for it: the provider's key stays in a variable of the environment, and of the key for clients, which is shown once, the file gets the SHA-256. config.schema.json, with which editors complete and check the file, is put beside it.",
  ],
  options: {
    provider: {
      value: 'NAME',
      kind: oneOf(...PROVIDER_NAMES),
      description: 'the provider',
    },
    'api-base': {
      value: 'URL',
      kind: TEXT,
      description: 'where its API is',
      otherwise: "the provider's usual one; azure and custom have none",
    },
    'api-key-env': {
      value: 'VARIABLE',
      kind: TEXT,
      description: 'the variable of the environment that holds its key',
      otherwise: 'such as OPENAI_API_KEY; none for ollama and custom',
    },
    'write-key': { description: 'write the key that is in this variable now into the file' },
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'a model of the provider, for the first request',
      otherwise: 'a small one',
    },
    'master-key': {
      value: 'KEY',
      kind: TEXT,
      description: 'what clients send; a variable such as ${LLM_PROXY_KEY} is written as it is',
      otherwise: 'a random one',
    },
    output: { value: 'FILE', kind: FILE, description: 'where to write it', default: 'config.yaml' },
    force: { description: 'overwrite the file if there is one' },
  },
  examples: [
    { line: 'llm-proxy init', does: 'asks, and writes config.yaml' },
    { line: 'llm-proxy init --provider openai', does: 'asks nothing; the key is in OPENAI_API_KEY' },
    {
      line: 'llm-proxy init --provider custom --api-base http://127.0.0.1:8000/v1',
      does: "vLLM, or anything else that speaks OpenAI's API",
    },
  ],
  exits: {
    0: 'the file is written',
    1: 'it is not: there is one already, or it would not work',
    130: 'Ctrl-C or Ctrl-D at a question; nothing is written',
  },
} as const;
