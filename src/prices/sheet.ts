import type { Meter } from './meters.ts';

/** The provider's service tier that served a request. */
export type Tier = 'batch' | 'flex' | 'priority' | 'fast';

/**
 * The price of one meter in nano-dollars (10⁻⁹ dollar) per block. The base price comes first. Pairs follow in rising
 * order: a number of input tokens, and the price of **every** token of a request with a longer input.
 */
export type Price = readonly [
  base: number,
  ...above: readonly (readonly [inputTokens: number, nano: number])[],
];

export type MeterPrices = Readonly<Partial<Record<Meter, Price>>>;

/** Prices that apply from a day on, or at certain hours of each day, both in UTC. */
export interface PriceEntry {
  /** `2026-10-01`; undefined: always. */
  readonly from?: string | undefined;
  /** `['16:30', '00:30']`. May cross midnight. */
  readonly hours?: readonly [start: string, end: string] | undefined;
  readonly per: MeterPrices;
}

/** All known prices of one model at one provider. */
export interface PriceSheet {
  readonly provider: string;
  readonly model: string;
  readonly prices: readonly PriceEntry[];
  /** A tier replaces single meters. The others keep their price. */
  readonly tiers: Readonly<Partial<Record<Tier, readonly PriceEntry[]>>>;
  /** In parts per million, such as 75,000 for 7.5 %. */
  readonly discountPpm: number;
}

/** The prices that apply to one attempt. */
export interface PricesInForce {
  readonly per: MeterPrices;
  readonly tier: Tier | undefined;
  readonly discountPpm: number;
}

/** A minute in UTC. */
export interface UtcMinute {
  /** `2026-11-29`. */
  readonly day: string;
  /** `16:30`. */
  readonly time: string;
}

/** The prices of a sheet that apply to a tier at a time. */
export function pricesAt(sheet: PriceSheet, tier: Tier | undefined, at: UtcMinute): PricesInForce {
  const base = entryAt(sheet.prices, at);
  const special = tier === undefined ? undefined : entryAt(sheet.tiers[tier] ?? [], at);
  return {
    per: special === undefined ? (base?.per ?? {}) : { ...base?.per, ...special.per },
    tier: special === undefined ? undefined : tier,
    discountPpm: sheet.discountPpm,
  };
}

/**
 * The entry with the latest start day that has passed. Among entries of that day, one with matching hours takes
 * precedence over one for all hours.
 */
function entryAt(entries: readonly PriceEntry[], { day, time }: UtcMinute): PriceEntry | undefined {
  const begun = entries.filter(({ from }) => from === undefined || from <= day);
  const latest = begun.reduce<string>(
    (last, { from }) => (from !== undefined && from > last ? from : last),
    '',
  );
  const current = begun.filter(({ from }) => (from ?? '') === latest);
  return (
    current.find(({ hours }) => hours !== undefined && isWithin(time, hours)) ??
    current.find(({ hours }) => hours === undefined)
  );
}

function isWithin(time: string, [start, end]: readonly [string, string]): boolean {
  return start <= end ? time >= start && time < end : time >= start || time < end;
}

/** A canonical text of the prices, by which a stored price is identified. Equal prices give equal texts. */
export function canonicalSheet(sheet: Pick<PriceSheet, 'provider' | 'model'>, prices: PricesInForce): string {
  const per = Object.fromEntries(Object.entries(prices.per).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { provider, model } = sheet;
  return JSON.stringify({ provider, model, tier: prices.tier ?? null, discountPpm: prices.discountPpm, per });
}
