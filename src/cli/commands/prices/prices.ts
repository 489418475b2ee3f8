import { openPriceBook, type PriceBook } from '../../../app/price-book.ts';
import { loadConfig } from '../../../config/read/load.ts';
import { formatProblem } from '../../../config/read/problems.ts';
import type { Snapshot } from '../../../config/snapshot.ts';
import { EXIT } from '../../../exit-code.ts';
import type { Meter } from '../../../prices/meters.ts';
import type { PricesInForce } from '../../../prices/sheet.ts';
import type { Model } from '../../../routing/route.ts';
import { UsageError, type ValuesOf } from '../../command.ts';
import { type Style, styleFor } from '../../style.ts';
import type { pricesDeclaration } from './declaration.ts';

/** Prints a line for each route: its price, or that the price is unknown. */
export async function showPrices(values: ValuesOf<typeof pricesDeclaration>): Promise<number> {
  const path = values.config ?? (process.env['CONFIG_PATH'] || 'config.yaml');
  const result = await loadConfig({ path, overrides: {}, env: process.env, version: 1, now: new Date() });
  if (result.kind === 'refused') {
    for (const problem of result.problems) console.error(formatProblem(problem));
    return EXIT.failed;
  }
  const { snapshot } = result;
  const models = modelsOf(snapshot, values.model);
  const book = await openPriceBook(snapshot);
  const style = styleFor(process.stdout, process.env);
  const lines = models.flatMap((model) => linesOf(model, book, style));
  console.log(
    lines.length === 0
      ? 'This configuration names no model; give one: llm-proxy prices MODEL'
      : lines.join('\n'),
  );
  return EXIT.ok;
}

function modelsOf({ models, findModel }: Snapshot, name: string | undefined): Model[] {
  if (name === undefined) return [...models.values()];
  const model = findModel(name);
  if (model === undefined) throw new UsageError(`no route serves the model "${name}".`);
  return [model];
}

function linesOf({ name, routes }: Model, book: PriceBook, { bold, bad }: Style): string[] {
  const rows = routes.map(({ provider, upstreamModel }) => {
    const model = upstreamModel ?? name;
    const prices = book.prices({ provider, model, epochMs: Date.now() });
    return `  ${provider}/${model}  ${prices === undefined ? bad('unknown') : priceText(prices)}`;
  });
  return [bold(name), ...rows];
}

/** The meters that the line shows, in its order. */
const SHOWN: readonly Meter[] = [
  'input',
  'cached',
  'cache_write',
  'output',
  'reasoning',
  'second',
  'image',
  'request',
];

function priceText({ per, discountPpm }: PricesInForce): string {
  const parts = SHOWN.flatMap((meter) => {
    const price = per[meter];
    if (price === undefined) return [];
    const [base, ...above] = price;
    const longer = above.map(([tokens, nano]) => `, ${dollars(nano)} above ${tokens}`);
    return [`${meter} ${dollars(base)}${longer.join('')}`];
  });
  const isFree = Object.values(per).every(([base]) => base === 0);
  if (isFree) return 'free';
  return discountPpm === 0 ? parts.join('  ') : `${parts.join('  ')}  less ${discountPpm / 10_000} %`;
}

/** Nano-dollars as dollars, as short as they can be told. */
function dollars(nano: number): string {
  return `$${Number((nano / 1e9).toFixed(9))}`;
}
