import { writeThinking } from '../anthropic-messages/write-thinking.ts';
import type { Effort } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import type { ConverseFamily } from './families.ts';

export interface WrittenReasoning {
  /** Fields for `additionalModelRequestFields`. Callers may add more. */
  readonly fields: JsonTree;
  /** Whether Claude thinks, which excludes sampling parameters and forced tools. */
  readonly isThinking: boolean;
  /** Whether the model refuses a token limit together with this effort. */
  readonly limitless: boolean;
}

/** Writes the reasoning effort in the form that the model family takes. */
export function writeReasoning(
  exchange: Exchange,
  family: ConverseFamily,
  given: { readonly maxTokens: number; readonly forced: boolean },
): WrittenReasoning {
  if (family.claude !== undefined) {
    const { thinking, effort } = writeThinking(exchange, { family: family.claude, ...given });
    const fields: JsonTree = {};
    if (thinking !== undefined) fields['thinking'] = thinking;
    if (effort !== undefined) fields['output_config'] = { effort };
    const isThinking = thinking !== undefined && thinking['type'] !== 'disabled';
    return { fields, isThinking, limitless: false };
  }
  const wish = exchange.conversation.reasoning;
  const effort = wish?.effort;
  if (wish === undefined || effort === undefined) return { fields: {}, isThinking: false, limitless: false };
  const { losses } = exchange;
  const isOff = effort === 'none';
  switch (family.reasoning) {
    case 'effort':
      return { fields: { reasoning_effort: level(exchange, effort) }, isThinking: false, limitless: false };
    case 'nested-effort':
      return {
        fields: { reasoning: { effort: level(exchange, effort) } },
        isThinking: false,
        limitless: false,
      };
    case 'nova': {
      if (isOff) return { fields: {}, isThinking: false, limitless: false };
      const maxReasoningEffort = level(exchange, effort);
      const limitless = maxReasoningEffort === 'high';
      const limit = exchange.conversation.output.maxTokens;
      if (limitless && limit !== undefined)
        losses.dropped(limit.path, 'the model refuses a limit together with the highest effort');
      return {
        fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort } },
        isThinking: false,
        limitless,
      };
    }
    case 'claude':
    case 'none':
      if (!isOff) losses.dropped(wish.path, 'the model has no such field');
      return { fields: {}, isThinking: false, limitless: false };
  }
}

/** Maps an effort to one of the three that these models accept. */
function level({ conversation, losses }: Exchange, effort: Effort): string {
  const near: Readonly<Record<Effort, string>> = {
    none: 'low',
    minimal: 'low',
    low: 'low',
    medium: 'medium',
    high: 'high',
    xhigh: 'high',
    max: 'high',
  };
  if (near[effort] !== effort)
    losses.approximated(conversation.reasoning?.path ?? '', `the model does not accept the effort ${effort}`);
  return near[effort];
}
