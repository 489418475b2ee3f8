import type { CachedTokens } from './answer.ts';
import type { VocabularyName } from './words.ts';

/** How an answer is to turn out, whatever the endpoint. */
export interface AnswerOptions {
  /** Tokens; Infinity: a stream never ends. */
  readonly words: number;
  /** Between tokens of a stream. */
  readonly paceMs: number;
  /** Before the status line. */
  readonly latencyMs: number;
  readonly vocabulary: VocabularyName;
  /** The size of the first word; 0: as it is. */
  readonly firstWordBytes: number;
  /** Thoughts before the answer, and the field that carries them in chat; undefined: none. */
  readonly reasoning:
    | { readonly field: 'reasoning_content' | 'reasoning'; readonly words: number }
    | undefined;
  /** Thoughts are given in a form that only their provider can read, where its API has one. */
  readonly isRedacted: boolean;
  /** Thoughts that are not shown: how long they take, and how often a stream shows a sign of life meanwhile; 0: never. */
  readonly thinking: { readonly ms: number; readonly everyMs: number } | undefined;
  /** A tool is called, asked for or not, and this is how; undefined: where the request asks for it. */
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
