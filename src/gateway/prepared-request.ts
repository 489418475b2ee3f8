import type { Provider } from '../config/snapshot.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Unsuitable } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { WholeAnswer } from './answer.ts';
import type { ClientCall } from './translated/client-call.ts';
import type { Gateway, UpstreamTarget } from './ports.ts';
import type { ReplyTranslation, TranslationNote } from './translated/reply-translation.ts';
import type { PlannedRequest } from './request-context.ts';

/** The context of one attempt: its request and route. */
export interface AttemptContext {
  readonly planned: PlannedRequest;
  readonly route: Route;
  readonly provider: Provider;
  readonly gateway: Gateway;
}

/** A request prepared for a route, or the reason for not sending it. */
export type PreparedRequest =
  | ReadyRequest
  /** The request cannot be sent, because the provider's API cannot express it. */
  | { readonly kind: 'unsuitable'; readonly loss: Unsuitable; readonly note: TranslationNote | undefined }
  /** The gateway answers without asking the provider. */
  | { readonly kind: 'answered'; readonly answer: WholeAnswer; readonly note: TranslationNote | undefined };

export interface ReadyRequest {
  readonly kind: 'ready';
  /** In pieces; undefined for methods without a body. */
  readonly body: readonly Uint8Array[] | undefined;
  /** The content type of the body; undefined for the client's own. */
  readonly contentType: string | undefined;
  /** The path at the provider if it differs from the client's. */
  readonly path?: string | undefined;
  readonly target: UpstreamTarget | undefined;
  /** The provider's API. */
  readonly protocol: Protocol;
  /** Whether the gateway added the option that asks for usage. */
  readonly hidesUsage: boolean;
  /** undefined if the reply is in the client's API. */
  readonly reply: ReplyTranslation | undefined;
  readonly note: TranslationNote | undefined;
  /** Set if it is unknown whether the provider has this API: the call to record if it does not. */
  readonly isTrialOf: ClientCall | undefined;
  /** Set for token counts: creates the answer if the provider turns out to lack a counting method. */
  readonly estimate?: (() => Promise<PreparedRequest>) | undefined;
}
