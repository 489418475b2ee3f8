import { type Actual, type Admission, NOT_SERVED } from '../../limits/admission.ts';
import type { Claim, LimitKind } from '../../limits/claim.ts';
import type { Hold, Moment } from '../../limits/claim-taking.ts';
import type { CounterAmount } from '../../limits/counter-amount.ts';
import type { ListNeighbour } from '../../lib/neighbour-list.ts';
import type { Attribution } from '../attribution.ts';
import type { HoldsSettled, LimitName } from '../events.ts';
import type { Gateway } from '../ports.ts';
import type { Demand, JournaledRequest } from './ports.ts';
import { canGrow, leastOutput, usualBits } from './held-output.ts';
import { partOfCost, type RequestNeeds } from './request-need.ts';
import {
  isBudget,
  isKept,
  type ReservationTerms,
  type ReservingGateway,
  termsOf,
} from './reservation-terms.ts';

/** The context of a reservation. */
export interface ReservationContext {
  readonly demand: Demand;
  readonly needs: RequestNeeds;
  readonly gateway: ReservingGateway;
  readonly refundsFailed: boolean;
  /** When the holds were taken. */
  readonly at: Moment;
}

/**
 * The holds of one request on its limits, until it is settled. It keeps no more of the request than it needs until then,
 * since thousands of streams may be open: 18 fields, which a collector's cell of 160 bytes has room for, and a list of
 * amounts. `bench/parts/open-holds.ts` measures it.
 */
export class Reservation implements Admission, JournaledRequest {
  headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly attribution: Attribution;
  atMs: number;
  before: ListNeighbour | undefined = undefined;
  after: ListNeighbour | undefined = undefined;
  readonly #terms: ReservationTerms;
  /** The held amount for each record of the terms. */
  readonly #amounts: number[];
  /** `SIZED`, `SETTLED`, and a bit for each limit that holds a usual output. */
  #flags: number;
  readonly #textBytes: number;
  readonly #mostOutput: number;
  /** The expected output, its cost, and the usual output, of `RequestNeeds`. */
  readonly #output: number;
  readonly #outputCost: number;
  readonly #usualOutput: number;
  /** The expected cost. */
  readonly #cost: number;
  /** Bytes of the streamed answer. */
  #answerBytes = 0;
  /** The output tokens that the holds are for, at least. */
  #heldOutput: number;
  /** Beyond this many bytes the holds grow. */
  #growAtBytes: number;

