import { LocalTable, type NumberRecord, type NumberTable } from '../lib/number-table.ts';

/** Weight of the newest measurement in the smoothed latency: about the last ten answers count. */
const SMOOTHING = 0.2;

/**
 * A latency halves after this time without a new measurement. Otherwise a route with one slow measurement would never
 * be chosen, and so never be measured again.
 */
const HALF_LIFE_MS = 10_000;

/** The record of a route's requests in flight. */
export const IN_FLIGHT_FIELDS = ['count'] as const;
export type InFlightTable = NumberTable<(typeof IN_FLIGHT_FIELDS)[number]>;

/** The record of a route's latency: the smoothed value that fades, when it was measured, and the average for people, which does not fade. */
export const LATENCY_FIELDS = ['latencyMs', 'atMs', 'averageMs'] as const;
export type LatencyTable = NumberTable<(typeof LATENCY_FIELDS)[number]>;

/** The tables behind the traffic ledger. */
export interface TrafficTables {
  /** The requests of this process. */
  readonly own: InFlightTable;
  /** The requests of the other processes. Each has its own table, so that those of a dead process can be removed. */
  readonly others: readonly InFlightTable[];
  readonly latencies: LatencyTable;
}

/** The load and latency of each route, for `least_busy` and `lowest_latency`. */
export class TrafficLedger {
  readonly #tables: TrafficTables;

  constructor(tables: TrafficTables = localTables()) {
    this.#tables = tables;
  }

  inFlight(id: string): number {
    const { own, others } = this.#tables;
    let count = countIn(own, id);
    for (const other of others) count += countIn(other, id);
    return count;
  }

  /** Smoothed time to the first byte in milliseconds, decaying with age; undefined before the first one. */
  latencyMs(id: string, nowMs: number): number | undefined {
    return this.#tables.latencies.read(id, ({ latencyMs, atMs }) => fade(latencyMs, nowMs - atMs));
  }

  /** The average time to the first byte of about the last ten answers, in milliseconds; undefined before the first one. */
  averageMs(id: string): number | undefined {
    return this.#tables.latencies.read(id, ({ averageMs }) => averageMs);
  }

  begin(id: string): void {
    this.#tables.own.update(id, addOne);
  }

  end(id: string): void {
    this.#tables.own.update(id, takeOne);
  }

  measured(id: string, firstByteMs: number, nowMs: number): void {
    this.#tables.latencies.update(id, noteLatency, { firstByteMs, nowMs });
  }
}

type LatencyRecord = NumberRecord<(typeof LATENCY_FIELDS)[number]>;

function noteLatency(
  record: LatencyRecord,
  { firstByteMs, nowMs }: { readonly firstByteMs: number; readonly nowMs: number },
): void {
  const isFirst = record.latencyMs === 0 && record.atMs === 0;
  const before = isFirst ? firstByteMs : fade(record.latencyMs, nowMs - record.atMs);
  record.latencyMs = before + SMOOTHING * (firstByteMs - before);
  const average = isFirst ? firstByteMs : record.averageMs;
  record.averageMs = average + SMOOTHING * (firstByteMs - average);
  record.atMs = nowMs;
}

type InFlightRecord = NumberRecord<(typeof IN_FLIGHT_FIELDS)[number]>;

function addOne(record: InFlightRecord): void {
  record.count += 1;
}

function takeOne(record: InFlightRecord): void {
  record.count = Math.max(0, record.count - 1);
}

/** The maximum number of latencies; the oldest measurements are dropped first. */
const MOST_LATENCIES = 10_000;

function localTables(): TrafficTables {
  return {
    own: new LocalTable(IN_FLIGHT_FIELDS),
    others: [],
    latencies: new LocalTable(LATENCY_FIELDS, MOST_LATENCIES),
  };
}

function countIn(table: InFlightTable, id: string): number {
  return table.read(id, ({ count }) => count) ?? 0;
}

function fade(latencyMs: number, ageMs: number): number {
  return latencyMs * 2 ** (-ageMs / HALF_LIFE_MS);
}
