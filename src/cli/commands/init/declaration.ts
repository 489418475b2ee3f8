import { PROVIDER_NAMES } from '../init/provider-kinds.ts';
import { FILE, oneOf, TEXT } from '../../kinds.ts';

export const initDeclaration = {
  name: 'init',
  summary: 'Write a first configuration file',
  group: 'configuration',
  description: [
    'Writes a configuration with one provider and one key for clients, and prints the next steps. On a terminal it asks for the provider and for the place of its key; with --provider it asks nothing.',
    "No secret is written without --write-key: the provider's key stays in an environment variable. The key for clients is shown once, and the file contains its SHA-256. config.schema.json, with which editors complete and check the file, is written beside it.",
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
      description: 'the base URL of its API',
      otherwise: "the provider's usual address; azure and custom have none",
    },
    'api-key-env': {
      value: 'VARIABLE',
      kind: TEXT,
      description: 'the environment variable that holds its key',
      otherwise: 'such as OPENAI_API_KEY; none for ollama and custom',
    },
    'write-key': { description: 'write the current value of this variable into the file' },
    model: {
      value: 'MODEL',
      kind: TEXT,
      description: 'a model of the provider, for the first request',
      otherwise: 'a small one',
    },
    'master-key': {
      value: 'KEY',
      kind: TEXT,
      description: 'the key that clients send; a reference such as ${LLM_PROXY_KEY} is written literally',
      otherwise: 'a random one',
    },
    output: { value: 'FILE', kind: FILE, description: 'the file to write', default: 'config.yaml' },
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
    1: 'the file is not written: it exists already, or would be invalid',
    130: 'stopped by Ctrl-C or Ctrl-D at a question; nothing is written',
  },
} as const;
