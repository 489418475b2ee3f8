import type { Usage } from '../protocols/protocol.ts';
import type { PlannedRequest } from './request-context.ts';
import type { RefusalCode } from './refusals.ts';
import { type AnswerText, estimateUsage } from '../usage/estimate-usage.ts';
import type { Cost } from './cost.ts';
import type { Ending } from './events.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';
import { costOf } from './request-cost.ts';

/** A request whose attempts are over and whose answer is being sent. */
export interface ServedRequest {
  readonly planned: PlannedRequest;
  readonly execution: Execution;
  readonly gateway: Gateway;
  readonly firstByteAtMs: number;
  /** Settles and reports the request. Only the first call counts. */
  readonly settle: (settlement: Settlement) => void;
}

/** How a request ended. */
export interface Settlement {
  readonly ending: Ending;
  readonly status: number;
  readonly usage?: Usage | undefined;
  /** The text of the answer, if `usage` is missing. */
  readonly text?: AnswerText | undefined;
  readonly code?: RefusalCode | undefined;
  /** The cost, if it was calculated for the answer's header. */
  readonly cost?: Cost | undefined;
}

/** Called once with the request's end and usage. */
export type Report = (served: ServedRequest, end: RequestEnd) => void;

/** How a request ended, and the tokens it used as far as they are known. */
export interface RequestEnd extends Omit<Settlement, 'text'> {
  /** Whether a tokenizer estimated the usage because the provider reported none. */
  readonly isUsageEstimated: boolean;
  /** undefined if the request has no price because it generates nothing, or if costs are not calculated. */
  readonly cost: Cost | undefined;
  readonly endedAtMs: number;
}

/**
 * Settles a request's admission with its actual usage, and then reports its end. Only the first call counts, since a
 * stream may detect its end twice. If the provider reported no usage, both wait for an estimate.
 */
export function settle(served: ServedRequest, settlement: Settlement, report: Report): void {
  const { planned, gateway } = served;
  if (planned.isReported) return;
  planned.isReported = true;
  const { ending, status, code, text } = settlement;
  const endedAtMs = gateway.clock.nowMs();
  const close = (usage: Usage | undefined, isUsageEstimated: boolean): void => {
    planned.admission.settle({
      wasServed: served.execution.history.length > 0,
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
    });
    const { costs } = gateway;
    const cost =
      settlement.cost ?? costOf(planned, served.execution, { usage, isEstimated: isUsageEstimated, costs });
    const tell = (known: Cost | undefined): void =>
      report(served, { ending, status, code, usage, isUsageEstimated, cost: known, endedAtMs });
    if (cost instanceof Promise) void cost.then(tell, () => tell(undefined));
    else tell(cost);
  };
  if (settlement.usage !== undefined || text === undefined || text.chars === 0)
    return close(settlement.usage, false);
  void estimateUsage(planned.plan.body, text, gateway.tokens).then(
    (estimate) => close(estimate, true),
    () => close(undefined, false),
  );
}

/** The system accepts answers up to this size at once, so they count as sent. */
const SMALL_BYTES = 256 * 1024;

/** Polling interval for the end of a large answer, in milliseconds. */
export const LOOK_MS = 25;

/**
 * Calls `end` once the runtime has sent a complete answer. If the client disconnects in the middle of a large answer,
 * it has not received it, and `end` gets `client-left`.
 */
export function settleWhenGone(served: ServedRequest, bytes: number, end: (ending?: Ending) => void): void {
  const { request } = served.planned;
  if (bytes <= SMALL_BYTES || request.isAnswered === undefined) return end();
  let isGone = false;
  const look = (): void => {
    if (request.signal.aborted) return end('client-left');
    if (isGone) return end();
    // The runtime reports a disconnect slightly after the end of the request, so poll once more.
    isGone = request.isAnswered?.() === true;
    served.gateway.clock.setTimer(LOOK_MS, look);
  };
  served.gateway.clock.setTimer(LOOK_MS, look);
}
