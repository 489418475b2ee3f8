import { endpointOf } from './endpoint.ts';
import type { TranslationReport } from './events.ts';
import type { TranslationNote } from './translated/reply-translation.ts';
import type { RequestEnd, ServedRequest } from './settle.ts';

/** Emits the end of a request with all its facts. */
export function report(served: ServedRequest, end: RequestEnd): void {
  const { planned, execution, gateway } = served;
  gateway.emit({
    type: 'request-ended',
    requestId: planned.id,
    ending: end.ending,
    method: planned.request.method,
    endpoint: endpointOf(planned.request.path),
    model: planned.plan.model.name,
    servedAs: planned.plan.model.rotation,
    provider: execution.history.at(-1)?.route.provider,
    keyName: planned.key?.name,
    ...planned.attribution,
    status: end.status,
    code: end.code,
    history: execution.history,
    usage: end.usage,
    translation: execution.note && translationReport(execution.note),
    isUsageEstimated: end.isUsageEstimated,
    cost: end.cost,
    isStreamed: execution.answer?.kind === 'streamed' && execution.answer.stream.takesEvents,
    overheadMs: ownTimeMs(served),
    startedAtMs: planned.startedAtMs,
    firstByteAtMs: served.firstByteAtMs,
    endedAtMs: end.endedAtMs,
  });
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
