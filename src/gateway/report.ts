import { billedUsage } from './billed-usage.ts';
import { endpointOf } from './endpoint.ts';
import type { Actual, Admission } from '../limits/admission.ts';
import type { RequestEnded, TranslationReport } from './events.ts';
import { noteBegun } from './later/begun-work.ts';
import type { Gateway } from './ports.ts';
import type { TranslationNote } from './translated/reply-translation.ts';
import type { RequestEnd, ServedRequest } from './settle.ts';

/** Closes the admission of a request with its actual use, and emits the event of its end. */
export function report(served: ServedRequest, end: RequestEnd): void {
  closeAdmission(served.planned.admission, actualOf(served, end), endedEvent(served, end), served.gateway);
  const { laterId } = served.planned;
  if (laterId !== undefined) noteBegun(served, laterId, end);
}

/** Settles an admission, journals what it used, and emits the end of its request, in this order. */
export function closeAdmission(
  admission: Admission,
  actual: Actual,
  ended: RequestEnded,
  { journal, emit }: Pick<Gateway, 'journal' | 'emit'>,
): void {
  const uses = admission.settle(actual);
  if (uses !== undefined) journal?.close(ended.requestId, ended, uses);
  emit(ended);
}

function actualOf(
  { execution }: ServedRequest,
  { usage: answered, ending, cost, isUsageEstimated }: RequestEnd,
): Actual {
  const { wasted } = execution;
  const usage = billedUsage(answered, wasted);
  return {
    wasServed: execution.history.length > 0,
    isFailed: ending === 'failed' && execution.history.at(-1)?.outcome.kind !== 'answered',
    inputTokens: usage?.inputTokens,
    cachedTokens: usage?.cachedTokens,
    outputTokens: usage?.outputTokens,
    // The tokens of several attempts do not tell how many one has.
    isEstimated: isUsageEstimated || wasted !== undefined,
    costNano: cost?.nano,
  };
}

function endedEvent(served: ServedRequest, end: RequestEnd): RequestEnded {
  const { planned, execution, gateway } = served;
  const { attribution } = planned;
  return {
    type: 'request-ended',
    requestId: planned.id,
    ending: end.ending,
    method: planned.request.method,
    endpoint: endpointOf(planned.request.path),
    model: planned.plan.model.name,
    servedAs: planned.plan.model.rotation,
    provider: execution.history.at(-1)?.route.provider,
    keyName: planned.key?.name,
    keyId: attribution.keyId,
    team: attribution.team,
    teamPath: attribution.teamPath,
    teamIds: attribution.teamIds,
    userId: attribution.userId,
    user: attribution.user,
    endUser: attribution.endUser,
    tags: attribution.tags,
    droppedTags: attribution.droppedTags,
    status: end.status,
    code: end.code,
    history: execution.history,
    skipped: execution.skipped,
    usage: billedUsage(end.usage, execution.wasted),
    translation: execution.note && translationReport(execution.note),
    isUsageEstimated: end.isUsageEstimated,
    cost: end.cost,
    cache: planned.cache,
    isStreamed: execution.answer?.kind === 'streamed' && execution.answer.stream.takesEvents,
    overheadMs: ownTimeMs(served),
    startedAtMs: planned.startedAtMs,
    plannedAtMs: planned.plannedAtMs,
    firstByteAtMs: served.firstByteAtMs,
    endedAtMs: end.endedAtMs,
    traceId: gateway.tracing?.recordedTrace(planned.id),
    requestHeaders: planned.request.headers,
    answerHeaders: execution.answer?.headers,
  };
}

function translationReport({ pair, losses }: TranslationNote): TranslationReport {
  const [from = '', to = ''] = pair.split('>');
  return { from, to, losses: losses.all(), count: losses.count() };
}

/**
 * Returns the time that the gateway itself took in milliseconds: from the planned request until now, without attempts
 * and pauses.
 */
export function ownTimeMs({ planned, execution, firstByteAtMs }: ServedRequest): number {
  let elsewhereMs = execution.pausedMs;
  for (const { startedAtMs, endedAtMs } of execution.history) elsewhereMs += endedAtMs - startedAtMs;
  return Math.max(0, firstByteAtMs - planned.plannedAtMs - elsewhereMs);
}
