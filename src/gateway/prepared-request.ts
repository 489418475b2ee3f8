import type { Provider } from '../config/snapshot.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Unsuitable } from '../routing/outcome.ts';
import type { Route } from '../routing/route.ts';
import type { WholeAnswer } from './answer.ts';
import type { ClientCall } from './client-call.ts';
import type { Gateway, UpstreamTarget } from './ports.ts';
import type { ReplyTranslation, TranslationNote } from './reply-translation.ts';
import type { PlannedRequest } from './request-context.ts';

/** What an attempt is made of: its request, and its route. */
export interface AttemptContext {
  readonly planned: PlannedRequest;
  readonly route: Route;
  readonly provider: Provider;
  readonly gateway: Gateway;
}

/** A request as a route is to have it, or why it is not sent. */
export type PreparedRequest =
  | ReadyRequest
  /** Nothing is to be sent, since the provider's API can't carry it. */
  | { readonly kind: 'unsuitable'; readonly loss: Unsuitable; readonly note: TranslationNote | undefined }
  /** Nothing need be sent. */
  | { readonly kind: 'answered'; readonly answer: WholeAnswer; readonly note: TranslationNote };

export interface ReadyRequest {
  readonly kind: 'ready';
  /** In pieces; undefined for methods that have none. */
  readonly body: readonly Uint8Array[] | undefined;
  /** The content type of the body; undefined: the client's own. */
  readonly contentType: string | undefined;
  /** The path at the provider, where it is not the client's. */
  readonly path?: string | undefined;
  readonly target: UpstreamTarget | undefined;
  /** How the provider speaks. */
  readonly protocol: Protocol;
  /** Whether usage was asked for in the client's name. */
  readonly hidesUsage: boolean;
  /** undefined: the reply is in the client's API. */
  readonly reply: ReplyTranslation | undefined;
  readonly note: TranslationNote | undefined;
  /** Set where nobody knows whether the provider has this API: what it is to be remembered by if it has not. */
  readonly isTrialOf: ClientCall | undefined;
  /** Set for a count of tokens: the answer where the provider turns out to lack a method that counts. */
  readonly estimate?: () => Promise<PreparedRequest>;
}
