import { ownValue } from '../../lib/own-value.ts';

/** How a server of OpenAI's Chat API differs from OpenAI's own. One row of data per server. */
export interface Dialect {
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
  /** Accepts system messages after the first turns. */
  readonly midSystem: boolean;
  /** The parameter for the effort. `deepseek`: `thinking: {type: disabled}` switches reasoning off. */
  readonly effort: 'reasoning_effort' | 'deepseek' | 'none';
  /** The efforts that are sent unchanged. */
  readonly efforts: readonly string[];
  /** The reasoning that is sent back: that of turns with calls, all of it, `reasoning_details`, or none. */
  readonly reasoningBack: 'none' | 'calls' | 'all' | 'details';
  readonly jsonSchema: boolean;
  readonly parallelToolCalls: boolean;
  readonly topK: boolean;
  readonly streamOptions: boolean;
  readonly mediaInResults: boolean;
  /** Refuses unknown members of messages, and long ids. */
  readonly strict: boolean;
  /**
   * Accepts OpenAI's own fields: `verbosity`, `metadata`, `store`, `prompt_cache_key`, custom tools, `allowed_tools`,
   * audio.
   */
  readonly openAiFields: boolean;
  readonly serviceTier: boolean;
  /** The maximum number of stop sequences. */
  readonly maxStops: number;
  readonly user: 'safety_identifier' | 'user' | 'none';
  readonly seed: 'seed' | 'random_seed';
  readonly callIds: 'chat' | 'mistral';
}

export type DialectName =
  | 'openai'
  | 'azure'
  | 'deepseek'
  | 'mistral'
  | 'groq'
  | 'openrouter'
  | 'vllm'
  | 'ollama'
  | 'generic';

const GENERIC: Dialect = {
  tokenLimit: 'max_tokens',
  midSystem: false,
  effort: 'reasoning_effort',
  efforts: ['low', 'medium', 'high'],
  reasoningBack: 'none',
  jsonSchema: true,
  parallelToolCalls: true,
  topK: false,
  streamOptions: true,
  mediaInResults: false,
  strict: false,
  openAiFields: false,
  serviceTier: false,
  maxStops: Number.POSITIVE_INFINITY,
  user: 'user',
  seed: 'seed',
  callIds: 'chat',
};

const OPENAI: Dialect = {
  ...GENERIC,
  tokenLimit: 'max_completion_tokens',
  midSystem: true,
  strict: true,
  openAiFields: true,
  serviceTier: true,
  maxStops: 4,
  user: 'safety_identifier',
};

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  openai: OPENAI,
  azure: { ...OPENAI, serviceTier: false },
  deepseek: {
    ...GENERIC,
    effort: 'deepseek',
    efforts: ['low', 'high', 'max'],
    reasoningBack: 'calls',
    jsonSchema: false,
    parallelToolCalls: false,
  },
  mistral: {
    ...GENERIC,
    effort: 'none',
    efforts: [],
    streamOptions: false,
    strict: true,
    user: 'none',
    seed: 'random_seed',
    callIds: 'mistral',
  },
  groq: { ...GENERIC, tokenLimit: 'max_completion_tokens', midSystem: true, strict: true },
  openrouter: {
    ...GENERIC,
    tokenLimit: 'max_completion_tokens',
    midSystem: true,
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    reasoningBack: 'details',
    topK: true,
    mediaInResults: true,
  },
  vllm: { ...GENERIC, topK: true, mediaInResults: true },
  ollama: { ...GENERIC, parallelToolCalls: false },
  generic: GENERIC,
};

/** The dialect of a known host; `generic` for all others. */
export function dialectOf(host: string, port: number | undefined): DialectName {
  const known = ownValue(HOSTS, host);
  if (known !== undefined) return known;
  if (host.endsWith('.api.openai.com')) return 'openai';
  if (AZURE_HOST.test(host)) return 'azure';
  return port === 11_434 ? 'ollama' : 'generic';
}

const AZURE_HOST = /\.(?:openai|cognitiveservices|services\.ai)\.azure\.com$/;

const HOSTS: Readonly<Record<string, DialectName>> = {
  'api.openai.com': 'openai',
  'api.deepseek.com': 'deepseek',
  'api.mistral.ai': 'mistral',
  'api.groq.com': 'groq',
  'openrouter.ai': 'openrouter',
};
