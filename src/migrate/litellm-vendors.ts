/** The meaning of LiteLLM's model name prefixes (https://docs.litellm.ai/docs/providers). */

/** The OpenAI-compatible base URLs of the providers that LiteLLM knows by a prefix. */
export const BASES: ReadonlyMap<string, string> = new Map([
  ['openai', 'https://api.openai.com/v1'],
  ['text-completion-openai', 'https://api.openai.com/v1'],
  ['anthropic', 'https://api.anthropic.com/v1'],
  ['deepseek', 'https://api.deepseek.com/v1'],
  ['fireworks_ai', 'https://api.fireworks.ai/inference/v1'],
  ['gemini', 'https://generativelanguage.googleapis.com'],
  ['groq', 'https://api.groq.com/openai/v1'],
  ['mistral', 'https://api.mistral.ai/v1'],
  ['ollama', 'http://127.0.0.1:11434/v1'],
  ['openrouter', 'https://openrouter.ai/api/v1'],
  ['perplexity', 'https://api.perplexity.ai'],
  ['together_ai', 'https://api.together.xyz/v1'],
  ['xai', 'https://api.x.ai/v1'],
]);

/** Prefixes that only mean that `api_base` speaks OpenAI's API. */
export const COMPATIBLE: ReadonlySet<string> = new Set([
  'openai',
  'hosted_vllm',
  'openai_like',
  'custom_openai',
  'ollama_chat',
  'lm_studio',
]);

/** Prefixes whose servers usually need no credential. */
export const KEYLESS: ReadonlySet<string> = new Set(['ollama', 'ollama_chat', 'hosted_vllm', 'lm_studio']);

/** The names by which LiteLLM recognises OpenAI's models without a prefix. Others serve `gpt-oss-…`. */
const OPENAI_MODEL =
  /^(?:ft:)?(?:gpt-(?:3\.5-turbo|4(?:o|\.\d)?|5(?:\.\d)?|image-1|realtime|audio)|chatgpt-4o|o[134]|text-embedding-(?:3|ada)|dall-e-[23]|whisper-1|tts-1|omni-moderation)(?:[-:@]|$)/;

/** Whether a model name without a prefix is one of OpenAI's. The vendor of any other name would be a guess. */
export function isOpenAiModel(name: string): boolean {
  return OPENAI_MODEL.test(name);
}

/** The variables with a vendor's default base URL in LiteLLM. */
export function baseVariables(prefix: string): string[] {
  const name = prefix === 'text-completion-openai' ? 'OPENAI' : prefix.toUpperCase();
  return name === 'OPENAI' ? ['OPENAI_BASE_URL', 'OPENAI_API_BASE'] : [`${name}_API_BASE`];
}

/** The variable with a vendor's default credential in LiteLLM. */
export function keyVariable(prefix: string): string {
  if (prefix === 'text-completion-openai' || COMPATIBLE.has(prefix)) return 'OPENAI_API_KEY';
  if (prefix === 'vertex_ai') return 'the application default credentials';
  return `${prefix === 'together_ai' ? 'TOGETHERAI' : prefix.toUpperCase()}_API_KEY`;
}
