import type { Usage } from '../protocols/protocol.ts';
import type { PlannedRequest } from './request-context.ts';
import type { RefusalCode } from './refusals.ts';
import { type AnswerText, estimateUsage } from '../usage/estimate-usage.ts';
import type { Cost } from './cost.ts';
import type { Ending } from './events.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';
import { costOf } from './request-cost.ts';

/** A request whose attempts are made, on its way to the client. */
export interface ServedRequest {
  readonly planned: PlannedRequest;
  readonly execution: Execution;
  readonly gateway: Gateway;
  readonly firstByteAtMs: number;
  /** Closes the request's account and reports it. Only the first call counts. */
  readonly settle: (settlement: Settlement) => void;
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

/** Called once, with the request's end and what it used. */
export type Report = (served: ServedRequest, end: RequestEnd) => void;

/** How a request ended, and the tokens that it used as far as they are known. */
export interface RequestEnd extends Omit<Settlement, 'text'> {
  /** Whether the provider reported no usage, so that a tokenizer estimated it. */
  readonly isUsageEstimated: boolean;
  /** undefined: it has no price, since it generates nothing, or costs are not calculated. */
  readonly cost: Cost | undefined;
  readonly endedAtMs: number;
}

/**
 * Closes a request's admission with what it really used, then reports its end. Only the first call counts, since a stream may
 * learn of its end twice. If the provider did not say what the answer used, both wait for an estimate.
 */
export function settle(served: ServedRequest, { text, ...ending }: Settlement, report: Report): void {
  const { planned, gateway } = served;
  if (planned.isReported) return;
  planned.isReported = true;
  const endedAtMs = gateway.clock.nowMs();
  const close = (usage: Usage | undefined, isUsageEstimated: boolean): void => {
    planned.admission.settle({
      wasServed: served.execution.history.length > 0,
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
    });
    const { costs } = gateway;
    const cost = costOf(planned, served.execution, { usage, isEstimated: isUsageEstimated, costs });
    const tell = (known: Cost | undefined): void =>
      report(served, { ...ending, usage, isUsageEstimated, cost: known, endedAtMs });
    if (cost instanceof Promise) void cost.then(tell, () => tell(undefined));
    else tell(cost);
  };
  if (ending.usage !== undefined || text === undefined || text.chars === 0) return close(ending.usage, false);
  void estimateUsage(planned.plan.body, text, gateway.tokens).then(
    (estimate) => close(estimate, true),
    () => close(undefined, false),
  );
}

/** What the system takes at once of an answer has gone. */
const SMALL_BYTES = 256 * 1024;

/** How often it is looked whether a large answer has gone. */
export const LOOK_MS = 25;

/**
 * Calls `end` once the runtime has sent an answer that it was given whole. A client that leaves in the middle of a large answer has not
 * received it: then `end` is told so.
 */
export function settleWhenGone(served: ServedRequest, bytes: number, end: (ending?: Ending) => void): void {
  const { request } = served.planned;
  if (bytes <= SMALL_BYTES || request.isAnswered === undefined) return end();
  let isGone = false;
  const look = (): void => {
    if (request.signal.aborted) return end('client-left');
    if (isGone) return end();
    // That the client left is told a moment later than that the request is over: one more look tells.
    isGone = request.isAnswered?.() === true;
    served.gateway.clock.setTimer(LOOK_MS, look);
  };
  served.gateway.clock.setTimer(LOOK_MS, look);
}
