import type { Provider } from '../config/snapshot.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Outcome } from '../routing/outcome.ts';
import type { Answer } from './answer.ts';
import type { PlannedRequest } from './request-context.ts';
import type { ReplyTranslation } from './translated/reply-translation.ts';
import type { AttemptTimeouts } from './attempt-timeouts.ts';
import type { Gateway, UpstreamReply } from './ports.ts';

/** A provider's reply of which the head is there. */
export type Reply = Extract<UpstreamReply, { kind: 'reply' }>;

/** What a reply is read with. */
export interface ReplyContext {
  readonly planned: PlannedRequest;
  readonly provider: Provider;
  /** The provider's API: the attempt's, where the client's is the request's. */
  readonly protocol: Protocol;
  readonly timeouts: AttemptTimeouts;
  readonly gateway: Gateway;
  /** Whether usage was asked for in the client's name, who is not to see the event that carries it. */
  readonly hidesUsage: boolean;
  /** How the reply becomes one of the client's API; undefined: it is one. */
  readonly translation: ReplyTranslation | undefined;
  /** The model's name that answers are to bear; undefined: the one that the provider gave them. */
  readonly shownModel: string | undefined;
  /** To be called when a streamed answer has ended, whichever way. */
  readonly onEnd: () => void;
}

/** How an attempt ended, with the answer that came of it. */
export interface Classification {
  readonly outcome: Outcome;
  readonly answer?: Answer;
}
