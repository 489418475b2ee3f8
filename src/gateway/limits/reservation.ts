import { type Actual, type Admission, NOT_SERVED } from '../../limits/admission.ts';
import type { Claim, LimitKind } from '../../limits/claim.ts';
import type { Hold, Moment } from '../../limits/claim-taking.ts';
import type { CounterAmount } from '../../limits/counter-amount.ts';
import type { HoldsSettled, LimitName } from '../events.ts';
import type { Gateway } from '../ports.ts';
import type { Demand } from './ports.ts';
import { needFor, type RequestNeeds } from './request-need.ts';

/** The context of a reservation. */
export interface ReservationContext {
  readonly demand: Demand;
  readonly needs: RequestNeeds;
  readonly gateway: Pick<Gateway, 'counters' | 'estimates' | 'journal' | 'clock' | 'emit'>;
  readonly refundsFailed: boolean;
  /** When the holds were taken. */
  readonly at: Moment;
}

/**
 * The holds of one request on its limits, until it is settled. It keeps no more of the request than it needs until then,
 * since a thousand streams may be open.
 */
export class Reservation implements Admission {
  headers: Readonly<Record<string, string>>;
  readonly hasBudget: boolean;
  readonly #gateway: ReservationContext['gateway'];
  readonly #requestId: string;
  readonly #keyId: string | undefined;
  readonly #model: string;
  readonly #needs: RequestNeeds;
  /** Whether the size of its text is known, to learn from. */
  readonly #isSized: boolean;
  readonly #refundsFailed: boolean;
  #holds: readonly Hold[];
  #isSettled = false;
  /** Bytes of the streamed answer. */
  #answerBytes = 0;
  /** Beyond this many bytes the holds grow. */
  #growAtBytes: number;
  /** The output tokens that the holds are for, at least. */
  #heldOutput: number;

  constructor(
    context: ReservationContext,
    holds: readonly Hold[],
    headers: Readonly<Record<string, string>>,
  ) {
    const { demand, needs, gateway, refundsFailed } = context;
    this.#gateway = gateway;
    this.#requestId = demand.requestId;
    this.#keyId = demand.key?.id;
    this.#model = demand.model.name;
    this.#needs = needs;
    this.#isSized = needs.textBytes > 0 || demand.sessionTokens !== undefined;
    this.#refundsFailed = refundsFailed;
    this.#holds = holds;
    this.headers = headers;
    this.hasBudget = demand.claims.some(isBudget);
    this.#heldOutput = leastOutput(holds, needs);
    this.#growAtBytes = this.#heldOutput === Infinity ? Infinity : this.#growthPoint();
    try {
      this.#open(context);
    } catch (error) {
      this.settle(NOT_SERVED);
      throw error;
    }
  }

