import { NUMBER, PORT, TEXT } from '../../kinds.ts';

export const mockDeclaration = {
  name: 'mock',
  summary: 'Run a mock provider that fails on demand',
  group: 'gateway',
  description: [
    'A provider that fails on request. It speaks the APIs of OpenAI, Anthropic, Gemini, Vertex AI and Bedrock, and needs no key.',
    'The name of the model selects the failure: mock/ok, mock/429?retry-after=7&times=1, mock/cut-rst?after=40, mock/gzip+500. So does the header x-mock-fault, for any model. GET /mock/faults lists every fault.',
  ],
  options: {
    port: { value: 'PORT', kind: PORT, description: 'port to listen on; 0: any free port', default: '18001' },
    host: { value: 'HOST', kind: TEXT, description: 'address to listen on', default: '127.0.0.1' },
    seed: { value: 'N', kind: NUMBER, description: 'the seed of the generated answers', default: '1' },
    words: { value: 'N', kind: NUMBER, description: 'the length of answers in tokens', default: '20' },
    pace: {
      value: 'N',
      kind: NUMBER,
      description: 'tokens per second in a stream; 0: as fast as possible',
      default: '0',
    },
    strict: {
      description:
        'refuse what OpenAI and Anthropic refuse, such as unknown fields and calls without results',
    },
    latency: { value: 'MS', kind: NUMBER, description: 'milliseconds before every answer', default: '0' },
  },
  examples: [
    { line: 'llm-proxy mock', does: 'listens on 127.0.0.1:18001' },
    { line: 'llm-proxy mock --pace 40 --latency 300', does: 'answers about as fast as a real model' },
  ],
  exits: { 0: 'stopped by a signal', 1: 'it could not start listening' },
} as const;
