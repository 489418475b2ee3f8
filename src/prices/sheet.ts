import type { Meter } from './meters.ts';

/** The tier of a provider's service that a request was served in. */
export type Tier = 'batch' | 'flex' | 'priority' | 'fast';

/**
 * The price of one meter in nano-dollars (10⁻⁹ dollar) a block: the base, then what **every** token costs once the request's input is
 * longer than a number of tokens, in rising order.
 */
export type Price = readonly [
  base: number,
  ...above: readonly (readonly [inputTokens: number, nano: number])[],
];

export type MeterPrices = Readonly<Partial<Record<Meter, Price>>>;

/** Prices that hold from a day on, or at certain hours of each day, both in UTC. */
export interface PriceEntry {
  /** `2026-10-01`; undefined: always. */
  readonly from?: string | undefined;
  /** `['16:30', '00:30']`; may pass midnight. */
  readonly hours?: readonly [start: string, end: string] | undefined;
  readonly per: MeterPrices;
}

/** All that is known of the prices of one model at one provider. */
export interface PriceSheet {
  readonly provider: string;
  readonly model: string;
  readonly prices: readonly PriceEntry[];
  /** A tier replaces single meters; the others keep their price. */
  readonly tiers: Readonly<Partial<Record<Tier, readonly PriceEntry[]>>>;
  /** In parts per million, such as 75,000 for 7.5 %. */
  readonly discountPpm: number;
}

/** The prices that hold for one attempt. */
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

/** The prices of a sheet for a tier, at a time. */
export function pricesAt(sheet: PriceSheet, tier: Tier | undefined, at: UtcMinute): PricesInForce {
  const base = entryAt(sheet.prices, at);
  const special = tier === undefined ? undefined : entryAt(sheet.tiers[tier] ?? [], at);
  return {
    per: special === undefined ? (base?.per ?? {}) : { ...base?.per, ...special.per },
    tier: special === undefined ? undefined : tier,
    discountPpm: sheet.discountPpm,
  };
}

/** The entry with the latest start that has come; among those, one for this hour before one for all hours. */
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

/** The same prices as the same text, by which a stored price is known. */
export function canonicalSheet(sheet: Pick<PriceSheet, 'provider' | 'model'>, prices: PricesInForce): string {
  const per = Object.fromEntries(Object.entries(prices.per).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { provider, model } = sheet;
  return JSON.stringify({ provider, model, tier: prices.tier ?? null, discountPpm: prices.discountPpm, per });
}