  constructor(
    context: ReservationContext,
    holds: readonly Hold[],
    headers: Readonly<Record<string, string>>,
  ) {
    const { demand, needs, gateway, at } = context;
    const { expected, usual } = needs;
    this.#terms = termsOf(demand, holds, context);
    this.#amounts = holds.map(({ amount }) => amount);
    this.headers = headers;
    this.requestId = demand.requestId;
    this.attribution = demand.attribution;
    this.atMs = at.epochMs;
    // To learn from, the size of the text has to be known.
    const isSized = needs.textBytes > 0 || demand.sessionTokens !== undefined;
    this.#flags = usualBits(holds, needs) | (isSized ? SIZED : 0);
    this.#textBytes = needs.textBytes;
    this.#mostOutput = needs.mostOutput;
    this.#output = expected.output;
    this.#outputCost = expected.outputCost;
    this.#usualOutput = usual.output;
    this.#cost = expected.cost;
    this.#heldOutput = leastOutput(holds, needs);
    this.#growAtBytes = this.#heldOutput === Infinity ? Infinity : this.#growthPoint();
    if (!this.#terms.isJournaled) return;
    try {
      gateway.journal?.open(this);
    } catch (error) {
      this.settle(NOT_SERVED);
      throw error;
    }
  }

  get hasBudget(): boolean {
    return this.#terms.hasBudget;
  }

  get keyName(): string | undefined {
    return this.#terms.key?.name;
  }

  get model(): string {
    return this.#terms.model.name;
  }

  holds(): readonly CounterAmount[] {
    const amounts: CounterAmount[] = [];
    this.#terms.records.forEach(({ claim, windowMs, windowKey: key }, index) => {
      const amount = this.#amounts[index] ?? 0;
      if (isKept(claim)) amounts.push({ counter: claim.counter, windowMs, key, amount });
    });
    return amounts;
  }

  heldNano(): number | undefined {
    const { records, countsMoney } = this.#terms;
    if (!countsMoney) return undefined;
    let most: number | undefined;
    for (let index = 0; index < records.length; index++) {
      const claim = records[index]?.claim;
      if (claim?.kind === 'cost' && isKept(claim)) most = Math.max(most ?? 0, this.#amounts[index] ?? 0);
    }
    return most ?? this.#cost;
  }

  grow(outputBytes: number): void {
    // The head of the answer has been sent.
    if (this.#answerBytes === 0) this.headers = NO_HEADERS;
    this.#answerBytes += outputBytes;
    if (this.#answerBytes > this.#growAtBytes && (this.#flags & SETTLED) === 0) this.#growHolds();
  }

  settle(actual: Actual): readonly CounterAmount[] | undefined {
    if ((this.#flags & SETTLED) !== 0) return undefined;
    this.#flags |= SETTLED;
    const { gateway, records, isJournaled } = this.#terms;
    const settled: Settled = {
      actual,
      at: momentOf(gateway.clock),
      uses: [],
      overspent: [],
      ratio: undefined,
    };
    for (let index = 0; index < records.length; index++) this.#settleHold(index, settled);
    if (this.before !== undefined) gateway.journal?.settle(this);
    if (actual.wasServed) {
      const { ratio: usedOfHeld, overspent } = settled;
      gateway.emit({ type: 'holds-settled', requestId: this.requestId, usedOfHeld, overspent });
      this.#learn(actual);
    }
    return isJournaled ? settled.uses : undefined;
  }

  #settleHold(index: number, settled: Settled): void {
    const { gateway, records } = this.#terms;
    const { actual, at, uses, overspent } = settled;
    const record = records[index];
    if (record === undefined) return;
    const { claim, windowMs, windowKey: key } = record;
    const { counter, kind } = claim;
    const amount = this.#amounts[index] ?? 0;
    const used = actual.wasServed ? this.#usedOf(claim, actual) : 0;
    const over = gateway.counters.settle({ record, amount }, used, at);
    if (over > 0 && isBudget(claim)) overspent.push({ ...nameOf(claim), nano: over });
    if (used <= 0) return;
    // An answer from the cache, or a failure, says nothing about the estimate.
    const isTold = kind === 'cost' || (kind === 'tokens' && settled.ratio === undefined);
    if (isTold && amount > 0) settled.ratio = used / amount;
    if (isKept(claim)) uses.push({ counter, windowMs, key, amount: used });
  }

  #usedOf(claim: Claim, actual: Actual): number {
    if (claim.kind === 'requests') return actual.isFailed === true && this.#terms.refundsFailed ? 0 : 1;
    return usedOf(claim.kind, actual, claim.countsCached ? 0 : (actual.cachedTokens ?? 0));
  }

  /** Bytes of the answer at which the holds grow. An answer of the most tokens that the request allows does not need it. */
  #growthPoint(): number {
    const isMost = this.#heldOutput === this.#mostOutput;
    const { gateway, model } = this.#terms;
    return this.#heldOutput * (isMost ? 1 : USED_PART) * gateway.estimates.bytesPerToken(model.name);
  }

  /**
   * Raises the held output without an admission check, because it is already being spent. An answer that has got far is
   * probably a long one, so this happens before all of the hold is used.
   */
  #growHolds(): void {
    const { gateway, records, isJournaled } = this.#terms;
    const at = momentOf(gateway.clock);
    const before = this.#heldOutput;
    this.#heldOutput = Math.max(before * 1.01, Math.min(before * GROWTH, this.#mostOutput));
    this.#growAtBytes = Math.max(this.#growAtBytes, this.#growthPoint());
    records.forEach((record, index) => {
      const more = canGrow(record.claim) ? this.#morePart(index, record.claim.kind, before) : 0;
      if (more <= 0) return;
      gateway.counters.grow(record, more, at);
      this.#amounts[index] = (this.#amounts[index] ?? 0) + more;
    });
    gateway.emit({ type: 'hold-grown', requestId: this.requestId });
    if (isJournaled) gateway.journal?.grow(this);
  }

  /** How much more a limit holds since the held output has grown from `before` tokens. */
  #morePart(index: number, kind: LimitKind, before: number): number {
    const isUsual = (this.#flags & (1 << index)) !== 0;
    const output = isUsual ? this.#usualOutput : this.#output;
    const more = this.#heldOutput - Math.max(before, output);
    if (more <= 0) return 0;
    if (kind !== 'cost') return Math.ceil(more);
    const cost = isUsual ? partOfCost(this.#outputCost, output, this.#output) : this.#outputCost;
    return Math.ceil((cost * more) / output);
  }

  #learn({ isEstimated, inputTokens, outputTokens }: Actual): void {
    if (isEstimated === true || inputTokens === undefined || (this.#flags & SIZED) === 0) return;
    const { gateway, key, model } = this.#terms;
    gateway.estimates.note({
      keyId: key?.id,
      model: model.name,
      textBytes: this.#textBytes,
      inputTokens,
      outputTokens: outputTokens ?? 0,
      answerBytes: this.#answerBytes,
    });
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

/** Bits of `#flags`. Those of the limits are below: a request has at most 24. */
const SIZED = 1 << 24;
const SETTLED = 1 << 25;

/** The results of settling the holds, one after the other. */
interface Settled {
  readonly actual: Actual;
  readonly at: Moment;
  readonly uses: CounterAmount[];
  readonly overspent: HoldsSettled['overspent'][number][];
  /** The use of the last budget, else of the first limit on tokens, as a part of what was held. */
  ratio: number | undefined;
}

/** The metric labels of a limit. */
export function nameOf({ scope, name, limitId }: Claim): LimitName {
  return { scope, name, limitId };
}

/** The holds grow by this factor once this part of the output is used. */
const GROWTH = 1.5;
const USED_PART = 2 / 3;

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
