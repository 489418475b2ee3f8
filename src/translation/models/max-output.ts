import { claudeFamily, isClaude } from './claude.ts';
import { plainModelId } from './model-id.ts';

/**
 * The highest output limit that a model's family is known to accept. Providers answer 400 above it. undefined: unknown.
 */
export function knownMaxOutput(model: string): number | undefined {
  if (isClaude(model)) {
    const family = claudeFamily(model, undefined);
    return family.known ? family.maxOutput : undefined;
  }
  const id = plainModelId(model);
  return FAMILIES.find(([pattern]) => pattern.test(id))?.[1];
}

const FAMILIES: readonly (readonly [RegExp, number])[] = [
  [/^(?:gpt-4o|gpt-5-chat)/, 16_384],
  [/^gpt-4-1/, 32_768],
  [/^o[134](?:-|$)/, 100_000],
  [/^gpt-(?:[5-9]|[1-9]\d)/, 128_000],
  [/^gemini-(?:2-5|3)/, 65_536],
];
