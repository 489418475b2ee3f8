import type { Usage } from '../protocols/protocol.ts';
import { isPartial } from '../protocols/usage.ts';
import type { PlannedRequest } from './request-context.ts';
import type { RefusalCode } from './refusal-table.ts';
import { type AnswerText, estimateUsage } from '../usage/estimate-usage.ts';
import type { Cost } from './cost.ts';
import type { Ending } from './events.ts';
import type { Execution } from './execute.ts';
import type { Gateway } from './ports.ts';
import { expectedUsage, laterKind } from './later/later-kind.ts';
import { costOf } from './request-cost.ts';
import { NOT_SERVED } from '../limits/admission.ts';

/** Settles a request. Only the first call counts. */
export type Settle = (served: ServedRequest, settlement: Settlement) => void;

/** A request whose attempts are over and whose answer is being sent. */
export class ServedRequest {
  readonly planned: PlannedRequest;
  readonly execution: Execution;
  readonly gateway: Gateway;
  readonly firstByteAtMs: number;
  readonly #settle: Settle;

  constructor(planned: PlannedRequest, execution: Execution, gateway: Gateway, settle: Settle) {
    this.planned = planned;
    this.execution = execution;
    this.gateway = gateway;
    this.firstByteAtMs = gateway.clock.nowMs();
    this.#settle = settle;
  }

  /** Settles and reports the request. Only the first call counts. */
  settle(settlement: Settlement): void {
    this.#settle(this, settlement);
  }
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
 * Determines usage and cost of a request, and then reports its end. Only the first call counts, since a stream may
 * detect its end twice. If the provider reported no usage, the report waits for an estimate. The request holds nothing
 * afterwards, even if an error is thrown.
 */
export function settle(served: ServedRequest, settlement: Settlement, report: Report): void {
  const { planned, gateway } = served;
  if (planned.isReported) return;
  planned.isReported = true;
  const settling = new Settling(served, settlement, report);
  const usage = reportedUsage(planned, settlement);
  const isGoingOn = planned.laterId !== undefined && usage === undefined && settlement.ending !== 'failed';
  if (isGoingOn && laterKind(planned) === 'response') return closeExpected(served, settling);
  const missing = missingText(served, settlement, usage);
  if (missing === undefined) return settling.close(usage, false);
  void estimateUsage(planned.plan.body, missing, gateway.tokens).then(
    (estimate) => settling.close(completed(usage, estimate), true),
    () => settling.close(usage, false),
  );
}

/** Reading what was generated earlier uses nothing, although the answer reports the usage again. */
function reportedUsage({ request }: PlannedRequest, { usage }: Settlement): Usage | undefined {
  return request.method === 'POST' && !request.path.endsWith('/cancel') ? usage : undefined;
}

/** Charges a background response what it is expected to use. */
function closeExpected({ planned, gateway }: ServedRequest, settling: Settling): void {
  const usage = expectedUsage(planned, gateway);
  if (!(usage instanceof Promise)) return settling.close(usage, true);
  void usage.then(
    (known) => settling.close(known, true),
    () => settling.close(undefined, false),
  );
}

/** A request that has ended and is about to be reported. */
class Settling {
  readonly #served: ServedRequest;
  readonly #settlement: Settlement;
  readonly #report: Report;
  readonly #endedAtMs: number;

  constructor(served: ServedRequest, settlement: Settlement, report: Report) {
    this.#served = served;
    this.#settlement = settlement;
    this.#report = report;
    this.#endedAtMs = served.gateway.clock.nowMs();
  }

  close(usage: Usage | undefined, isUsageEstimated: boolean): void {
    const { planned, execution, gateway } = this.#served;
    try {
      const cost =
        this.#settlement.cost ??
        costOf(planned, execution, { usage, isEstimated: isUsageEstimated, costs: gateway.costs });
      if (cost instanceof Promise) this.#reportLater(cost, usage, isUsageEstimated);
      else this.#tell(cost, usage, isUsageEstimated);
    } catch (error) {
      planned.admission.settle(NOT_SERVED);
      throw error;
    }
  }

  #reportLater(cost: Promise<Cost>, usage: Usage | undefined, isUsageEstimated: boolean): void {
    void cost
      .then(
        (known) => this.#tell(known, usage, isUsageEstimated),
        () => this.#tell(undefined, usage, isUsageEstimated),
      )
      .finally(() => this.#served.planned.admission.settle(NOT_SERVED));
  }

  #tell(cost: Cost | undefined, usage: Usage | undefined, isUsageEstimated: boolean): void {
    const { ending, status, code } = this.#settlement;
    const endedAtMs = this.#endedAtMs;
    this.#report(this.#served, { ending, status, code, usage, isUsageEstimated, cost, endedAtMs });
  }
}

/** The text from which usage has to be estimated; undefined: the provider reported all of it, or nothing was generated. */
function missingText(
  { execution }: ServedRequest,
  { ending, text }: Settlement,
  usage: Usage | undefined,
): AnswerText | undefined {
  const hasText = text !== undefined && text.chars > 0;
  if (usage === undefined) {
    if (hasText) return text;
    // The provider had begun to answer, so it bills the input.
    const last = execution.history.at(-1);
    return ending === 'client-left' && last?.hasBegun === true ? NO_ANSWER : undefined;
  }
  if (hasText && isPartial(usage)) return text;
  const isCutOff = ending === 'client-left' || ending === 'truncated';
  return isCutOff && execution.answer?.kind === 'streamed' && hasText && isFromBeginning(usage)
    ? text
    : undefined;
}

const NO_ANSWER: AnswerText = { sample: '', chars: 0 };

/** Some streams report the input and a first few output tokens, or zeros, at the beginning, and the rest at the end. */
function isFromBeginning({ outputTokens = 0 }: Usage): boolean {
  return outputTokens <= FIRST_REPORT_TOKENS;
}

const FIRST_REPORT_TOKENS = 8;

/** The usage that a provider reported at the beginning of a stream, or a part of, with what it lacks as estimated. */
function completed(reported: Usage | undefined, estimate: Usage): Usage {
  if (reported === undefined) return estimate;
  const inputTokens = reported.inputTokens || estimate.inputTokens || 0;
  const { outputTokens: told = 0 } = reported;
  const outputTokens = isFromBeginning(reported) ? Math.max(told, estimate.outputTokens ?? 0) : told;
  return { ...reported, inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

/** The operating system accepts answers up to this size at once, so they count as sent. */
const SMALL_BYTES = 256 * 1024;

/** Polling interval for the end of a large answer, in milliseconds. */
export const LOOK_MS = 25;

/**
 * Settles a request once the runtime has sent its complete answer of `bytes`. If the client disconnects in the middle
 * of a large one, it has not received it, and the request ends as `client-left`.
 */
export function settleWhenGone(served: ServedRequest, bytes: number, settlement: Settlement): void {
  const isSmall = bytes <= SMALL_BYTES || served.planned.request.isAnswered === undefined;
  if (isSmall) served.settle(settlement);
  else lookUntilGone(served, settlement);
}

function lookUntilGone(served: ServedRequest, settlement: Settlement): void {
  const { request } = served.planned;
  let isGone = false;
  const look = (): void => {
    if (request.signal.aborted) return served.settle({ ...settlement, ending: 'client-left' });
    if (isGone) return served.settle(settlement);
    // The runtime reports a disconnect slightly after the end of the request, so poll once more.
    isGone = request.isAnswered?.() === true;
    served.gateway.clock.setTimer(LOOK_MS, look);
  };
  served.gateway.clock.setTimer(LOOK_MS, look);
}
