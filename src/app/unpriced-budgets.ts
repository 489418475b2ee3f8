import { describeScope } from '../config/describe-limit.ts';
import { matcher } from '../config/compile/name-pattern.ts';
import type { MasterKey, Snapshot } from '../config/snapshot.ts';
import type { Claim } from '../limits/claim.ts';
import type { Model } from '../routing/route.ts';
import { openPriceBook, type PriceBook } from './price-book.ts';

/**
 * Budgets that refuse models without a known price, one sentence each. Models that only a pattern serves are not known
 * before they are asked for. Reads the catalogue of prices if there is a limit on money.
 */
export async function findUnpricedBudgets(snapshot: Snapshot, epochMs: number): Promise<string[]> {
  const { models, prices } = snapshot;
  if (models.size === 0 || prices.unknownWithBudget !== undefined) return [];
  // Of 100,000 keys only the first with a budget is looked at, unless a price is missing.
  if (budgetsOf(snapshot).next().done === true) return [];
  const unpriced = unpricedModels(models.values(), await openPriceBook(snapshot), epochMs);
  if (unpriced.size === 0) return [];
  const budgets = [...budgetsOf(snapshot)];
  return [...Map.groupBy(budgets, ({ scope }) => scope)].flatMap(([scope, claims]) => {
    const counted = [...models.keys()].filter((model) => claims.some(({ counts }) => counts(model)));
    const refused = counted.filter((model) => unpriced.has(model));
    return refused.length === 0 ? [] : [sentence(scope, counted.length, refused, unpriced)];
  });
}

interface Budget {
  /** The scope in words. */
  readonly scope: string;
  readonly counts: (model: string) => boolean;
}

function* budgetsOf({ limits, access, owners }: Snapshot): Generator<Budget> {
  if (limits.isEmpty) return;
  const keys = access.kind === 'keys' ? [...access.keys.values()] : [];
  const byId = new Map(keys.map((key) => [key.id, key]));
  for (const claim of limits.all())
    if (isBudget(claim)) yield budgetOf(claim, describeScope(claim, owners), keyOf(claim, byId));
  for (const key of byId.values())
    for (const claim of limits.perEndUser(key))
      if (isBudget(claim)) yield budgetOf(claim, `each end user of key "${key.name}"`, key);
}

function isBudget({ kind, isSoft }: Claim): boolean {
  return kind === 'cost' && !isSoft;
}

/** The only key that a limit counts; undefined: it counts several. */
function keyOf({ scope, scopeId }: Claim, keys: ReadonlyMap<string, MasterKey>): MasterKey | undefined {
  return scope === 'key' ? keys.get(decodeURIComponent(scopeId)) : undefined;
}

function budgetOf({ models }: Claim, scope: string, key: MasterKey | undefined): Budget {
  const tests = models?.map(matcher);
  return {
    scope,
    counts: (model) => (key?.allows(model) ?? true) && (tests?.some((fits) => fits(model)) ?? true),
  };
}

/** The routes without a price, as `provider/model`, of each model that has one itself or among its fallbacks. */
function unpricedModels(
  models: Iterable<Model>,
  book: PriceBook,
  epochMs: number,
): ReadonlyMap<string, readonly string[]> {
  const unpriced = new Map<string, readonly string[]>();
  for (const model of models) {
    const routes = [model, ...model.fallbacks].flatMap(({ name, routes }) =>
      routes
        .map(({ provider, upstreamModel }) => ({ provider, model: upstreamModel ?? name }))
        .filter((route) => book.prices({ ...route, epochMs }) === undefined)
        .map((route) => `${route.provider}/${route.model}`),
    );
    if (routes.length > 0) unpriced.set(model.name, routes);
  }
  return unpriced;
}

/** Of many models, a sentence names these few. */
const MOST_NAMED = 5;

function sentence(
  scope: string,
  counted: number,
  refused: readonly string[],
  unpriced: ReadonlyMap<string, readonly string[]>,
): string {
  const [first = ''] = unpriced.get(refused[0] ?? '') ?? [];
  const named = refused.slice(0, MOST_NAMED).join(', ');
  const more = refused.length > MOST_NAMED ? ` and ${refused.length - MOST_NAMED} more` : '';
  const share =
    refused.length === 1
      ? `1 of its ${counted} models has no known price: it is refused`
      : `${refused.length} of its ${counted} models have no known price: they are refused`;
  const subject = `${scope.charAt(0).toUpperCase()}${scope.slice(1)}`;
  return (
    `${subject} has a budget, and ${share} (price_unknown): ${named}${more}. ` +
    `Write under prices.models: ${JSON.stringify(first)}: {input: …, output: …}, in dollars a million tokens, or {free: true}.`
  );
}
