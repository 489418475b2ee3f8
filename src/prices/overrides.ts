import type { Catalogue, WantedProvider } from './catalogue.ts';
import type { PriceEntry, PriceSheet, Tier } from './sheet.ts';

/** A configured price, which replaces the catalogue's. */
export interface PriceOverride {
  /** `provider/model`, with `*` for any text. The provider is its configured name or its `price_provider`. */
  readonly pattern: string;
  readonly free: boolean;
  /** `provider/model` of the catalogue entry whose prices apply. */
  readonly sameAs: string | undefined;
  readonly discountPpm: number;
  /** undefined: the override states no prices of its own. */
  readonly entry: PriceEntry | undefined;
  readonly tiers: Readonly<Partial<Record<Tier, PriceEntry>>>;
}

/** An override with its pattern compiled to a test. */
export interface FittingOverride extends PriceOverride {
  readonly fits: (name: string) => boolean;
}

/** The pricing settings of a provider. */
export interface ProviderPricing {
  /** The configured name. */
  readonly name: string;
  /** The catalogue's provider; undefined: the one whose address matches, else the one with the same name. */
  readonly priceProvider: string | undefined;
  readonly apiBase: string;
  readonly discountPpm: number;
  readonly free: boolean;
  /** Whether the costs that the provider itself reports are recorded. */
  readonly recordsCost: boolean;
}

/** A sheet with a price of zero for everything. */
function freeSheet(provider: string, model: string): PriceSheet {
  const per = Object.fromEntries(FREE_METERS.map((meter) => [meter, [0]]));
  return { provider, model, prices: [{ per }], tiers: {}, discountPpm: 0 };
}

/** The meters without a fallback meter. */
const FREE_METERS = ['input', 'output', 'second', 'character', 'image', 'page'] as const;

/**
 * The prices of a provider's model: those of the first matching override, else the catalogue's; undefined: unknown. The
 * discounts of provider and override multiply.
 */
export function sheetFor(
  provider: ProviderPricing,
  model: string,
  {
    overrides,
    catalogue,
  }: { readonly overrides: readonly FittingOverride[]; readonly catalogue: Catalogue | undefined },
): PriceSheet | undefined {
  const names = [provider.name, provider.priceProvider].filter((name) => name !== undefined);
  const override = overrides.find(({ fits }) => names.some((name) => fits(`${name}/${model}`)));
  if (override?.free ?? provider.free) return freeSheet(provider.name, model);
  const listed =
    override?.sameAs === undefined
      ? found(listedAs(provider), model, catalogue)
      : found([listedAt(override.sameAs)], modelAt(override.sameAs), catalogue);
  const base = withOverride(listed, override, { provider: provider.name, model });
  if (base === undefined) return undefined;
  return { ...base, discountPpm: joined(provider.discountPpm, override?.discountPpm ?? 0) };
}

/** The providers of the catalogue in which the prices of a provider and of overrides are looked up. */
export function listedBy(
  providers: Iterable<ProviderPricing>,
  overrides: readonly PriceOverride[],
): WantedProvider[] {
  const others = overrides.flatMap(({ sameAs }) => (sameAs === undefined ? [] : [listedAt(sameAs)]));
  return [...Iterator.from(providers).flatMap(listedAs), ...others];
}

function listedAs({ name, priceProvider, apiBase }: ProviderPricing): WantedProvider[] {
  const names = priceProvider === undefined ? [] : [priceProvider];
  return [
    { names, apiBase },
    { names: [name], apiBase: '' },
  ];
}

/** The provider in `provider/model`. */
function listedAt(name: string): WantedProvider {
  return { names: [name.slice(0, name.indexOf('/'))], apiBase: '' };
}

/** The model in `provider/model`. */
function modelAt(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The prices in the first of these providers that has the model. */
function found(
  listed: readonly WantedProvider[],
  model: string,
  catalogue: Catalogue | undefined,
): PriceSheet | undefined {
  for (const provider of listed) {
    const sheet = catalogue?.find({ ...provider, model });
    if (sheet !== undefined) return sheet;
  }
  return undefined;
}

function withOverride(
  listed: PriceSheet | undefined,
  override: PriceOverride | undefined,
  names: { readonly provider: string; readonly model: string },
): PriceSheet | undefined {
  const entry = override?.entry;
  if (override === undefined || entry === undefined) return listed;
  // Before the override's first day, the catalogue's prices apply.
  const before = entry.from === undefined ? [] : (listed?.prices ?? []);
  const tiers = Object.fromEntries(Object.entries(override.tiers).map(([tier, one]) => [tier, [one]]));
  return { ...names, prices: [...before, entry], tiers, discountPpm: 0 };
}

const PPM = 1_000_000;

/** Combines two successive discounts, in parts per million. */
function joined(first: number, second: number): number {
  return PPM - Math.round(((PPM - first) * (PPM - second)) / PPM);
}
