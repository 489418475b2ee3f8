import { claudeFamily, type ClaudeFamily, isClaude } from '../models/claude.ts';
import type { Target } from '../exchange.ts';
import { plainModelId } from '../models/model-id.ts';

/** Facts about a model behind Converse, by its id. */
export interface ConverseFamily {
  /** undefined: the model is not Claude. */
  readonly claude: ClaudeFamily | undefined;
  /** How the model takes the reasoning effort. */
  readonly reasoning: 'claude' | 'effort' | 'nested-effort' | 'nova' | 'none';
  /** How the model produces structured output: natively, by a forced tool, or by a sentence in the system text. */
  readonly json: 'native' | 'tool' | 'text';
  /** Whether the model accepts both a temperature and `topP`. */
  readonly takesBoth: boolean;
  readonly takesStops: boolean;
}

/**
 * Models for which AWS lists structured output
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html).
 */
const NATIVE_JSON = /qwen3|deepseek|mistral|gpt-oss|gemma|minimax|kimi|nemotron/;

export function converseFamily({ model, claude }: Target): ConverseFamily {
  const id = plainModelId(model);
  if (isClaude(model)) {
    const family = claudeFamily(model, 'bedrock', claude);
    return {
      claude: family,
      reasoning: 'claude',
      json: family.json ? 'native' : 'tool',
      takesBoth: false,
      takesStops: true,
    };
  }
  const isNova = id.includes('nova');
  return {
    claude: undefined,
    reasoning: reasoningOf(id),
    json: NATIVE_JSON.test(id) ? 'native' : isNova ? 'tool' : 'text',
    takesBoth: true,
    takesStops: !/(?:^|\.|-)openai\b/.test(model.toLowerCase()),
  };
}

function reasoningOf(id: string): ConverseFamily['reasoning'] {
  if (id.includes('gpt-oss')) return 'effort';
  const major = /gpt-(\d+)/.exec(id)?.[1];
  if (major !== undefined && Number(major) >= 5) return 'nested-effort';
  return /nova-(?:\w+-)?2|nova-2/.test(id) ? 'nova' : 'none';
}
