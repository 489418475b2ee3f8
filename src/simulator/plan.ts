import type { Usage } from './answer.ts';
import type { Ask } from './ask.ts';
import { answerText, type Call, lengthOf } from './call.ts';
import { type ToolCall, toolCallsOf } from './tool-call.ts';
import { inPieces, type Text, wordText } from './words.ts';

/** The content of an answer in any API: thoughts, then a text, then calls. */
export interface Plan {
  readonly reasoning: Text | undefined;
  /** One text per choice. Empty if the answer only calls tools. */
  readonly texts: readonly Text[];
  readonly calls: readonly ToolCall[];
  readonly end: 'end' | 'length' | 'tools' | 'filter' | 'malformed';
  readonly usage: Usage;
}

/** The properties of an answer that the request determines. */
export interface PlanBasis {
  readonly ask: Ask;
  readonly inputTokens: number;
  readonly idPrefix: string;
  readonly choices?: number;
  /** The JSON that the request requires. */
  readonly json?: Text | undefined;
}

/** Plans the answer to a request. */
export function planAnswer(call: Call, { ask, inputTokens, idPrefix, choices = 1, json }: PlanBasis): Plan {
  const { options } = call;
  const length = lengthOf(call);
  const calls = toolCallsOf(call, ask, idPrefix);
  const hasText =
    calls.length === 0 || options.toolShape === 'after-text' || options.agentRounds !== undefined;
  const count = Math.min(Math.floor(choices), 128);
  const texts = hasText
    ? Array.from({ length: count }, (_, nth) => json ?? answerText(call, length.words, nth))
    : [];
  const reasoning = reasoningOf(call);
  const reasoningTokens = reasoning?.count ?? 0;
  const callTokens = calls.reduce((sum, { text }) => sum + inPieces(text).count, 0);
  return {
    reasoning,
    texts,
    calls,
    end: endOf(call, calls.length > 0, json === undefined && length.isCut),
    usage: {
      inputTokens: inputTokens + (options.cached?.read ?? 0) + (options.cached?.written ?? 0),
      outputTokens: texts.reduce((sum, text) => sum + text.count, 0) + count * callTokens + reasoningTokens,
      reasoningTokens,
      cached: options.cached,
    },
  };
}

/** The visible thoughts; undefined: none. */
export function reasoningOf({ options, vocabulary, fingerprint }: Call): Text | undefined {
  if (options.reasoning === undefined) return undefined;
  return wordText(vocabulary.plain, fingerprint + 7, options.reasoning.words);
}

function endOf({ options }: Call, callsTools: boolean, isCut: boolean): Plan['end'] {
  if (options.finishReason !== undefined) return 'filter';
  if (callsTools && options.toolShape === 'malformed') return 'malformed';
  if (callsTools && options.toolShape === 'finish-stop') return 'end';
  if (callsTools) return 'tools';
  return isCut ? 'length' : 'end';
}
