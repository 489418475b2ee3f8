import type { Snapshot } from '../../config/snapshot.ts';
import type { Counters } from '../../gateway/limits/ports.ts';
import type { DatabaseStatus } from '../../gateway/ports.ts';
import { isLimitEvent, type GatewayEvent, type RouteCooled, type LimitEvent } from '../../gateway/events.ts';
import type { LeaseState } from './lease-state.ts';
import { AttemptMetrics, noteHealth } from './attempt-metrics.ts';
import type { FamilyDump } from './metric-family.ts';
import { countLimits, readLimits } from './limit-metrics.ts';
import { createMetricTable, dumpTable, type MetricTable } from './metric-table.ts';
import { createRequestMetrics } from './request-metrics.ts';

/** Counts the gateway's events. */
export interface Metrics {
  readonly listen: (event: GatewayEvent) => void;
  /** The current metrics. `mergeMetrics` combines those of several processes. */
  readonly dump: () => readonly FamilyDump[];
}

/** States that are read together with the metrics, since no event reports them. */
export interface MetricSources {
  readonly snapshot: () => Snapshot;
  readonly clock: { readonly nowMs: () => number; readonly epochMs: () => number };
  readonly version: string;
  /** Log lines lost since the start. */
  readonly droppedLogRows: () => number;
  /** The state of the database; undefined, also as a result: there is none. */
  readonly database?: (() => DatabaseStatus | undefined) | undefined;
  /** The state of the limits; undefined if another process reports it. */
  readonly limits?: Pick<Counters, 'standing'> | undefined;
  /** The response cache of this process; undefined: it serves no requests. */
  readonly answers?: { readonly entries: number; readonly bytes: number } | undefined;
  /** The request records of this process; undefined: there are none. */
  readonly records?: (() => RecordCounts) | undefined;
  /** The journal that this process writes; undefined, also as a result: there is none. */
  readonly journalState?: (() => JournalState | undefined) | undefined;
  /** The ledger that this process keeps. */
  readonly ledgerState?: (() => LedgerState | undefined) | undefined;
  /** How limits are shared with other gateways; undefined, also as a result: another process tells. */
  readonly leaseState?: (() => LeaseState | undefined) | undefined;
}

/** The journal of one process. */
export interface JournalState {
  /** Whether lines wait in memory, because they cannot be written. */
  readonly isDegraded: boolean;
  /** Lines lost since the start. */
  readonly dropped: number;
}

/** The state of the journals, as the process that stores them knows it. */
export interface LedgerState {
  readonly journalBytes: number;
  readonly unflushedBytes: number;
  readonly flushSeconds: number;
}

/** Request records on their way to the database. */
export interface RecordCounts {
  readonly waiting: number;
  /** Since the start. */
  readonly dropped: number;
}

/** Creates metrics with nothing counted. */
export function createMetrics(sources: MetricSources): Metrics {
  const table = createMetricTable();
  const countRequest = createRequestMetrics(table);
  const cooling = new Map<string, number>();
  const memory: Memory = { cooling, attempts: new AttemptMetrics(table), sources };
  const startedAtSeconds = sources.clock.epochMs() / 1000 - process.uptime();
  table.reloadSuccessful.series().value = 1;
  return {
    listen(event) {
      if (event.type === 'request-ended') countRequest(event);
      else if (isLimitEvent(event)) countLimits(event, table);
      else count(event, table, memory);
    },
    dump() {
      table.startTime.series().value = startedAtSeconds;
      readState(table, sources);
      readDatabase(table, sources);
      readLimits(table, sources);
      readLedger(table, sources);
      readCache(table, sources);
      readCooldowns(table, cooling, sources);
      return dumpTable(table);
    },
  };
}

type OtherEvent = Exclude<GatewayEvent, { type: 'request-ended' } | LimitEvent>;

/** The memory of earlier events, and the sources of states. */
interface Memory {
  readonly cooling: Map<string, number>;
  readonly attempts: AttemptMetrics;
  readonly sources: MetricSources;
}

function count(event: OtherEvent, table: MetricTable, memory: Memory): void {
  const { sources } = memory;
  switch (event.type) {
    case 'request-started':
      return memory.attempts.started(event.endpoint);
    case 'attempt-ended':
      return memory.attempts.ended(event.attempt);
    case 'route-cooled':
      table.cooldowns.series(event.provider).value += 1;
      return noteCooldown(event, memory.cooling, sources);
    case 'provider-probed': {
      const isHealthy = event.error === undefined;
      table.probes.series(event.provider, isHealthy ? 'ok' : 'failed').value += 1;
      return noteHealth(table.health.series(event.provider), isHealthy, sources.clock.nowMs());
    }
    case 'configuration-accepted':
      table.reloads.series().value += 1;
      table.reloadSuccessful.series().value = 1;
      return;
    case 'configuration-refused':
      table.reloadFailures.series().value += 1;
      table.reloadSuccessful.series().value = 0;
      return;
    case 'alert-ended':
      table.alerts.series(event.state).value += 1;
      return;
    case 'bug':
      table.bugs.series().value += 1;
      return;
    case 'request-received':
    case 'api-missing':
    case 'answer-bytes':
  }
}

