import type { Seal } from './conversation.ts';
import type { Finish } from './finish.ts';
import type { HubError } from './hub-error.ts';
import type { Usage } from './usage.ts';

/** A whole answer in the hub's format. */
export interface Answer {
  readonly upstreamId: string | undefined;
  /** The model name that the provider reported. */
  readonly model: string | undefined;
  /** Never empty. Has several choices only if the request asked for them (`n`). */
  readonly choices: readonly Choice[];
  readonly usage: Usage | undefined;
  /** OpenAI's name of the tier: `default`, `priority`, `flex`. */
  readonly serviceTier: string | undefined;
}

export interface Choice {
  /** In the provider's order. Adjacent text parts stay separate if the provider separates them. */
  readonly parts: readonly AnswerPart[];
  readonly finish: Finish;
  /** One entry per token of the text, in Chat's shape (`{token, logprob, bytes, top_logprobs}`). */
  readonly logprobs: readonly unknown[] | undefined;
}

export type AnswerPart = AnswerText | AnswerReasoning | AnswerCall;

export interface AnswerText {
  readonly kind: 'text' | 'refusal';
  readonly text: string;
  readonly citations?: readonly Citation[];
  /** Gemini's signature of this text. */
  readonly seal?: Seal | undefined;
}

export interface AnswerReasoning {
  readonly kind: 'reasoning';
  readonly text: string;
  readonly seal?: Seal | undefined;
  readonly redacted: boolean;
}

export interface AnswerCall {
  readonly kind: 'call';
  /** Never empty. Generated if the provider sends none. */
  readonly id: string;
  /** The client's name for the tool (`Exchange.clientName`). */
  readonly name: string;
  /** JSON text exactly as the provider sent it; '' if it sent none. */
  readonly arguments: string;
  readonly form: 'function' | 'freeform';
  readonly namespace?: string | undefined;
  readonly seal?: Seal | undefined;
  /** Its path in the provider's answer, for losses: `choices[0].message.tool_calls[1]`. */
  readonly path?: string | undefined;
}

/** A web page that a text cites. Offsets count UTF-16 units of the answer's text. */
export interface Citation {
  readonly url: string;
  readonly title: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** The result of reading an answer with status 200. A failure in place of a finish reason is `failed`. */
export type AnswerReading =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: HubError };
