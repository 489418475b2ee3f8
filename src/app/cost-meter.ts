import type { Snapshot } from '../config/snapshot.ts';
import type { Clock } from '../gateway/ports.ts';
import type {
  BilledUse,
  Cost,
  CostEstimate,
  CostEstimator,
  CostMeter,
  ExpectedUse,
} from '../gateway/cost.ts';
import { costOf } from '../prices/cost.ts';
import { dearestCost } from '../prices/dearest.ts';
import { metersOf, type MeterCounts } from '../prices/meters.ts';
import { canonicalSheet, type PricesInForce, type Tier } from '../prices/sheet.ts';
import type { Usage } from '../protocols/protocol.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';
import { ownValue } from '../lib/own-value.ts';

/**
 * Calculates the cost of requests from the prices of the current configuration. The first request loads the catalogue;
 * requests that arrive during the load wait for it.
 */
export function createCostMeter(snapshot: () => Snapshot, clock: Clock): CostMeter {
  let opened: OpenedBook | undefined;
  const book = (): OpenedBook | Promise<OpenedBook> => {
    const version = snapshot();
    if (opened?.version === version) return opened;
    return openPriceBook(version).then((book) => {
      const estimator: CostEstimator = { estimate: (use) => estimate(use, book, clock.epochMs()) };
      opened = { version, book, estimator };
      return opened;
    });
  };
  return {
    costOf(use) {
      const found = book();
      if (found instanceof Promise) return found.then(({ book }) => calculate(use, book, clock.epochMs()));
      return calculate(use, found.book, clock.epochMs());
    },
    estimator() {
      const found = book();
      return found instanceof Promise ? found.then(({ estimator }) => estimator) : found.estimator;
    },
  };
}

interface OpenedBook {
  readonly version: Snapshot;
  readonly book: PriceBook;
  readonly estimator: CostEstimator;
}

/** The more expensive of the requested tier and the standard one, since the provider chooses. */
function estimate(use: ExpectedUse, book: PriceBook, epochMs: number): CostEstimate | undefined {
  const { provider, model, size, inputTokens, outputTokens } = use;
  const possible = {
    inputTokens,
    outputTokens,
    hasMedia: size.images > 0 || size.audioSeconds > 0 || (size.contextTokens ?? 0) > 0,
    hasMediaOutput: size.hasMediaOutput === true,
    audioSeconds: size.audioSeconds,
    characters: size.textBytes,
    answers: size.answers,
  };
  const known = book.prices({ provider, model, epochMs });
  const standard = known ?? (use.hasBudget ? book.unknownWithBudget : undefined);
  const base = standard && dearestCost(possible, standard);
  const tier = size.tier === undefined ? undefined : ownValue(TIERS, size.tier);
  if (tier === undefined || base === undefined) return base;
  const special = book.prices({ provider, model, tier, epochMs });
  const other = special && dearestCost(possible, special);
  return other === undefined || other.nano <= base.nano ? base : other;
}

/** Calculates what a use costs by the current configuration, at the prices that hold at a time. */
export function pricerAt(snapshot: () => Snapshot): (use: BilledUse, epochMs: number) => Promise<Cost> {
  let opened: { readonly version: Snapshot; readonly book: PriceBook } | undefined;
  return async (use, epochMs) => {
    const version = snapshot();
    if (opened?.version !== version) opened = { version, book: await openPriceBook(version) };
    return calculate(use, opened.book, epochMs);
  };
}

function calculate(use: BilledUse, book: PriceBook, epochMs: number): Cost {
  const cost = ourCost(use, book, epochMs);
  const { reportedNano } = use.usage;
  if (reportedNano === undefined || !book.recordsCost(use.provider)) return cost;
  return { ...cost, providerNano: reportedNano };
}

function ourCost(
  { provider, model, usage, isEstimated, hasBudget, requests = 1 }: BilledUse,
  book: PriceBook,
  epochMs: number,
): Cost {
  const basis = isEstimated ? 'estimated' : 'provider';
  const known = book.prices({ provider, model, tier: tierOf(usage), epochMs });
  const prices = known ?? (hasBudget === true ? book.unknownWithBudget : undefined);
  if (prices === undefined) return { nano: undefined, basis, priceRef: undefined, priceSheet: undefined };
  const nano = costOf(countsOf(usage, requests), prices, requests);
  if (nano === undefined) return { nano, basis, priceRef: undefined, priceSheet: undefined };
  const { ref, text } = sheetOf({ provider, model }, prices);
  return { nano, basis, priceRef: ref, priceSheet: text };
}

function countsOf(
  { inputTokens, outputTokens, cachedTokens, reasoningTokens, parts }: Usage,
  requests: number,
): MeterCounts {
  const input = inputTokens ?? 0;
  const totals = { input, cached: cachedTokens, output: outputTokens ?? 0, reasoning: reasoningTokens };
  return metersOf(parts === undefined ? totals : { ...parts, ...totals }, requests);
}

const TIERS: Readonly<Record<string, Tier>> = {
  batch: 'batch',
  flex: 'flex',
  priority: 'priority',
  fast: 'fast',
};

function tierOf({ parts }: Usage): Tier | undefined {
  return parts?.serviceTier === undefined ? undefined : ownValue(TIERS, parts.serviceTier);
}

interface SheetRef {
  readonly ref: string;
  readonly text: string;
}

/** The hash of each price sheet in use, computed once. A price book returns the same object for a minute. */
const sheets = new WeakMap<PricesInForce, SheetRef>();

function sheetOf(
  names: { readonly provider: string; readonly model: string },
  prices: PricesInForce,
): SheetRef {
  let sheet = sheets.get(prices);
  if (sheet === undefined) {
    const text = canonicalSheet(names, prices);
    sheet = { ref: new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, 16), text };
    sheets.set(prices, sheet);
  }
  return sheet;
}
