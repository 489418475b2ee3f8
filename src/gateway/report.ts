import { endpointOf } from './endpoint.ts';
import type { RequestEnd, Run } from './settle.ts';

/** Tells everybody who watches that a request has ended, and all about it. */
export function report(run: Run, end: RequestEnd): void {
  const { call, execution, gateway } = run;
  gateway.emit({
    type: 'request-ended',
    requestId: call.id,
    ending: end.ending,
    method: call.request.method,
    endpoint: endpointOf(call.request.path),
    model: call.plan.model.name,
    servedAs: call.plan.model.rotation,
    provider: execution.history.at(-1)?.route.provider,
    keyName: call.key?.name,
    status: end.status,
    code: end.code,
    history: execution.history,
    usage: end.usage,
    isUsageEstimated: end.isUsageEstimated,
    isStreamed: execution.answer?.kind === 'streamed' && execution.answer.stream.takesEvents,
    overheadMs: ownTimeMs(run),
    startedAtMs: call.startedAtMs,
    firstByteAtMs: run.firstByteAtMs,
    endedAtMs: end.endedAtMs,
  });
}

/** The time that the gateway itself took: from the planned request to here, less the attempts and the pauses. */
export function ownTimeMs({ call, execution, firstByteAtMs }: Run): number {
  let elsewhereMs = execution.pausedMs;
  for (const { startedAtMs, endedAtMs } of execution.history) elsewhereMs += endedAtMs - startedAtMs;
  return Math.max(0, firstByteAtMs - call.plannedAtMs - elsewhereMs);
}
