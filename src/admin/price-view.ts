import { z } from 'zod';
import { dollarsOf } from '../prices/cost.ts';
import { METER_NAMES, type Meter, METERS } from '../prices/meters.ts';
import type { PricesInForce } from '../prices/sheet.ts';
import type { JsonObject } from '../store/revision.ts';

const PRICE = z.string().regex(/^\d+\.\d{9}$/);

/** The prices behind the cost of one request. */
export const priceSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    tier: z.string().nullable(),
    discount_percent: z.number(),
    meters: z.array(
      z.object({
        meter: z.enum(METER_NAMES),
        price: PRICE.meta({ description: 'US dollars.' }),
        per: z.int().meta({ description: 'The number of units that the price is for.' }),
        above: z
          .array(z.object({ input_tokens: z.int(), price: PRICE }))
          .meta({ description: 'The prices of requests with more input tokens than these.' }),
      }),
    ),
  })
  .meta({ id: 'AppliedPrices' });

/** Reads a stored price sheet, the text of `canonicalSheet`. */
export function priceView(sheet: string): JsonObject {
  const { provider, model, tier, discountPpm, per } = JSON.parse(sheet) as {
    readonly provider: string;
    readonly model: string;
    readonly tier: string | null;
    readonly discountPpm: number;
    readonly per: PricesInForce['per'];
  };
  return {
    provider,
    model,
    tier,
    discount_percent: discountPpm / 10_000,
    meters: METER_NAMES.flatMap((meter) => meterView(meter, per[meter])),
  };
}

function meterView(meter: Meter, price: PricesInForce['per'][Meter]): JsonObject[] {
  if (price === undefined) return [];
  const [base, ...steps] = price;
  const above = steps.map(([tokens, nano]) => ({ input_tokens: tokens, price: dollarsOf(nano) }));
  return [{ meter, price: dollarsOf(base), per: METERS[meter].block, above }];
}
