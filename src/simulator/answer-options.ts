import type { CachedTokens } from './answer.ts';
import type { VocabularyName } from './words.ts';

/** Options of an answer, independent of the endpoint. */
export interface AnswerOptions {
  /** Number of tokens; Infinity: a stream never ends. */
  readonly words: number;
  /** Interval between tokens of a stream. */
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
  /** Whether reasoning is encrypted for its provider, in APIs that support it. */
  readonly isRedacted: boolean;
  /** Hidden reasoning: its duration, and how often a stream shows a sign of life meanwhile; 0: never. */
  readonly thinking: { readonly ms: number; readonly everyMs: number } | undefined;
  /** How a tool is called, requested or not; undefined: only if the request asks for it. */
  readonly toolShape: ToolShape | undefined;
  /**
   * An agent session: the number of turns that call tools, after which a final answer ends the session; undefined: no
   * session.
   */
  readonly agentRounds: number | undefined;
  /** The number of tools called at once. */
  readonly calls: number;
  /** The prompt tokens in the provider's cache; undefined: no cache. */
  readonly cached: CachedTokens | undefined;
  /** Ends the answer for this reason instead of `stop`. */
  readonly finishReason: 'content_filter' | undefined;
}

/** The shapes in which providers stream tool calls. */
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
