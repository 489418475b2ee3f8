import type { Usage } from '../../../protocols/protocol.ts';
import type { Carried, CarriageRequest, CarriageTarget } from '../../../translation/carriage/carry.ts';
import type { ClientApi } from '../../../translation/conversation.ts';
import type { EmbeddingsClient } from '../../../translation/embeddings/asked.ts';
import type {
  EmbeddingsAnswer,
  EmbeddingsExchange,
  EmbeddingsTarget,
} from '../../../translation/embeddings/embeddings.ts';
import type { Target } from '../../../translation/exchange.ts';
import type { HubError } from '../../../translation/hub-error.ts';
import type { Loss } from '../../../translation/losses.ts';
import type { SameApiTarget } from '../../../translation/same-api/repair-body.ts';
import type { ReadContext } from '../../../translation/sides.ts';
import type { AnswerText } from '../../../usage/estimate-usage.ts';
import type { Repaired } from '../repair.ts';
import type { BodyOrder, RequestBody } from '../request-body.ts';
import type { SentExchange, SentLosses } from './sent-exchange.ts';

/** Translation work on one large body, as plain data. */
export interface Works {
  /** Reads the client's body and writes the provider's. */
  readonly request: {
    readonly api: ClientApi;
    readonly context: ReadContext;
    readonly order: BodyOrder;
    /** The target without and with tools, since tools may change the API. */
    readonly targets: { readonly plain: Target; readonly withTools: Target };
  };
  /** Puts a Messages body into a cloud's envelope. */
  readonly carry: { readonly target: CarriageTarget; readonly request: CarriageRequest };
  /** Repairs a body that stays in its API. */
  readonly repair: { readonly target: SameApiTarget; readonly contentType: string };
  /** Reads the provider's whole answer and writes the client's. */
  readonly answer: { readonly exchange: SentExchange };
  /** Reads all of the provider's stream and writes the client's whole answer. `framed`: it is an Amazon event stream. */
  readonly collect: { readonly exchange: SentExchange; readonly framed: boolean };
  readonly vectors: {
    readonly client: EmbeddingsClient;
    readonly context: ReadContext;
    readonly target: EmbeddingsTarget;
    readonly answerModel: string | undefined;
  };
  readonly 'vectors-answer': { readonly exchange: SentVectors; readonly estimate: number };
}

/** The result of each kind of work. `body` is transferred, not copied. */
export interface Results {
  readonly request: SentRequestBody | Invalid;
  readonly carry: Omit<Carried, 'losses'> & { readonly losses: SentLosses };
  readonly repair: { readonly repaired: Repaired | undefined };
  readonly answer: SentAnswer;
  readonly collect: SentAnswer;
  readonly vectors:
    | Invalid
    | { readonly kind: 'unsuitable'; readonly loss: Loss; readonly losses: readonly Loss[] }
    | { readonly kind: 'written'; readonly body: Uint8Array; readonly exchange: SentVectors };
  readonly 'vectors-answer':
    | (Omit<Extract<EmbeddingsAnswer, { kind: 'answer' }>, 'body'> & { readonly body: Uint8Array })
    | Extract<EmbeddingsAnswer, { kind: 'failed' }>;
}

type SentAnswer =
  | {
      readonly kind: 'answer';
      readonly body: Uint8Array;
      readonly usage: Usage | undefined;
      readonly text: AnswerText;
      readonly losses: SentLosses;
    }
  | { readonly kind: 'failed'; readonly error: HubError; readonly losses: SentLosses };

export type SentRequestBody =
  | Exclude<RequestBody, { kind: 'written' }>
  | (Omit<Extract<RequestBody, { kind: 'written' }>, 'exchange'> & { readonly exchange: SentExchange });

export type SentVectors = Omit<EmbeddingsExchange, 'losses'> & { readonly losses: SentLosses };

interface Invalid {
  readonly kind: 'invalid';
  readonly path: string;
  readonly message: string;
}

export type WorkKind = keyof Works;

/** The message to the thread. */
export interface WorkMessage<Kind extends WorkKind = WorkKind> {
  readonly kind: Kind;
  readonly work: Works[Kind];
  readonly bytes: Uint8Array;
}

/** The message from the thread. `bug`: a stack trace. */
export type ResultMessage<Kind extends WorkKind = WorkKind> =
  | { readonly result: Results[Kind] }
  | { readonly bug: string };
