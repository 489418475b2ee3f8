import { isMatch, type MatchRule } from './matcher.ts';
import { METERS, type Meter } from './meters.ts';
import type { MeterPrices, Price, PriceEntry, PriceSheet, Tier } from './sheet.ts';

/**
 * The first line of `catalogue.jsonl`. Each further line has the models of one provider, in the same order. Amounts are
 * whole nano-dollars per block.
 */
export interface CatalogueHead {
  /** The length of the line without its end. */
  readonly bytes: number;
  readonly version: string;
  readonly providers: readonly ProviderFile[];
}

interface ProviderFile {
  readonly id: string;
  /** A regular expression for base URLs. */
  readonly api: string;
  /** The length of its line without the line's end. */
  readonly bytes: number;
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

/** A provider of the catalogue, by name, else by address. */
export interface WantedProvider {
  /** `price_provider`, or the name of the configured provider. */
  readonly names: readonly string[];
  readonly apiBase: string;
}

/** The key of a price look-up: a provider, and the model name that it uses. */
export interface Wanted extends WantedProvider {
  readonly model: string;
}

export interface Catalogue {
  readonly version: string;
  /** Reads the prices of these providers; one that the catalogue does not have has none. Rejects if they cannot be read. */
  readonly load: (wanted: readonly WantedProvider[]) => Promise<void>;
  /** Looks up the prices of a model; undefined: unknown. Caches look-ups. Throws if its provider was not loaded. */
  readonly find: (wanted: Wanted) => PriceSheet | undefined;
}

/** The maximum number of cached look-ups. */
const MOST_REMEMBERED = 2_000;

/** The first line is shorter. */
export const HEAD_BYTES = 16 * 1024;

/** Reads the bytes of `catalogue.jsonl` between two offsets. */
type ReadPart = (start: number, end: number) => Promise<string>;

/** Reads the first line of `catalogue.jsonl`. */
export async function readHead(part: ReadPart): Promise<CatalogueHead> {
  const [line = ''] = (await part(0, HEAD_BYTES)).split('\n', 1);
  return { ...(JSON.parse(line) as Omit<CatalogueHead, 'bytes'>), bytes: line.length };
}

/**
 * Opens `catalogue.jsonl`, whose first line is known. All of it would take 1.3 MB of memory, and parsed another 4 MB, so a
 * provider's models are read when it is configured, and parsed when one of them is looked up.
 */
export function openCatalogue({ bytes, version, providers }: CatalogueHead, part: ReadPart): Catalogue {
  const remembered = new Map<string, PriceSheet | undefined>();
  const indexOf = indexIn(providers);
  const lines = new Map<number, string>();
  const parsed = new Map<number, readonly ModelFile[]>();
  const read = async (index: number): Promise<void> => {
    const before = providers.slice(0, index);
    const start = before.reduce((sum, { bytes }) => sum + bytes + 1, bytes + 1);
    lines.set(index, await lineAt(part, start, providers[index]?.bytes ?? 0));
  };
  const modelsOf = (index: number): readonly ModelFile[] => {
    let models = parsed.get(index);
    if (models === undefined) {
      const line = lines.get(index);
      if (line === undefined) throw new Error(`The prices of ${providers[index]?.id} were not loaded.`);
      models = JSON.parse(line) as readonly ModelFile[];
      parsed.set(index, models);
    }
    return models;
  };
  return {
    version,
    async load(wanted) {
      const indexes = new Set(wanted.map(indexOf));
      await Promise.all([...indexes].filter((index) => index !== -1 && !lines.has(index)).map(read));
    },
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

/** Rejects if there is no line of this length at this offset, as in another version of the file. */
async function lineAt(part: ReadPart, start: number, bytes: number): Promise<string> {
  const [before, line = '', after] = (await part(start - 1, start + bytes + 1)).split('\n');
  if (before !== '' || line.length !== bytes || after !== '') throw new Error('The catalogue was replaced.');
  return line;
}

/** Finds the place of a provider; -1: it is not in the catalogue. */
function indexIn(providers: readonly ProviderFile[]): (wanted: WantedProvider) => number {
  const addresses = providers.map(({ api }) => new RegExp(`^(?:${api})`));
  return ({ names, apiBase }) => {
    for (const name of names) {
      const named = providers.findIndex(({ id }) => id === name);
      if (named !== -1) return named;
    }
    return addresses.findIndex((address) => address.test(apiBase));
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
