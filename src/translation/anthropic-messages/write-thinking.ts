import type { Effort, ReasoningWish } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import type { ClaudeFamily } from '../models/claude.ts';

export interface WrittenThinking {
  readonly thinking: JsonTree | undefined;
  readonly effort: string | undefined;
}

export interface ThinkingManner {
  readonly family: ClaudeFamily;
  readonly maxTokens: number;
  /** Whether the choice forces a tool, which excludes thinking. */
  readonly forced: boolean;
}

const NOTHING: WrittenThinking = { thinking: undefined, effort: undefined };

/** Writes `thinking` and `output_config.effort`. */
export function writeThinking(exchange: Exchange, manner: ThinkingManner): WrittenThinking {
  const { conversation, losses } = exchange;
  const { family } = manner;
  const wish = conversation.reasoning;
  if (wish === undefined) return NOTHING;
  if (wish.effort === 'none' || wish.kind === 'off') return off(exchange, family, wish);
  const { effort } = wish;
  if (effort === undefined) return NOTHING;
  const refusal =
    family.thinking === 'none' ? 'the model does not support thinking' : excluded(exchange, manner);
  if (refusal !== undefined) {
    losses.dropped(wish.path, refusal);
    return NOTHING;
  }
  return family.thinking === 'adaptive'
    ? adaptive(exchange, family, { wish, effort })
    : budget(exchange, manner, { wish, effort });
}

/** The reason why a requested thinking is omitted. */
function excluded({ conversation }: Exchange, { family, forced }: ThinkingManner): string | undefined {
  if (forced) return 'a forced tool excludes thinking';
  if (!family.needsThinkingBack) return undefined;
  const last = conversation.turns.findLast(({ parts }) => parts.some(({ kind }) => kind === 'call'));
  const isLost =
    last !== undefined &&
    !last.parts.some((part) => part.kind === 'reasoning' && part.seal?.origin === 'anthropic');
  return isLost ? 'the thinking of an earlier call is lost, and the model requires it' : undefined;
}

function off({ losses }: Exchange, family: ClaudeFamily, wish: ReasoningWish): WrittenThinking {
  if (family.thinking === 'none') return NOTHING;
  if (family.off === 'disabled') return { ...NOTHING, thinking: { type: 'disabled' } };
  losses.approximated(wish.path, 'the model always thinks');
  return family.off === 'between_tools'
    ? { ...NOTHING, thinking: { type: 'between_tools' } }
    : { ...NOTHING, effort: 'low' };
}

interface Wanted {
  readonly wish: ReasoningWish;
  readonly effort: Effort;
}

function adaptive(
  { conversation, losses }: Exchange,
  family: ClaudeFamily,
  { wish, effort }: Wanted,
): WrittenThinking {
  let sent: string = effort;
  if (effort === 'minimal') sent = 'low';
  else if (effort === 'xhigh' && !family.xhigh) sent = 'high';
  if (sent !== effort) losses.approximated(wish.path, `the model does not accept the effort ${effort}`);
  // A Chat client has no way to say that it shows reasoning.
  const isShown = wish.show === true && conversation.api !== 'chat';
  const thinking = { type: 'adaptive', display: isShown ? 'summarized' : undefined };
  return { thinking, effort: sent };
}

const BUDGETS: Readonly<Record<Exclude<Effort, 'none' | 'max'>, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
};
const MIN_BUDGET = 1024;

function budget(
  { losses }: Exchange,
  { family, maxTokens }: ThinkingManner,
  { wish, effort }: Wanted,
): WrittenThinking {
  const named = effort === 'max' || effort === 'none' ? family.maxOutput - 4096 : BUDGETS[effort];
  const tokens = Math.min(wish.budgetTokens ?? named, maxTokens - MIN_BUDGET);
  if (tokens >= MIN_BUDGET) return { ...NOTHING, thinking: { type: 'enabled', budget_tokens: tokens } };
  losses.dropped(wish.path, 'max_tokens leaves no room for thinking');
  return NOTHING;
}
