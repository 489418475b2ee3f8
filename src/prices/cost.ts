import { inputIn, type Meter, type MeterCounts, METERS, METER_NAMES } from './meters.ts';
import type { MeterPrices, Price, PricesInForce } from './sheet.ts';

/** The least common multiple of all blocks. Sums in units of its reciprocal need no fractions. */
const PARTS = 9_000_000;

const PPM = 1_000_000;

/** Doubles represent every whole number up to this one. */
const EXACT = 2 ** 53;

/**
 * The cost in whole nano-dollars, rounded once, half up; undefined if a meter with an unknown price was used. Never an
 * estimate, and never 0 for an unknown price. The counts may be the sum of several requests, whose mean input then
 * decides which price applies.
 */
export function costOf(counts: MeterCounts, prices: PricesInForce, requests = 1): number | undefined {
  const input = inputIn(counts) / requests;
  // In doubles the sum is exact in the usual case: prices per million, no discount, below nine dollars.
  let sum = PPM / 2;
  let isExact = prices.discountPpm === 0;
  for (const meter of METER_NAMES) {
    const used = counts[meter] ?? 0;
    if (used === 0) continue;
    const price = priceOf(meter, prices.per, input);
    if (price === undefined) return undefined;
    // Most models have no price for a request, whose block would need an exact sum.
    if (price === 0) continue;
    sum += used * price;
    isExact &&= METERS[meter].block === PPM && sum < EXACT;
  }
  return isExact ? Math.floor(sum / PPM) : exactCost(counts, prices, input);
}

/** Computes the cost in whole numbers of any size, up to the largest exact one. Every meter that was used has a price. */
export function exactCost(
  counts: MeterCounts,
  { per, discountPpm }: PricesInForce,
  input = inputIn(counts),
): number {
  let sum = 0n;
  for (const meter of METER_NAMES) {
    const used = counts[meter] ?? 0;
    const price = used === 0 ? 0 : (priceOf(meter, per, input) ?? 0);
    sum += BigInt(used) * BigInt(price) * BigInt(PARTS / METERS[meter].block);
  }
  const whole = BigInt(PARTS) * BigInt(PPM);
  const nano = Number((sum * BigInt(PPM - discountPpm) + whole / 2n) / whole);
  return Math.min(Number.MAX_SAFE_INTEGER, nano);
}

/** The price per block of a meter for a request with this much input. Follows the meter's fallbacks. undefined: unknown. */
export function priceOf(meter: Meter, per: MeterPrices, input: number): number | undefined {
  const price = per[meter];
  if (price !== undefined) return priceAt(price, input);
  const { fallback } = METERS[meter];
  if (fallback === 'free') return 0;
  return fallback === 'needed' ? undefined : priceOf(fallback, per, input);
}

function priceAt(price: Price, input: number): number {
  if (price.length === 1) return price[0];
  const [base, ...steps] = price;
  return steps.findLast(([above]) => input > above)?.[1] ?? base;
}

/** Nano-dollars in a dollar. */
const NANO = 1e9;

/** Formats nano-dollars as dollars with nine decimals, such as `0.001234500`. */
export function dollarsOf(nano: number | bigint): string {
  // The usual amounts need no padding, which costs more than the rest.
  if (typeof nano === 'number' && nano >= 0 && nano < 1000 * NANO && Number.isInteger(nano)) {
    const dollars = Math.floor(nano / NANO);
    // The leading one keeps the zeros after it.
    return `${dollars}.${String(NANO + nano - dollars * NANO).slice(1)}`;
  }
  const digits = (nano < 0 ? String(nano).slice(1) : String(nano)).padStart(10, '0');
  return `${nano < 0 ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
