import type { Snapshot } from '../../config/snapshot.ts';
import type { BilledUse, Cost } from '../../gateway/cost.ts';
import type { LaterUse, LaterWork } from '../../gateway/later/later-costs.ts';
import { type Claim, isBucketPeriod } from '../../limits/claim.ts';
import { windowOf } from '../../limits/window.ts';
import type { Usage } from '../../protocols/protocol.ts';
import type { Entry, Move } from '../entries/entry.ts';
import { counting } from '../ledger/counting-claims.ts';
import { emptyQuarter, type QuarterNames, type QuarterRow } from '../ledger/quarter.ts';

export interface LaterPrices {
  readonly snapshot: Snapshot;
  readonly nowMs: number;
  readonly costAt: (use: BilledUse, epochMs: number) => Promise<Cost>;
}

/** The entries that replace what was charged at first by what was really used. */
export function laterEntries(
  work: LaterWork,
  uses: readonly LaterUse[],
  prices: LaterPrices,
): Promise<Entry[]> {
  return work.kind === 'response'
    ? responseEntry(work, uses[0], prices).then((entry) => [entry])
    : batchEntries(work, uses, prices);
}

/**
 * A background response counts in the quarter and the windows in which it began. Windows that have ended since are
 * never read again.
 */
async function responseEntry(
  work: LaterWork,
  use: LaterUse | undefined,
  prices: LaterPrices,
): Promise<Entry> {
  const { atMs, provider, upstreamModel, charged } = work;
  const cost =
    use === undefined
      ? 0
      : (await prices.costAt({ provider, model: upstreamModel, usage: use.usage, isEstimated: false }, atMs))
          .nano;
  const before = charged.nano ?? 0;
  const amount = cost === undefined ? 0 : cost - before;
  const names = namesOf(work, work.model);
  const quarter = quarterOf(atMs, names, use?.usage);
  quarter.cost = amount;
  quarter.input_tokens -= charged.inputTokens;
  quarter.output_tokens -= charged.outputTokens;
  if (cost !== undefined) {
    quarter.estimated_cost = -before;
    quarter.unpriced = charged.nano === undefined ? -1 : 0;
  }
  const change = { cost: amount, ...tokensOf(quarter) };
  return entryOf(work, { atMs, names, change, quarter, externalId: externalIdOf(work) }, prices);
}

/** A batch counts when its result is delivered. The request that began it is no longer unpriced. */
async function batchEntries(
  work: LaterWork,
  uses: readonly LaterUse[],
  prices: LaterPrices,
): Promise<Entry[]> {
  const costs = await Promise.all(uses.map((use) => costOf(work, use, prices)));
  const isPriced = costs.every((cost) => cost !== undefined);
  return uses.map((use, at) => {
    const model = use.model ?? work.upstreamModel;
    const names = namesOf(work, model);
    const quarter = quarterOf(prices.nowMs, names, use.usage);
    quarter.cost = costs[at] ?? 0;
    const change = { cost: quarter.cost, ...tokensOf(quarter) };
    const parts = { atMs: prices.nowMs, names, change, quarter, externalId: externalIdOf(work, model) };
    const entry = entryOf(work, parts, prices);
    return at === 0 && isPriced ? { ...entry, otherQuarter: pricedQuarter(work) } : entry;
  });
}

async function costOf(
  { provider, upstreamModel }: LaterWork,
  { model = upstreamModel, usage, requests, nano }: LaterUse,
  { costAt, nowMs }: LaterPrices,
): Promise<number | undefined> {
  if (nano === 'unknown') return undefined;
  return nano ?? (await costAt({ provider, model, usage, requests, isEstimated: false }, nowMs)).nano;
}

function pricedQuarter(work: LaterWork): QuarterRow | undefined {
  if (work.charged.nano !== undefined) return undefined;
  const quarter = emptyQuarter(work.atMs, namesOf(work, work.model));
  quarter.unpriced = -1;
  return quarter;
}

function namesOf({ owners, provider }: LaterWork, model: string): QuarterNames {
  return { ...owners, model, provider };
}

/** Work of one key is never settled twice, whatever file its result is read from. */
function externalIdOf({ id, provider }: LaterWork, model?: string): string {
  return [provider, id, ...(model === undefined ? [] : [model])].join('/');
}

function quarterOf(atMs: number, names: QuarterNames, usage: Usage | undefined): QuarterRow {
  const quarter = emptyQuarter(atMs, names);
  quarter.input_tokens = usage?.inputTokens ?? 0;
  quarter.cached_tokens = usage?.cachedTokens ?? 0;
  quarter.cache_write_tokens = usage?.parts?.cacheWrite ?? 0;
  quarter.output_tokens = usage?.outputTokens ?? 0;
  quarter.reasoning_tokens = usage?.reasoningTokens ?? 0;
  return quarter;
}

interface Change {
  readonly cost: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

function tokensOf({ input_tokens: input, cached_tokens: cached, output_tokens: output }: QuarterRow) {
  return { input, cached, output };
}

interface EntryParts {
  readonly atMs: number;
  readonly names: QuarterNames;
  readonly change: Change;
  readonly quarter: QuarterRow;
  readonly externalId: string;
}

function entryOf(
  { kind }: LaterWork,
  { atMs, names, change, quarter, externalId }: EntryParts,
  { snapshot, nowMs }: LaterPrices,
): Entry {
  const { keyId, team, userName, model, provider } = names;
  return {
    kind: 'later',
    atMs,
    keyId: keyId || undefined,
    team: team || undefined,
    userName: userName || undefined,
    model,
    provider,
    amount: change.cost,
    inputTokens: change.input,
    outputTokens: change.output,
    reason: kind === 'response' ? 'the usage of a background response' : 'the usage of a batch',
    actor: 'gateway',
    source: 'later',
    externalId,
    moves: movesOf(names, change, { atMs, nowMs, snapshot }),
    quarter,
  };
}

/** The effects on limits whose current window contains the time. */
function movesOf(
  owners: QuarterNames,
  change: Change,
  { atMs, nowMs, snapshot }: { readonly atMs: number; readonly nowMs: number; readonly snapshot: Snapshot },
): Move[] {
  return counting({ get: snapshot.limits.inScope }, owners, (claim) => claim).flatMap((claim) => {
    const { period } = claim;
    if (period === undefined || isBucketPeriod(period)) return [];
    const windowMs = windowOf(period, nowMs).startMs;
    const amount = amountOf(claim, change);
    return atMs >= windowMs && amount !== 0 ? [{ claim, windowMs, amount }] : [];
  });
}

function amountOf({ kind, countsCached }: Claim, { cost, input, cached, output }: Change): number {
  const counted = countsCached ? input : input - cached;
  switch (kind) {
    case 'cost':
      return cost;
    case 'tokens':
      return counted + output;
    case 'input_tokens':
      return counted;
    case 'output_tokens':
      return output;
    case 'requests':
    case 'concurrent':
      return 0;
  }
}
