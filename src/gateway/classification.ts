import type { Provider } from '../config/snapshot.ts';
import type { Protocol, Usage } from '../protocols/protocol.ts';
import type { Outcome } from '../routing/outcome.ts';
import type { Answer } from './answer.ts';
import type { PlannedRequest } from './request-context.ts';
import type { ReplyTranslation } from './translated/reply-translation.ts';
import type { AttemptTimeouts } from './attempt-timeouts.ts';
import type { Gateway, UpstreamReply } from './ports.ts';

/** A provider's reply whose head has arrived. */
export type Reply = Extract<UpstreamReply, { kind: 'reply' }>;

/** The context for classifying a reply. */
export interface ReplyContext {
  readonly planned: PlannedRequest;
  readonly provider: Provider;
  /** The provider's API, which belongs to the attempt. The client's API belongs to the request. */
  readonly protocol: Protocol;
  readonly timeouts: AttemptTimeouts;
  readonly gateway: Gateway;
  /** Whether the gateway asked for usage itself, so that the usage event must be hidden from the client. */
  readonly hidesUsage: boolean;
  /** How to translate the reply into the client's API; undefined if it is in that API. */
  readonly translation: ReplyTranslation | undefined;
  /** The model name that answers should show; undefined to keep the provider's. */
  readonly shownModel: string | undefined;
  /** Call this when a streamed answer has ended in any way. */
  readonly end: () => void;
}

/** The outcome of an attempt, and its answer. */
export interface Classification {
  readonly outcome: Outcome;
  readonly answer?: Answer;
  /** The usage that the provider reported and bills although its reply is no answer. */
  readonly usage?: Usage | undefined;
}
