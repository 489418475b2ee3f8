import { METER_NAMES } from '../../prices/meters.ts';
import type { PriceOverride } from '../../prices/overrides.ts';
import type { MeterPrices, Price, PriceEntry, Tier } from '../../prices/sheet.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { Finding, Path } from './problems.ts';

/** The prices in the configuration: amounts in whole nano-dollars a block, discounts in parts per million. */
export interface PriceSettings {
  readonly catalogue: 'builtin' | 'off';
  /** The first that fits counts. */
  readonly overrides: readonly PriceOverride[];
  /** Applies under a budget to models without a known price; undefined: such requests are refused. */
  readonly unknownWithBudget: MeterPrices | undefined;
}

type PricesFile = NonNullable<ConfigFile['prices']>;
type OverrideFile = NonNullable<PricesFile['models']>[string];
type MetersFile = Pick<OverrideFile, (typeof METER_NAMES)[number]>;

export function normalisePrices(file: ConfigFile, report: (finding: Finding) => void): PriceSettings {
  const { catalogue, models, unknown_with_budget: unknown } = file.prices ?? {};
  return {
    unknownWithBudget: typeof unknown === 'object' && unknown !== null ? unknownPrices(unknown) : undefined,
    catalogue: catalogue ?? 'builtin',
    overrides: Object.entries(models ?? {}).map(([pattern, override]) =>
      overrideOf(pattern, override, report),
    ),
  };
}

function unknownPrices({ input, output }: Pick<MetersFile, 'input' | 'output'>): MeterPrices {
  return { input: [nanoOf(input ?? 0)], output: [nanoOf(output ?? 0)] };
}

function overrideOf(
  pattern: string,
  override: OverrideFile,
  report: (finding: Finding) => void,
): PriceOverride {
  const path: Path = ['prices', 'models', pattern];
  if (!pattern.includes('/'))
    report({ path, part: 'key', message: 'must be provider/model, such as "openai/gpt-5.5"' });
  if (override.same_as && !override.same_as.includes('/'))
    report({ path: [...path, 'same_as'], message: 'must be provider/model, such as "openai/gpt-5.5"' });
  const entry = entryOf(override);
  const hasPrices = Object.keys(entry.per).length > 0;
  const sources = [override.free === true, typeof override.same_as === 'string', hasPrices];
  if (sources.filter(Boolean).length > 1)
    report({ path, part: 'key', message: 'says free, same_as and prices; keep one of them' });
  return {
    pattern,
    free: override.free ?? false,
    sameAs: override.same_as ?? undefined,
    discountPpm: ppmOf(override.discount_percent ?? 0),
    entry: hasPrices ? entry : undefined,
    tiers: tiersOf(override, path, report),
  };
}

function entryOf(override: OverrideFile): PriceEntry {
  return { from: override.from ?? undefined, per: pricesOf(override, override.above ?? []) };
}

const TIERS: readonly string[] = ['batch', 'flex', 'priority', 'fast'] satisfies Tier[];

function tiersOf(
  { tiers, from }: OverrideFile,
  path: Path,
  report: (finding: Finding) => void,
): Partial<Record<Tier, PriceEntry>> {
  const made: Partial<Record<Tier, PriceEntry>> = {};
  for (const [tier, prices] of Object.entries(tiers ?? {})) {
    if (!TIERS.includes(tier))
      report({
        path: [...path, 'tiers', tier],
        part: 'key',
        message: `is no tier; write one of ${TIERS.join(', ')}`,
      });
    made[tier as Tier] = { from: from ?? undefined, per: pricesOf(prices, []) };
  }
  return made;
}

function pricesOf(prices: MetersFile, above: NonNullable<OverrideFile['above']>): MeterPrices {
  const steps = above.toSorted((a, b) => (a.input_tokens ?? 0) - (b.input_tokens ?? 0));
  const made: Partial<Record<(typeof METER_NAMES)[number], Price>> = {};
  for (const meter of METER_NAMES) {
    const base = prices[meter];
    if (base === undefined || base === null) continue;
    const longer = steps.flatMap(({ input_tokens: tokens, [meter]: price }) =>
      price === undefined || price === null ? [] : [[tokens ?? 0, nanoOf(price)] as const],
    );
    made[meter] = [nanoOf(base), ...longer];
  }
  return made;
}

const NANO_DIGITS = 9;

/** Dollars as whole nano-dollars, without a detour over fractions of a double. */
export function nanoOf(amount: number | string): number {
  const text = typeof amount === 'number' ? decimalText(amount) : amount;
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = fraction.padEnd(NANO_DIGITS + 1, '0');
  const nano = BigInt(whole) * 10n ** BigInt(NANO_DIGITS) + BigInt(digits.slice(0, NANO_DIGITS));
  return Number(nano + (digits.charAt(NANO_DIGITS) >= '5' ? 1n : 0n));
}

/** A number as decimal text: small ones are written with an exponent otherwise. */
function decimalText(amount: number): string {
  return Number.isInteger(amount) ? String(amount) : amount.toFixed(NANO_DIGITS + 3);
}

/** Percent as parts per million. */
export function ppmOf(percent: number): number {
  return Math.round(percent * 10_000);
}
