import type { Snapshot } from '../config/snapshot.ts';
import type { Clock } from '../gateway/ports.ts';
import type { BilledUse, Cost, CostMeter } from '../gateway/cost.ts';
import { costOf } from '../prices/cost.ts';
import { metersOf, type MeterCounts } from '../prices/meters.ts';
import { canonicalSheet, type PricesInForce, type Tier } from '../prices/sheet.ts';
import type { Usage } from '../protocols/protocol.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';

/**
 * Calculates the cost of requests from the prices of the current configuration. The first request loads the catalogue;
 * requests that arrive during the load wait for it.
 */
export function createCostMeter(snapshot: () => Snapshot, clock: Clock): CostMeter {
  let opened: { readonly version: Snapshot; readonly book: PriceBook } | undefined;
  return {
    costOf(use) {
      const current = snapshot();
      if (opened?.version === current) return calculate(use, opened.book, clock.epochMs());
      return openPriceBook(current).then((book) => {
        opened = { version: current, book };
        return calculate(use, book, clock.epochMs());
      });
    },
  };
}

function calculate(
  { provider, model, usage, isEstimated }: BilledUse,
  book: PriceBook,
  epochMs: number,
): Cost {
  const basis = isEstimated ? 'estimated' : 'provider';
  const prices = book.prices({ provider, model, tier: tierOf(usage), epochMs });
  if (prices === undefined) return { nano: undefined, basis, priceRef: undefined, priceSheet: undefined };
  const nano = costOf(countsOf(usage), prices);
  if (nano === undefined) return { nano, basis, priceRef: undefined, priceSheet: undefined };
  const { ref, text } = sheetOf({ provider, model }, prices);
  return { nano, basis, priceRef: ref, priceSheet: text };
}

function countsOf({ inputTokens, outputTokens, cachedTokens, reasoningTokens, parts }: Usage): MeterCounts {
  const input = inputTokens ?? 0;
  return {
    ...metersOf({
      ...parts,
      input,
      cached: cachedTokens,
      output: outputTokens ?? 0,
      reasoning: reasoningTokens,
    }),
    request: 1,
  };
}

const TIERS: Readonly<Record<string, Tier>> = {
  batch: 'batch',
  flex: 'flex',
  priority: 'priority',
  fast: 'fast',
};

function tierOf({ parts }: Usage): Tier | undefined {
  return parts?.serviceTier === undefined ? undefined : TIERS[parts.serviceTier];
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
