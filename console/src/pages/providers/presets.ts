/** The known values of a provider, which fill the form before the user types. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly base: string;
  /** The address has a part of the user's own. */
  readonly isTemplate?: boolean;
  /** The address of the page to get a key from. */
  readonly keysAt?: string;
  readonly needsKey?: boolean;
}

/** The known providers, in the order of the list. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'openai',
    title: 'OpenAI',
    type: 'openai',
    base: 'https://api.openai.com/v1',
    keysAt: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'anthropic',
    title: 'Anthropic',
    type: 'anthropic',
    base: 'https://api.anthropic.com/v1',
    keysAt: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'gemini',
    title: 'Google Gemini',
    type: 'gemini',
    base: 'https://generativelanguage.googleapis.com',
    keysAt: 'https://aistudio.google.com/apikey',
  },
  {
    id: 'azure',
    title: 'Azure OpenAI',
    type: 'azure',
    base: 'https://RESOURCE.openai.azure.com/openai/v1',
    isTemplate: true,
    keysAt: 'https://portal.azure.com',
  },
  {
    id: 'bedrock',
    title: 'Amazon Bedrock',
    type: 'bedrock',
    base: 'https://bedrock-runtime.REGION.amazonaws.com',
    isTemplate: true,
    keysAt: 'https://console.aws.amazon.com/bedrock/home#/api-keys',
  },
  {
    id: 'openrouter',
    title: 'OpenRouter',
    type: 'openai',
    base: 'https://openrouter.ai/api/v1',
    keysAt: 'https://openrouter.ai/keys',
  },
  {
    id: 'deepseek',
    title: 'DeepSeek',
    type: 'openai',
    base: 'https://api.deepseek.com/v1',
    keysAt: 'https://platform.deepseek.com/api_keys',
  },
  {
    id: 'mistral',
    title: 'Mistral',
    type: 'openai',
    base: 'https://api.mistral.ai/v1',
    keysAt: 'https://console.mistral.ai/api-keys',
  },
  {
    id: 'groq',
    title: 'Groq',
    type: 'openai',
    base: 'https://api.groq.com/openai/v1',
    keysAt: 'https://console.groq.com/keys',
  },
  { id: 'ollama', title: 'Ollama', type: 'openai', base: 'http://127.0.0.1:11434/v1', needsKey: false },
  { id: 'vllm', title: 'vLLM', type: 'openai', base: 'http://127.0.0.1:8000/v1', needsKey: false },
];

/** The kinds of API that a provider can have. */
export const PROVIDER_TYPES = [
  'openai',
  'openai-responses',
  'anthropic',
  'gemini',
  'azure',
  'vertex',
  'bedrock',
];
