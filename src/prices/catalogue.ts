import { isMatch, type MatchRule } from './matcher.ts';
import { METERS, type Meter } from './meters.ts';
import type { MeterPrices, Price, PriceEntry, PriceSheet, Tier } from './sheet.ts';

/** The list of prices, as `catalogue.json` has it. Money is in whole nano-dollars a block. */
export interface CatalogueFile {
  readonly version: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly providers: readonly ProviderFile[];
}

interface ProviderFile {
  readonly id: string;
  /** An expression for base URLs. */
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

/** Where to look for a price: the catalogue's provider by name, else by address, and the model as the provider calls it. */
export interface Wanted {
  /** `price_provider`, or the name of the configured provider. */
  readonly names: readonly string[];
  readonly apiBase: string;
  readonly model: string;
}

/** Finds the prices of a model; undefined: they are not known. Look-ups are remembered. */
export interface Catalogue {
  readonly version: string;
  readonly find: (wanted: Wanted) => PriceSheet | undefined;
}

/** More look-ups than this are not remembered. */
const MOST_REMEMBERED = 2_000;

/** A catalogue of a parsed file. */
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

/** `-2026-04-23`, `-20260423`, `@20260423` at the end of a name. */
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
