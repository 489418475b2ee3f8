import type { MasterKey } from '../../config/snapshot.ts';
import { type Admission, FREE_ADMISSION, NOT_SERVED } from '../../limits/admission.ts';
import { NO_CLAIMS } from '../../limits/claim.ts';
import type { Model } from '../../routing/route.ts';
import { NOBODY } from '../attribution.ts';
import type { Gateway } from '../ports.ts';
import type { RequestContext } from '../request-context.ts';
import { claimsOf, reserve } from '../reserve.ts';

/** A response of a connection that limits consider. */
export interface LimitedResponse {
  /** As it is configured now. */
  readonly key: MasterKey | undefined;
  /** The handshake. */
  readonly context: Pick<RequestContext, 'attribution'>;
  readonly model: Model;
  /** The message that asks for it; empty if the provider began by itself. */
  readonly body: Uint8Array;
  /** The tokens of a session of the Realtime API. */
  readonly sessionTokens: number | undefined;
  /** The id under which it is reported; a new one if omitted. */
  readonly requestId?: string;
}

/** The body of a response that the client did not request. */
export const NO_BODY = new Uint8Array();

/** How much a response reads: bytes of a body, and tokens of a session. */
export interface ReadByResponse {
  readonly bodyBytes: number;
  readonly sessionTokens: number;
}

/** The right to a response, and the id of the request as which it is reported. */
export interface AdmittedResponse {
  readonly requestId: string;
  readonly admission: Admission;
  /** The body, and the session, that it reads. */
  readonly read: ReadByResponse;
}

/** Releases what was held for a response that is not sent, and of which nothing is reported. */
export function releaseResponse(
  { admission, requestId }: Pick<AdmittedResponse, 'admission' | 'requestId'>,
  { journal }: Pick<Gateway, 'journal'>,
): void {
  if (admission.settle(NOT_SERVED) !== undefined) journal?.drop(requestId);
}

/** Holds what a response needs of its limits, in addition to `admission`. Throws a `Refusal`. */
export function admitResponse(
  { context, key, model, body, sessionTokens, ...asked }: LimitedResponse,
  gateway: Gateway,
  admission = FREE_ADMISSION,
): AdmittedResponse | Promise<AdmittedResponse> {
  const { attribution = NOBODY } = context;
  const { requestId = gateway.newRequestId() } = asked;
  const claims = claimsOf(key, model.name, gateway.snapshot(), attribution.endUser);
  const read = { bodyBytes: body.byteLength, sessionTokens: sessionTokens ?? 0 };
  if (claims === NO_CLAIMS) return { requestId, admission, read };
  const what = { isGenerated: true, hasOutput: true, sessionTokens };
  const demand = { requestId, key, attribution, model, body, claims, ...what };
  const reserved = reserve(admission, demand, gateway);
  if (reserved instanceof Promise) return reserved.then((admission) => ({ requestId, admission, read }));
  return { requestId, admission: reserved, read };
}
