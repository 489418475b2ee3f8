import type { Seal } from './conversation.ts';
import type { Finish } from './finish.ts';
import type { HubError } from './hub-error.ts';
import type { Usage } from './usage.ts';

/** The whole answer in the hub. */
export interface Answer {
  readonly upstreamId: string | undefined;
  /** The provider's word for the model. */
  readonly model: string | undefined;
  /** Never empty. More than one only where the request asked for it (`n`). */
  readonly choices: readonly Choice[];
  readonly usage: Usage | undefined;
  /** In OpenAI's words: `default`, `priority`, `flex`. */
  readonly serviceTier: string | undefined;
}

export interface Choice {
  /** In the order of the provider; text parts that follow each other stay apart where the provider keeps them apart. */
  readonly parts: readonly AnswerPart[];
  readonly finish: Finish;
  /** One entry for each token of the text, in Chat's shape (`{token, logprob, bytes, top_logprobs}`). */
  readonly logprobs: readonly unknown[] | undefined;
}

export type AnswerPart = AnswerText | AnswerReasoning | AnswerCall;

export interface AnswerText {
  readonly kind: 'text' | 'refusal';
  readonly text: string;
  readonly citations?: readonly Citation[];
  /** Gemini's signature on this text. */
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
  /** Never empty: minted where the provider has none. */
  readonly id: string;
  /** The client's name of the tool (`Exchange.clientName`). */
  readonly name: string;
  /** JSON text, as it stood in the source; '' where the provider sent none. */
  readonly arguments: string;
  readonly form: 'function' | 'freeform';
  readonly namespace?: string | undefined;
  readonly seal?: Seal | undefined;
  /** Its place in the provider's answer, for losses: `choices[0].message.tool_calls[1]`. */
  readonly path?: string | undefined;
}

/** A place on the web that a text rests on. Offsets count UTF-16 units of the answer's text. */
export interface Citation {
  readonly url: string;
  readonly title: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** What became of reading an answer of status 200. Failures in place of a finish reason are `failed`. */
export type AnswerReading =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly error: HubError };
