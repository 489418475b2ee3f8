import { isAbsolute, join } from 'node:path';
import { matcher } from '../config/compile/name-pattern.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { type Catalogue, openCatalogue, readHead, type WantedProvider } from '../prices/catalogue.ts';
import catalogueHead from '../prices/catalogue-head.json' with { type: 'json' };
import cataloguePath from '../prices/catalogue.jsonl' with { type: 'file' };
import { listedBy, sheetFor } from '../prices/overrides.ts';
import { type PriceSheet, pricesAt, type PricesInForce, type Tier, type UtcMinute } from '../prices/sheet.ts';

/** Looks up prices in the current configuration and the catalogue. */
export interface PriceBook {
  /** The prices of a provider's model; undefined: unknown. */
  readonly sheet: (provider: string, model: string) => PriceSheet | undefined;
  /** The prices that apply at a time, in milliseconds since 1970. */
  readonly prices: (wanted: PriceWanted) => PricesInForce | undefined;
  /** Whether the costs that a provider itself reports are recorded. */
  readonly recordsCost: (provider: string) => boolean;
  /** The prices under a budget of models without a known price; undefined: there are none. */
  readonly unknownWithBudget: PricesInForce | undefined;
}

export interface PriceWanted {
  readonly provider: string;
  readonly model: string;
  readonly tier?: Tier | undefined;
  readonly epochMs: number;
}

/** Opens the price book of a configuration. Reads only those providers of the catalogue that the configuration names. */
export async function openPriceBook({ providers, prices }: Snapshot): Promise<PriceBook> {
  const pricings = Iterator.from(providers.values()).map(({ pricing }) => pricing);
  const catalogue =
    prices.catalogue === 'builtin' ? await readCatalogue(listedBy(pricings, prices.overrides)) : undefined;
  const overrides = prices.overrides.map((override) => ({ ...override, fits: matcher(override.pattern) }));
  const sheet: PriceBook['sheet'] = (name, model) => {
    const provider = providers.get(name);
    return provider && sheetFor(provider.pricing, model, { overrides, catalogue });
  };
  // Prices change at most once a minute, so a result applies until the end of its minute.
  const found = new Map<string, PricesInForce | undefined>();
  let current = 0;
  let last: FoundPrices | undefined;
  const unknown = prices.unknownWithBudget;
  return {
    sheet,
    recordsCost: (provider) => providers.get(provider)?.pricing.recordsCost === true,
    unknownWithBudget: unknown && { per: unknown, tier: undefined, discountPpm: 0 },
    prices({ provider, model, tier, epochMs }) {
      const minute = Math.floor(epochMs / 60_000);
      if (minute !== current || found.size >= MOST_KEPT) {
        found.clear();
        current = minute;
        last = undefined;
      }
      // Most requests repeat the previous one's model.
      if (last?.provider === provider && last.model === model && last.tier === tier) return last.prices;
      const key = `${provider}\n${model}\n${tier ?? ''}`;
      if (!found.has(key)) {
        const known = sheet(provider, model);
        found.set(key, known && pricesAt(known, tier, minuteOf(epochMs)));
      }
      const prices = found.get(key);
      last = { provider, model, tier, prices };
      return prices;
    },
  };
}

interface FoundPrices extends Omit<PriceWanted, 'epochMs'> {
  readonly prices: PricesInForce | undefined;
}

/** The maximum number of look-ups kept per minute. */
const MOST_KEPT = 1_000;

let opened: Catalogue | undefined;

/** Opens the catalogue once, and again where the file was replaced by another version's. */
async function readCatalogue(wanted: readonly WantedProvider[]): Promise<Catalogue> {
  try {
    opened ??= openCatalogue(catalogueHead, partOfFile);
    await opened.load(wanted);
  } catch {
    opened = openCatalogue(await readHead(partOfFile), partOfFile);
    await opened.load(wanted);
  }
  return opened;
}

/** In the bundle of a checkout, the import is relative to the bundle, and the program may run in another folder. */
const CATALOGUE = isAbsolute(cataloguePath) ? cataloguePath : join(import.meta.dir, cataloguePath);

function partOfFile(start: number, end: number): Promise<string> {
  return Bun.file(CATALOGUE).slice(start, end).text();
}

function minuteOf(epochMs: number): UtcMinute {
  const text = new Date(epochMs).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 16) };
}
