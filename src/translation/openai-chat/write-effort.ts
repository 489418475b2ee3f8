import type { ClientApi, Effort } from '../conversation.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonTree } from '../json.ts';
import type { Dialect } from '../models/dialects.ts';
import { effortIn } from '../models/efforts.ts';
import { openAiFacts } from '../models/openai.ts';
import { asArray } from '../json.ts';

/** Writes `reasoning_effort`, or DeepSeek's `thinking`. `tools` is the tool part of the body. */
export function writeEffort(exchange: Exchange, dialect: Dialect, tools: JsonTree): JsonTree {
  const { conversation, target, losses } = exchange;
  const wish = conversation.reasoning;
  const facts = dialect.openAiFields ? openAiFacts(target.model) : undefined;
  if (facts?.refusesToolsInChat === true && asArray(tools['tools']).length > 0)
    return withoutReasoning(exchange);
  if (wish === undefined || wish.effort === undefined) return {};
  if (facts?.reasons === false || target.efforts?.length === 0 || dialect.effort === 'none') {
    if (wish.effort !== 'none') losses.dropped(wish.path, 'the model does not reason');
    return {};
  }
  return dialect.effort === 'deepseek'
    ? deepSeek(exchange, wish.effort, tools)
    : named(exchange, dialect, wish.effort);
}

/** The field with which clients of each API request reasoning. */
const EFFORT_FIELDS: Readonly<Record<ClientApi, string>> = {
  chat: 'reasoning_effort',
  responses: 'reasoning.effort',
  messages: 'thinking',
  gemini: 'generationConfig.thinkingConfig',
  completions: 'reasoning_effort',
  embeddings: 'reasoning_effort',
};

/** For models that accept tools in Chat only with reasoning switched off. */
function withoutReasoning({ conversation, losses }: Exchange): JsonTree {
  const wish = conversation.reasoning;
  const why = 'the model accepts tools in this API only without reasoning';
  if (wish?.effort === undefined) losses.dropped(wish?.path ?? EFFORT_FIELDS[conversation.api], why);
  else if (wish.effort !== 'none') losses.approximated(wish.path, why);
  return { reasoning_effort: 'none' };
}

function named({ target, losses, conversation }: Exchange, dialect: Dialect, effort: Effort): JsonTree {
  const path = conversation.reasoning?.path ?? '';
  const { sent, isExact } = effortIn(
    effort,
    [...dialect.efforts, ...(target.efforts ?? [])],
    dialect.openAiFields,
  );
  if (!isExact) losses.approximated(path, `the model does not accept the effort ${effort}`);
  return { reasoning_effort: sent };
}

const DEEPSEEK: Readonly<Record<Exclude<Effort, 'none'>, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'high',
  high: 'high',
  xhigh: 'high',
  max: 'max',
};

function deepSeek({ conversation, losses }: Exchange, effort: Effort, tools: JsonTree): JsonTree {
  const path = conversation.reasoning?.path ?? '';
  if (effort === 'none') return { thinking: { type: 'disabled' } };
  const choice = tools['tool_choice'];
  if (choice !== undefined && choice !== 'auto' && choice !== 'none') {
    losses.dropped(path, 'the server refuses a forced tool while thinking');
    return { thinking: { type: 'disabled' } };
  }
  if (effort === 'medium' || effort === 'xhigh')
    losses.approximated(path, `the server does not accept the effort ${effort}`);
  return { reasoning_effort: DEEPSEEK[effort] };
}
