import type { CachedTokens } from './answer.ts';
import type { VocabularyName } from './words.ts';

/** Options of an answer, independent of the endpoint. */
export interface AnswerOptions {
  /** Tokens; Infinity: a stream never ends. */
  readonly words: number;
  /** Between tokens of a stream. */
  readonly paceMs: number;
  /** Delay before the status line. */
  readonly latencyMs: number;
  readonly vocabulary: VocabularyName;
  /** The size of the first word; 0: unchanged. */
  readonly firstWordBytes: number;
  /** Reasoning before the answer, and the field that carries it in chat; undefined: none. */
  readonly reasoning:
    | { readonly field: 'reasoning_content' | 'reasoning'; readonly words: number }
    | undefined;
  /** Thoughts are given in a form that only their provider can read, where its API has one. */
  readonly isRedacted: boolean;
  /** Hidden reasoning: its duration, and how often a stream shows a sign of life meanwhile; 0: never. */
  readonly thinking: { readonly ms: number; readonly everyMs: number } | undefined;
  /** How a tool is called, requested or not; undefined: only if the request asks for it. */
  readonly toolShape: ToolShape | undefined;
  /** An agent's session: tools are called in so many turns, and then the answer ends it; undefined: no session. */
  readonly agentRounds: number | undefined;
  /** How many tools are called at once. */
  readonly calls: number;
  /** What the provider's cache had of the prompt; undefined: it has none. */
  readonly cached: CachedTokens | undefined;
  /** Ends the answer for this reason instead of `stop`. */
  readonly finishReason: 'content_filter' | undefined;
}

/** The shapes in which providers stream the calls of tools. */
export type ToolShape =
  | 'split'
  | 'whole'
  | 'no-index'
  | 'no-id'
  | 'repeated-id'
  | 'parallel'
  | 'object-arguments'
  | 'empty-arguments'
  | 'legacy'
  | 'finish-stop'
  | 'after-text'
  | 'malformed';
