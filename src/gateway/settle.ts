import type { Usage } from '../protocols/protocol.ts';
import type { Call } from './request-context.ts';
import { endpointOf } from './endpoint.ts';
import type { RefusalCode } from './refusals.ts';
import { type AnswerText, estimateUsage } from '../usage/estimate-usage.ts';
import type { Ending, RequestEnded } from './events.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';

/** A request whose attempts are made, on its way to the client. */
export interface Run {
  readonly call: Call;
  readonly execution: Execution;
  readonly gateway: Gateway;
  readonly firstByteAtMs: number;
}

/** How a request ended. */
export interface Settlement {
  readonly ending: Ending;
  readonly status: number;
  readonly usage?: Usage | undefined;
  /** What the answer said, where `usage` is missing. */
  readonly text?: AnswerText | undefined;
  readonly code?: RefusalCode;
}

/**
 * Closes the account of a request and reports it. The first word counts: a stream may learn of its end twice. Where
 * the provider did not say what an answer used, the report waits until it has been estimated.
 */
export function settle(run: Run, { ending, status, usage, text, code }: Settlement): void {
  const { call, execution, gateway } = run;
  if (call.isReported) return;
  call.isReported = true;
  const report: RequestEnded = {
    type: 'request-ended',
    requestId: call.id,
    ending,
    method: call.request.method,
    endpoint: endpointOf(call.request.path),
    model: call.plan.model.name,
    servedAs: call.plan.model.rotation,
    provider: execution.history.at(-1)?.route.provider,
    keyName: call.key?.name,
    status,
    code,
    history: execution.history,
    usage,
    isUsageEstimated: false,
    isStreamed: execution.answer?.kind === 'streamed' && execution.answer.stream.takesEvents,
    overheadMs: ownTimeMs(run),
    startedAtMs: call.startedAtMs,
    firstByteAtMs: run.firstByteAtMs,
    endedAtMs: gateway.clock.nowMs(),
  };
  if (usage !== undefined || text === undefined || text.chars === 0) return gateway.emit(report);
  void estimateUsage(call.plan.body, text, gateway.tokens).then(
    (estimate) => gateway.emit({ ...report, usage: estimate, isUsageEstimated: true }),
    () => gateway.emit(report),
  );
}

/** What the system takes at once of an answer has gone. */
const SMALL_BYTES = 256 * 1024;

/** How often it is looked whether a large answer has gone. */
export const LOOK_MS = 25;

/**
 * Settles a request whose answer was handed to the runtime as a whole, once that has sent it: a client that leaves in the
 * middle of a large one has not got it.
 */
export function settleWhenGone(run: Run, bytes: number, settlement: Settlement): void {
  const { request } = run.call;
  if (bytes <= SMALL_BYTES || request.isAnswered === undefined) return settle(run, settlement);
  let isGone = false;
  const look = (): void => {
    if (request.signal.aborted) return settle(run, { ...settlement, ending: 'client-left' });
    if (isGone) return settle(run, settlement);
    // That the client left is told a moment later than that the request is over: one more look tells.
    isGone = request.isAnswered?.() === true;
    run.gateway.clock.alarm(LOOK_MS, look);
  };
  run.gateway.clock.alarm(LOOK_MS, look);
}

/** The time that the gateway itself took: from the planned request to here, less the attempts and the pauses. */
export function ownTimeMs({ call, execution, firstByteAtMs }: Run): number {
  let elsewhereMs = execution.pausedMs;
  for (const { startedAtMs, endedAtMs } of execution.history) elsewhereMs += endedAtMs - startedAtMs;
  return Math.max(0, firstByteAtMs - call.plannedAtMs - elsewhereMs);
}