  grow(outputBytes: number): void {
    // The head of the answer has been sent.
    if (this.#answerBytes === 0) this.headers = NO_HEADERS;
    this.#answerBytes += outputBytes;
    if (this.#answerBytes > this.#growAtBytes && !this.#isSettled) this.#growHolds();
  }

  settle(actual: Actual): readonly CounterAmount[] | undefined {
    if (this.#isSettled) return undefined;
    this.#isSettled = true;
    const gateway = this.#gateway;
    const at = momentOf(gateway.clock);
    const uses: CounterAmount[] = [];
    const overspent: Overspent[] = [];
    let isJournaled = false;
    let ratio: number | undefined;
    for (const hold of this.#holds) {
      const { claim, windowMs, amount } = hold;
      const used = actual.wasServed ? this.#usedOf(claim, actual) : 0;
      const over = gateway.counters.settle(hold, used, at);
      if (over > 0 && claim.kind === 'cost' && !claim.isSoft)
        overspent.push({ ...nameOf(claim), nano: over });
      // An answer from the cache, or a failure, says nothing about the estimate.
      if (
        amount > 0 &&
        used > 0 &&
        (claim.kind === 'cost' || (claim.kind === 'tokens' && ratio === undefined))
      )
        ratio = used / amount;
      if (!isKept(claim)) continue;
      isJournaled = true;
      if (used > 0) uses.push({ counter: claim.counter, windowMs, key: hold.windowKey, amount: used });
    }
    if (actual.wasServed) {
      gateway.emit({ type: 'holds-settled', requestId: this.#requestId, usedOfHeld: ratio, overspent });
      this.#learn(actual);
    }
    return isJournaled ? uses : undefined;
  }

  #usedOf(claim: Claim, actual: Actual): number {
    if (claim.kind === 'requests') return actual.isFailed === true && this.#refundsFailed ? 0 : 1;
    return usedOf(claim.kind, actual, claim.countsCached ? 0 : (actual.cachedTokens ?? 0));
  }

  /** Bytes of the answer at which the holds grow. An answer of the most tokens that the request allows does not need it. */
  #growthPoint(): number {
    const isMost = this.#heldOutput === this.#needs.mostOutput;
    const { estimates } = this.#gateway;
    return this.#heldOutput * (isMost ? 1 : USED_PART) * estimates.bytesPerToken(this.#model);
  }

  /**
   * Raises the held output without an admission check, because it is already being spent. An answer that has got far is
   * probably a long one, so this happens before all of the hold is used.
   */
  #growHolds(): void {
    const [gateway, needs, requestId] = [this.#gateway, this.#needs, this.#requestId];
    const at = momentOf(gateway.clock);
    const before = this.#heldOutput;
    this.#heldOutput = Math.max(before * 1.01, Math.min(before * GROWTH, needs.mostOutput));
    this.#growAtBytes = Math.max(this.#growAtBytes, this.#growthPoint());
    this.#holds = this.#holds.map((hold) => {
      const more = canGrow(hold) ? morePart(hold.claim, needs, [before, this.#heldOutput]) : 0;
      return more > 0 ? gateway.counters.grow(hold, more, at) : hold;
    });
    gateway.emit({ type: 'hold-grown', requestId });
    const kept = amountsOf(this.#holds);
    if (kept.length > 0) gateway.journal?.grow(requestId, kept);
  }

  #open({ demand, needs, gateway, at }: ReservationContext): void {
    const { journal } = gateway;
    if (journal === undefined) return;
    const holds = amountsOf(this.#holds);
    if (holds.length === 0) return;
    const { key, model, attribution, requestId, claims } = demand;
    const { input, output, cost } = needs.expected;
    journal.open({
      requestId,
      atMs: at.epochMs,
      keyName: key?.name,
      model: model.name,
      attribution,
      holds,
      estimate: {
        inputTokens: input,
        outputTokens: output,
        costNano: claims.some(({ kind }) => kind === 'cost') ? cost : undefined,
      },
    });
  }

  #learn({ isEstimated, inputTokens, outputTokens }: Actual): void {
    if (isEstimated === true || inputTokens === undefined || !this.#isSized) return;
    this.#gateway.estimates.note({
      keyId: this.#keyId,
      model: this.#model,
      textBytes: this.#needs.textBytes,
      inputTokens,
      outputTokens: outputTokens ?? 0,
      answerBytes: this.#answerBytes,
    });
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

type Overspent = HoldsSettled['overspent'][number];

/** The metric labels of a limit. */
export function nameOf({ scope, name, limitId }: Claim): LimitName {
  return { scope, name, limitId };
}

/** Whether a limit counts money and is hard. */
export function isBudget({ kind, isSoft }: Claim): boolean {
  return kind === 'cost' && !isSoft;
}

/** Whether a limit outlives the process, so that its holds are in the journal. */
function isKept({ period }: Claim): boolean {
  return (
    period !== undefined && period.unit !== 'second' && period.unit !== 'minute' && period.unit !== 'hour'
  );
}

function amountsOf(holds: readonly Hold[]): CounterAmount[] {
  const amounts: CounterAmount[] = [];
  for (const { claim, windowMs, windowKey: key, amount } of holds)
    if (isKept(claim)) amounts.push({ counter: claim.counter, windowMs, key, amount, kind: claim.kind });
  return amounts;
}

/** Whether a longer answer needs more of the limit than is held. */
function canGrow({ claim: { kind, hold } }: Hold): boolean {
  return hold === 'expected' && (kind === 'cost' || kind === 'tokens' || kind === 'output_tokens');
}

/** The holds grow by this factor once this part of the output is used. */
const GROWTH = 1.5;
const USED_PART = 2 / 3;

/** The least output tokens that a hold is for which can grow; Infinity: none can. */
function leastOutput(holds: readonly Hold[], needs: RequestNeeds): number {
  let least = Infinity;
  for (const hold of holds) {
    const output = canGrow(hold) ? needFor(hold.claim, needs).output : 0;
    if (output > 0 && output < least) least = output;
  }
  return least;
}

/** How much more a limit holds for an output that grows from one number of tokens to another. */
function morePart(claim: Claim, needs: RequestNeeds, [before, after]: readonly [number, number]): number {
  const { output, outputCost } = needFor(claim, needs);
  const more = after - Math.max(before, output);
  return more <= 0 ? 0 : Math.ceil(claim.kind === 'cost' ? (outputCost * more) / output : more);
}

/** The use without the input tokens that do not count. */
function usedOf(
  kind: Exclude<LimitKind, 'requests'>,
  { costNano, inputTokens = 0, outputTokens = 0 }: Actual,
  uncountedTokens: number,
): number {
  const counted = uncountedTokens === 0 ? inputTokens : Math.max(0, inputTokens - uncountedTokens);
  switch (kind) {
    case 'cost':
      return costNano ?? 0;
    case 'tokens':
      return counted + outputTokens;
    case 'input_tokens':
      return counted;
    case 'output_tokens':
      return outputTokens;
    case 'concurrent':
      return 0;
  }
}

/** Now, on both clocks. */
export function momentOf(clock: Gateway['clock']): Moment {
  return { nowMs: clock.nowMs(), epochMs: clock.epochMs() };
}
