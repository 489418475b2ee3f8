import { plainModelId } from './model-id.ts';

/** The capabilities of a family of Claude models. Source: the catalogue and the request code of `@ai-sdk/anthropic`. */
export interface ClaudeFamily {
  /** In tokens. */
  readonly maxOutput: number;
  /** Whether `maxOutput` is known rather than a conservative default. */
  readonly known: boolean;
  /** `one`: temperature or top_p, but not both. */
  readonly sampling: 'all' | 'one' | 'none';
  readonly thinking: 'adaptive' | 'budget' | 'none';
  /** Accepts `output_config.effort`. */
  readonly effort: boolean;
  /** Accepts the effort `xhigh`. */
  readonly xhigh: boolean;
  /** How thinking is switched off. `never`: it always thinks. */
  readonly off: 'disabled' | 'between_tools' | 'never';
  readonly forcedTools: boolean;
  /** Accepts messages with role `system`. */
  readonly midSystem: boolean;
  /** Accepts `output_config.format`. */
  readonly json: boolean;
  /** Accepts `strict` on tools. */
  readonly strict: boolean;
  /** Whether it refuses a call without its thinking block while thinking is on. */
  readonly needsThinkingBack: boolean;
}

const NEWEST: ClaudeFamily = {
  maxOutput: 128_000,
  known: true,
  sampling: 'none',
  thinking: 'adaptive',
  effort: true,
  xhigh: true,
  off: 'disabled',
  forcedTools: true,
  midSystem: true,
  json: true,
  strict: true,
  needsThinkingBack: false,
};
const UNFORCED: ClaudeFamily = { ...NEWEST, off: 'never', forcedTools: false };
const LATE_4: ClaudeFamily = { ...NEWEST, sampling: 'one', xhigh: false, midSystem: false };
const BUDGET: ClaudeFamily = {
  ...LATE_4,
  maxOutput: 64_000,
  thinking: 'budget',
  effort: false,
  needsThinkingBack: true,
};
const OLD: ClaudeFamily = { ...BUDGET, json: false, strict: false };
const OLDEST: ClaudeFamily = { ...OLD, thinking: 'none', needsThinkingBack: false };

/** The first row whose text occurs in the id applies. */
const FAMILIES: readonly (readonly [string, ClaudeFamily])[] = [
  ['sonnet-5-5', { ...UNFORCED, off: 'between_tools' }],
  ['opus-5-5', UNFORCED],
  ['fable-5-1', UNFORCED],
  ['fable-5-2', UNFORCED],
  ['mythos-5-', UNFORCED],
  ['haiku-5-5', NEWEST],
  ['opus-5', NEWEST],
  ['fable-5', { ...NEWEST, off: 'never' }],
  ['mythos', { ...NEWEST, off: 'never' }],
  ['opus-4-8', NEWEST],
  ['sonnet-5', NEWEST],
  ['opus-4-7', { ...NEWEST, midSystem: false }],
  ['sonnet-4-6', LATE_4],
  ['opus-4-6', LATE_4],
  ['sonnet-4-5', BUDGET],
  ['opus-4-5', { ...BUDGET, effort: true }],
  ['haiku-4-5', BUDGET],
  ['opus-4-1', { ...BUDGET, maxOutput: 32_000 }],
  ['sonnet-4', OLD],
  ['opus-4', { ...OLD, maxOutput: 32_000 }],
  ['claude-3-7', OLD],
  ['claude-3-5', { ...OLDEST, maxOutput: 8192 }],
  ['claude-3', { ...OLDEST, maxOutput: 4096 }],
  ['claude', { ...NEWEST, maxOutput: 8192, known: false, off: 'never' }],
];

/** Other models served through the Messages API (Kimi, DeepSeek, …) accept its older form. */
const FOREIGN: ClaudeFamily = {
  ...OLD,
  maxOutput: 8192,
  known: false,
  sampling: 'all',
  needsThinkingBack: false,
};

/** Whether the id names a Claude model. */
export function isClaude(model: string): boolean {
  return claudeRow(model) !== undefined;
}

/**
 * The capabilities of a model with this carrier. Bedrock and Vertex validate bodies against older copies of the schema,
 * and neither accepts system messages in the middle. `overrides` come from the route and take precedence.
 */
export function claudeFamily(
  model: string,
  carriage: 'bedrock' | 'vertex' | undefined,
  overrides?: Partial<ClaudeFamily>,
): ClaudeFamily {
  const row = claudeRow(model);
  const family = row?.[1] ?? FOREIGN;
  const carried =
    carriage === undefined
      ? family
      : {
          ...family,
          midSystem: false,
          json: carriage === 'bedrock' && BEDROCK_JSON.has(row?.[0] ?? ''),
          strict:
            carriage === 'bedrock' && family.strict && (!family.xhigh || BEDROCK_STRICT.has(row?.[0] ?? '')),
        };
  return overrides === undefined ? carried : { ...carried, ...overrides };
}

/** Seen at Bedrock in July 2026, unlike Opus 4.7, Opus 4.8 and Sonnet 5 (https://github.com/BerriAI/litellm/issues/33193). */
const BEDROCK_STRICT = new Set(['opus-5']);
const BEDROCK_JSON = new Set(['sonnet-4-5', 'opus-4-5', 'opus-4-6']);

function claudeRow(model: string): readonly [string, ClaudeFamily] | undefined {
  const id = plainModelId(model);
  return FAMILIES.find(([text]) => id.includes(text));
}
