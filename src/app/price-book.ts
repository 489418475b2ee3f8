import { matcher } from '../config/compile/name-pattern.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { type Catalogue, type CatalogueFile, createCatalogue } from '../prices/catalogue.ts';
import { sheetFor } from '../prices/overrides.ts';
import { type PriceSheet, pricesAt, type PricesInForce, type Tier, type UtcMinute } from '../prices/sheet.ts';

/** Tells what models cost, by the configuration in force and the catalogue. */
export interface PriceBook {
  /** The prices of a provider's model; undefined: they are not known. */
  readonly sheet: (provider: string, model: string) => PriceSheet | undefined;
  /** Those that hold at a time in milliseconds since 1970. */
  readonly prices: (wanted: PriceWanted) => PricesInForce | undefined;
}

export interface PriceWanted {
  readonly provider: string;
  readonly model: string;
  readonly tier?: Tier | undefined;
  readonly epochMs: number;
}

/** Opens the book for a configuration. The catalogue takes 3 MB, and is read only where a configuration wants it. */
export async function openPriceBook({ providers, prices }: Snapshot): Promise<PriceBook> {
  const catalogue = prices.catalogue === 'builtin' ? await readCatalogue() : undefined;
  const overrides = prices.overrides.map((override) => ({ ...override, fits: matcher(override.pattern) }));
  const sheet: PriceBook['sheet'] = (name, model) => {
    const provider = providers.get(name);
    return provider && sheetFor(provider.pricing, model, { overrides, catalogue });
  };
  // Prices change with the hour at the most: what was found in a minute holds for the rest of it.
  const found = new Map<string, PricesInForce | undefined>();
  let current = 0;
  return {
    sheet,
    prices({ provider, model, tier, epochMs }) {
      const minute = Math.floor(epochMs / 60_000);
      if (minute !== current || found.size >= MOST_KEPT) {
        found.clear();
        current = minute;
      }
      const key = `${provider}\n${model}\n${tier ?? ''}`;
      if (!found.has(key)) {
        const known = sheet(provider, model);
        found.set(key, known && pricesAt(known, tier, minuteOf(epochMs)));
      }
      return found.get(key);
    },
  };
}

/** More look-ups of one minute than this are not kept. */
const MOST_KEPT = 1_000;

async function readCatalogue(): Promise<Catalogue> {
  const { default: file } = await import('../prices/catalogue.json', { with: { type: 'json' } });
  return createCatalogue(file as unknown as CatalogueFile);
}

function minuteOf(epochMs: number): UtcMinute {
  const text = new Date(epochMs).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 16) };
}