function noteCooldown(event: RouteCooled, cooling: Map<string, number>, { clock }: MetricSources): void {
  const untilMs = clock.nowMs() + event.forMs;
  cooling.set(event.provider, Math.max(untilMs, cooling.get(event.provider) ?? 0));
}

function readCooldowns(
  table: MetricTable,
  cooling: Map<string, number>,
  { clock, snapshot }: MetricSources,
): void {
  const { providers } = snapshot();
  for (const provider of providers.keys()) {
    const leftMs = Math.max(0, (cooling.get(provider) ?? 0) - clock.nowMs());
    table.coolingSeconds.series(provider).value = leftMs / 1000;
  }
  for (const provider of cooling.keys()) if (!providers.has(provider)) cooling.delete(provider);
  const isConfigured = ([provider = '']: readonly string[]): boolean => providers.has(provider);
  table.coolingSeconds.retain(isConfigured);
  table.health.retain(isConfigured);
}

function readDatabase(table: MetricTable, { database, records }: MetricSources): void {
  const status = database?.();
  if (status === undefined) return;
  table.storeUp.series().value = status.isAnswering ? 1 : 0;
  table.storeAdopted.series().value = status.notAdopted === undefined ? 1 : 0;
  table.storeAge.series().value = status.sinceAnswerMs / 1000;
  const counts = records?.();
  if (counts === undefined) return;
  table.waitingRecords.series().value = counts.waiting;
  table.droppedRecords.series().value = counts.dropped;
}

function readLedger(table: MetricTable, { journalState, ledgerState, leaseState }: MetricSources): void {
  readLeases(table, leaseState?.());
  const written = journalState?.();
  if (written !== undefined) {
    table.journalDegraded.series().value = written.isDegraded ? 1 : 0;
    table.journalDropped.series().value = written.dropped;
  }
  const stored = ledgerState?.();
  if (stored === undefined) return;
  table.journalBytes.series().value = stored.journalBytes;
  table.journalUnflushed.series().value = stored.unflushedBytes;
  table.flushSeconds.series().value = stored.flushSeconds;
}

function readLeases(table: MetricTable, state: LeaseState | undefined): void {
  if (state === undefined) return;
  const { nodes, store } = state;
  table.nodes.series().value = nodes;
  table.limitsLocal.series().value = store === undefined ? 1 : 0;
  if (store === undefined) return;
  table.leaseStoreUp.series().value = store.isUp ? 1 : 0;
  table.leaseRoundTrip.series().value = store.roundTripMs / 1000;
  table.leaseWaits.series().value = store.waits;
}

function readCache(table: MetricTable, { answers, snapshot }: MetricSources): void {
  if (answers === undefined || snapshot().caching === undefined) return;
  table.cacheEntries.series().value = answers.entries;
  table.cacheBytes.series().value = answers.bytes;
}

/**
 * Reads states, and initialises with 0 what alerts watch: the increase of a counter that appears is not visible to
 * them.
 */
function readState(table: MetricTable, { snapshot, version, clock, droppedLogRows }: MetricSources): void {
  const { version: configVersion, loadedAt, providers, access } = snapshot();
  table.configVersion.series().value = configVersion;
  table.configAge.series().value = Math.max(0, clock.epochMs() - loadedAt.getTime()) / 1000;
  table.droppedLogRows.series().value = droppedLogRows();
  table.buildInfo.series(version, `bun ${Bun.version}`).value = 1;
  const { user, system } = process.cpuUsage();
  table.cpuSeconds.series().value = (user + system) / 1e6;
  table.residentBytes.series().value = process.memoryUsage.rss();
  for (const family of [table.reloads, table.reloadFailures, table.bugs]) family.series();
  for (const ending of ['complete', 'refused', 'failed', 'truncated', 'client-left'])
    table.endings.series(ending);
  for (const provider of providers.keys()) {
    table.cooldowns.series(provider);
    table.truncated.series(provider);
  }
  if (access.kind !== 'keys') return;
  for (const { name, enabled } of access.keys.values()) if (enabled) table.rateLimited.series(name);
}
