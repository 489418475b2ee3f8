import { endpointOf } from '../endpoint.ts';
import type { Cost } from '../cost.ts';
import type { RequestEnded } from '../events.ts';
import type { Gateway } from '../ports.ts';
import { closeAdmission } from '../report.ts';
import { isBilled } from '../request-cost.ts';
import type { PlannedRequest } from '../request-context.ts';

type SharedEnd = Pick<
  RequestEnded,
  'ending' | 'status' | 'code' | 'isStreamed' | 'firstByteAtMs' | 'overheadMs'
>;

/**
 * Settles and reports a request that got the answer to another one. It counts as a request, and neither tokens nor
 * money were used for it. `costNano` is what the answer cost the other one. Only the first call counts.
 */
export function reportShared(
  { planned, gateway }: { readonly planned: PlannedRequest; readonly gateway: Gateway },
  end: SharedEnd,
  costNano: number | undefined | Promise<number | undefined>,
): void {
  if (planned.isReported) return;
  planned.isReported = true;
  const endedAtMs = gateway.clock.nowMs();
  const tell = (savedNano: number | undefined): void => {
    const cost = gateway.costs && isBilled(planned.request.path) ? costOf(end, savedNano) : undefined;
    const isFailed = end.ending === 'failed';
    const actual = { wasServed: true, isFailed, inputTokens: undefined, outputTokens: undefined };
    closeAdmission(planned.admission, actual, endedEvent(planned, { ...end, cost, endedAtMs }), gateway);
  };
  if (costNano instanceof Promise) void costNano.then(tell);
  else tell(costNano);
}

function costOf({ ending }: SharedEnd, savedNano: number | undefined): Cost {
  const free = { nano: 0, priceRef: undefined, priceSheet: undefined };
  return ending === 'failed' ? { ...free, basis: 'not-billed' } : { ...free, basis: 'cache', savedNano };
}

function endedEvent(
  planned: PlannedRequest,
  end: SharedEnd & Pick<RequestEnded, 'cost' | 'endedAtMs'>,
): RequestEnded {
  const { id, request, plan, key, attribution, startedAtMs, plannedAtMs, cache } = planned;
  return {
    type: 'request-ended',
    requestId: id,
    method: request.method,
    endpoint: endpointOf(request.path),
    model: plan.model.name,
    servedAs: plan.model.rotation,
    provider: undefined,
    keyName: key?.name,
    ...attribution,
    history: [],
    usage: undefined,
    isUsageEstimated: false,
    cache,
    startedAtMs,
    plannedAtMs,
    requestHeaders: request.headers,
    ...end,
  };
}
