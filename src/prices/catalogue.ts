import { isMatch, type MatchRule } from './matcher.ts';
import { METERS, type Meter } from './meters.ts';
import type { MeterPrices, Price, PriceEntry, PriceSheet, Tier } from './sheet.ts';

/**
 * The first line of `catalogue.jsonl`. Each further line has the models of one provider, in the same order. Amounts are
 * whole nano-dollars per block.
 */
export interface CatalogueHead {
  readonly version: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly providers: readonly ProviderFile[];
}

interface ProviderFile {
  readonly id: string;
  /** A regular expression for base URLs. */
  readonly api: string;
}

/** A model in `catalogue.jsonl`. */
export interface ModelFile {
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

/**
 * Builds a catalogue from the text of `catalogue.jsonl`. A provider's models are parsed when one of them is first looked
 * up: all of them would take 4 MB of memory.
 */
export function createCatalogue(text: string): Catalogue {
  const [first = '', ...lines] = text.split('\n');
  const { version, providers } = JSON.parse(first) as CatalogueHead;
  const remembered = new Map<string, PriceSheet | undefined>();
  const addresses = providers.map(({ api }) => new RegExp(`^(?:${api})`));
  const parsed = new Map<number, readonly ModelFile[]>();
  const indexOf = ({ names, apiBase }: Wanted): number => {
    for (const name of names) {
      const named = providers.findIndex(({ id }) => id === name);
      if (named !== -1) return named;
    }
    return addresses.findIndex((address) => address.test(apiBase));
  };
  const modelsOf = (index: number): readonly ModelFile[] => {
    let models = parsed.get(index);
    if (models === undefined) {
      models = JSON.parse(lines[index] ?? '[]') as readonly ModelFile[];
      parsed.set(index, models);
    }
    return models;
  };
  return {
    version,
    find(wanted) {
      const key = `${wanted.names.join(' ')} ${wanted.apiBase} ${wanted.model}`;
      if (remembered.has(key)) return remembered.get(key);
      const index = indexOf(wanted);
      const provider = providers[index];
      const sheet = provider && sheetOf(provider.id, modelsOf(index), wanted.model);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, sheet);
      return sheet;
    },
  };
}

/** A date suffix of a name: `-2026-04-23`, `-20260423`, `@20260423`. */
const DATE = /[-@](?:\d{4}-\d\d-\d\d|\d{8})$/;

function sheetOf(provider: string, models: readonly ModelFile[], name: string): PriceSheet | undefined {
  const undated = name.replace(DATE, '');
  const names = new Set([name, name.toLowerCase(), undated, undated.toLowerCase()]);
  let model: ModelFile | undefined;
  for (const each of names) model ??= models.find(({ match }) => isMatch(match, each));
  if (model === undefined) return undefined;
  const tiers = Object.entries(model.tiers ?? {}).map(([tier, entries]) => [tier, entries.map(entryOf)]);
  return {
    provider,
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
