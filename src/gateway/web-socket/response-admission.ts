import type { MasterKey } from '../../config/snapshot.ts';
import { type Admission, FREE_ADMISSION } from '../../limits/admission.ts';
import { NO_CLAIMS } from '../../limits/claim.ts';
import type { WebSocketApi } from '../../protocols/web-socket/api.ts';
import type { Model } from '../../routing/route.ts';
import { NOBODY } from '../attribution.ts';
import type { Gateway } from '../ports.ts';
import type { RequestContext } from '../request-context.ts';
import { claimsOf, reserve } from '../reserve.ts';

/** A response of a connection that limits consider. */
export interface LimitedResponse {
  readonly api: WebSocketApi;
  /** As it is configured now. */
  readonly key: MasterKey | undefined;
  /** The handshake. */
  readonly context: Pick<RequestContext, 'attribution'>;
  readonly model: Model;
  /** The message that asks for it; empty if the provider began by itself. */
  readonly body: Uint8Array;
}

/** The body of a response that the client did not request. */
export const NO_BODY = new Uint8Array();

/** The right to a response, and the id of the request as which it is reported. */
export interface AdmittedResponse {
  readonly requestId: string;
  readonly admission: Admission;
}

/**
 * Holds what a response needs of its limits, in addition to `admission`. Throws a `Refusal`. A response of the Realtime
 * API has no price, since it counts audio as tokens.
 */
export function admitResponse(
  { api, context, key, model, body }: LimitedResponse,
  gateway: Gateway,
  admission = FREE_ADMISSION,
): AdmittedResponse | Promise<AdmittedResponse> {
  const { attribution = NOBODY } = context;
  const requestId = gateway.newRequestId();
  const claims = claimsOf(key, model.name, gateway.snapshot(), attribution.endUser);
  if (claims === NO_CLAIMS) return { requestId, admission };
  const what = { isGenerated: true, hasOutput: true, isPriced: api !== 'realtime' };
  const demand = { requestId, key, attribution, model, body, claims, ...what };
  const reserved = reserve(admission, demand, gateway);
  if (reserved instanceof Promise) return reserved.then((admission) => ({ requestId, admission }));
  return { requestId, admission: reserved };
}
