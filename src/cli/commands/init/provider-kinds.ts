/** A provider that a first configuration can be written for. */
export interface ProviderKind {
  /** Explains the provider if its name does not. */
  readonly note?: string;
  /** undefined: every user has an address of their own. */
  readonly apiBase?: string;
  /** An example of such an address. */
  readonly apiBaseExample?: string;
  /** The usual variable for its key; undefined: it needs none. */
  readonly keyVariable?: string;
  /** `service-account`: the key is a file, and the variable holds its path. */
  readonly keyForm?: 'service-account';
  readonly providerType?: 'anthropic' | 'azure' | 'gemini' | 'vertex' | 'bedrock';
  /** A model for the first request; undefined: it depends on the installation. */
  readonly model?: string;
}

/** The providers that `llm-proxy init` knows. Any other with OpenAI's API is `custom`. */
export const PROVIDER_KINDS = {
  openai: {
    apiBase: 'https://api.openai.com/v1',
    keyVariable: 'OPENAI_API_KEY',
    model: 'gpt-4o-mini',
  },
  anthropic: {
    apiBase: 'https://api.anthropic.com/v1',
    keyVariable: 'ANTHROPIC_API_KEY',
    providerType: 'anthropic',
    model: 'claude-haiku-4-5',
  },
  azure: {
    note: 'Azure OpenAI',
    apiBaseExample: 'https://RESOURCE.openai.azure.com/openai/v1',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    providerType: 'azure',
  },
  gemini: {
    apiBase: 'https://generativelanguage.googleapis.com',
    keyVariable: 'GEMINI_API_KEY',
    providerType: 'gemini',
    model: 'gemini-2.5-flash',
  },
  bedrock: {
    note: 'Amazon Bedrock; api_base names the region',
    apiBaseExample: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    keyVariable: 'AWS_BEARER_TOKEN_BEDROCK',
    providerType: 'bedrock',
  },
  vertex: {
    note: 'Google Vertex AI, with a service account',
    apiBase: 'https://aiplatform.googleapis.com',
    keyVariable: 'GOOGLE_APPLICATION_CREDENTIALS',
    keyForm: 'service-account',
    providerType: 'vertex',
    model: 'gemini-2.5-flash',
  },
  deepseek: {
    apiBase: 'https://api.deepseek.com/v1',
    keyVariable: 'DEEPSEEK_API_KEY',
    model: 'deepseek-chat',
  },
  openrouter: {
    apiBase: 'https://openrouter.ai/api/v1',
    keyVariable: 'OPENROUTER_API_KEY',
    model: 'openai/gpt-4o-mini',
  },
  ollama: {
    note: 'on this machine, without a key',
    apiBase: 'http://127.0.0.1:11434/v1',
    model: 'llama3.2',
  },
  custom: {
    note: "vLLM, or anything else that speaks OpenAI's API",
    apiBaseExample: 'http://127.0.0.1:8000/v1',
  },
} as const satisfies Readonly<Record<string, ProviderKind>>;

/** The name of one of them. */
export type ProviderName = keyof typeof PROVIDER_KINDS;

/** Their names in the order of the menu. */
export const PROVIDER_NAMES = Object.keys(PROVIDER_KINDS) as ProviderName[];
