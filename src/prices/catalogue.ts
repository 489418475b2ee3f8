import { isMatch, type MatchRule } from './matcher.ts';
import { METERS, type Meter } from './meters.ts';
import type { MeterPrices, Price, PriceEntry, PriceSheet, Tier } from './sheet.ts';

/** The price list in the format of `catalogue.json`. Amounts are whole nano-dollars per block. */
export interface CatalogueFile {
  readonly version: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly providers: readonly ProviderFile[];
}

interface ProviderFile {
  readonly id: string;
  /** A regular expression for base URLs. */
  readonly api: string;
  readonly models: readonly ModelFile[];
}

interface ModelFile {
  readonly id: string;
  readonly match: MatchRule;
  readonly prices: readonly EntryFile[];
  readonly tiers?: Readonly<Partial<Record<Tier, readonly EntryFile[]>>>;
}

interface EntryFile {
  readonly from?: string;
  readonly hours?: readonly [string, string];
  readonly per: Readonly<Record<string, number | readonly (number | readonly [number, number])[]>>;
}

/**
 * The key of a price look-up: the catalogue's provider by name, else by address, and the model name that the provider
 * uses.
 */
export interface Wanted {
  /** `price_provider`, or the name of the configured provider. */
  readonly names: readonly string[];
  readonly apiBase: string;
  readonly model: string;
}

/** Looks up the prices of a model; undefined: unknown. Caches look-ups. */
export interface Catalogue {
  readonly version: string;
  readonly find: (wanted: Wanted) => PriceSheet | undefined;
}

/** The maximum number of cached look-ups. */
const MOST_REMEMBERED = 2_000;

/** Builds a catalogue from a parsed file. */
export function createCatalogue(file: CatalogueFile): Catalogue {
  const remembered = new Map<string, PriceSheet | undefined>();
  const addresses = file.providers.map(({ api }) => new RegExp(`^(?:${api})`));
  const providerOf = ({ names, apiBase }: Wanted): ProviderFile | undefined => {
    for (const name of names) {
      const named = file.providers.find(({ id }) => id === name);
      if (named !== undefined) return named;
    }
    return file.providers[addresses.findIndex((address) => address.test(apiBase))];
  };
  return {
    version: file.version,
    find(wanted) {
      const key = `${wanted.names.join(' ')} ${wanted.apiBase} ${wanted.model}`;
      if (remembered.has(key)) return remembered.get(key);
      const provider = providerOf(wanted);
      const sheet = provider === undefined ? undefined : sheetOf(provider, wanted.model);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, sheet);
      return sheet;
    },
  };
}

/** A date suffix of a name: `-2026-04-23`, `-20260423`, `@20260423`. */
const DATE = /[-@](?:\d{4}-\d\d-\d\d|\d{8})$/;

function sheetOf(provider: ProviderFile, name: string): PriceSheet | undefined {
  const undated = name.replace(DATE, '');
  const names = new Set([name, name.toLowerCase(), undated, undated.toLowerCase()]);
  let model: ModelFile | undefined;
  for (const each of names) model ??= provider.models.find(({ match }) => isMatch(match, each));
  if (model === undefined) return undefined;
  const tiers = Object.entries(model.tiers ?? {}).map(([tier, entries]) => [tier, entries.map(entryOf)]);
  return {
    provider: provider.id,
    model: model.id,
    prices: model.prices.map(entryOf),
    tiers: Object.fromEntries(tiers) as PriceSheet['tiers'],
    discountPpm: 0,
  };
}

function entryOf({ from, hours, per }: EntryFile): PriceEntry {
  const prices: Partial<Record<Meter, Price>> = {};
  for (const [meter, price] of Object.entries(per)) {
    if (meter in METERS) prices[meter as Meter] = (typeof price === 'number' ? [price] : price) as Price;
  }
  return { from, hours, per: prices satisfies MeterPrices };
}
