import { matches, type Position, type RecordFilter, type RecordPage } from './request-record-filter.ts';
import type { Found } from './request-search.ts';
import { RequestSums, type RequestSum, type SeriesQuery } from './request-sums.ts';
import type { RequestRecord } from './request-record.ts';
import type { RequestRecords } from './request-record-table.ts';
import { addSum, type Dimension, type UsageSum } from './request-record-usage.ts';

/** The records that are kept: enough for a look at what is going on. */
const MOST_RECORDS = 1000;

/** About 12 MB. */
const MOST_SUMS = 20_000;

/** The request records of a gateway without a database: the last thousand, in memory. Older ones are forgotten. */
export class RecentRecords implements RequestRecords {
  /** A ring: the next record goes to `#next`. */
  readonly #ring: RequestRecord[] = [];
  #next = 0;
  /** Of the last day, per minute. */
  readonly #sums = new RequestSums(60_000, MOST_SUMS);
  #prunedAtMs = 0;

  add(record: RequestRecord): void {
    this.#ring[this.#next] = record;
    this.#next = (this.#next + 1) % MOST_RECORDS;
    this.#sums.add(record);
    if (record.endedAtMs - this.#prunedAtMs < HOUR_MS) return;
    this.#prunedAtMs = record.endedAtMs;
    this.#sums.prune(record.endedAtMs - DAY_MS);
  }

  async insert(records: readonly RequestRecord[]): Promise<void> {
    for (const record of records) this.add(record);
  }

  async list({ filter, before, limit }: RecordPage): Promise<RequestRecord[]> {
    return this.#ring
      .filter((record) => matches(record, filter) && (before === undefined || compare(record, before) < 0))
      .sort((a, b) => compare(b, a))
      .slice(0, limit);
  }

  async search(page: RecordPage): Promise<Found> {
    return { records: await this.list(page), searchedTo: undefined };
  }

  async find(requestId: string): Promise<RequestRecord | undefined> {
    return this.#ring.find((record) => record.requestId === requestId);
  }

  async series(query: SeriesQuery): Promise<RequestSum[]> {
    return this.#sums.series(query);
  }

  async sum(filter: RecordFilter, dimensions: readonly Dimension[]): Promise<UsageSum[]> {
    const groups = new Map<string, UsageSum>();
    for (const record of this.#ring)
      if (matches(record, filter)) addSum(groups, sumOf(record, new Set(dimensions)));
    return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
  }

  async prune(): Promise<boolean> {
    return false;
  }
}

function compare(a: Position, b: Position): number {
  return a.endedAtMs - b.endedAtMs || (a.requestId < b.requestId ? -1 : Number(a.requestId > b.requestId));
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One record as a group of its own. */
function sumOf(record: RequestRecord, dimensions: ReadonlySet<Dimension>): UsageSum {
  const { costNano, costBasis } = record;
  return {
    ...groupOf(record, dimensions),
    requests: 1,
    failures: record.ending === 'complete' || record.ending === 'client-left' ? 0 : 1,
    promptTokens: record.promptTokens ?? 0,
    completionTokens: record.completionTokens ?? 0,
    totalTokens: record.totalTokens ?? 0,
    cachedTokens: record.cachedTokens ?? 0,
    reasoningTokens: record.reasoningTokens ?? 0,
    costNano: BigInt(costNano ?? 0),
    unpriced: costBasis !== null && costNano === null ? 1 : 0,
  };
}

function groupOf(
  { key, model, provider, endedAtMs }: RequestRecord,
  dimensions: ReadonlySet<Dimension>,
): Pick<UsageSum, 'key' | 'model' | 'provider' | 'fromMs'> {
  const spanMs = dimensions.has('hour') ? HOUR_MS : DAY_MS;
  const isTimed = dimensions.has('hour') || dimensions.has('day');
  return {
    key: dimensions.has('key') ? key : undefined,
    model: dimensions.has('model') ? model : undefined,
    provider: dimensions.has('provider') ? provider : undefined,
    fromMs: isTimed ? endedAtMs - (endedAtMs % spanMs) : undefined,
  };
}
