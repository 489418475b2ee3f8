import { claimOfCounter } from '../../config/compiled-limits.ts';
import type { MasterKey, Snapshot } from '../../config/snapshot.ts';
import { isBucketPeriod } from '../../limits/claim.ts';
import { windowOf } from '../../limits/window.ts';
import type { Database } from '../../store/database.ts';
import {
  type Alert,
  expiryAlert,
  isReached,
  limitAlert,
  priceAlert,
  thresholdsOf,
  type WatchedClaim,
} from './alert.ts';
import { type AlertPlace, type AlertState, alertTable, type AlertTable } from './alert-table.ts';
import { deliver, type SendHook } from './deliver.ts';
import { spendOfWindows, unpricedModels } from './watched-spend.ts';

export interface AlertWatchOptions {
  readonly database: Database;
  readonly snapshot: () => Pick<Snapshot, 'limits' | 'access' | 'alerts'>;
  readonly send: SendHook;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onAlert: (ended: EndedAlert) => void;
  /** Called when the database was unavailable; the next check tries again. */
  readonly onTrouble?: (error: unknown) => void;
}

/** An alert that needs nothing more. */
export interface EndedAlert {
  readonly state: Exclude<AlertState, 'pending'>;
  /** JSON. */
  readonly body: string;
}

/** How often the ledger is checked, besides after each flush. */
const LOOK_MS = 10_000;
/** Other nodes' clocks may be behind. */
const SLACK_MS = 60_000;
const PRUNE_MS = 400 * 86_400_000;

/**
 * Alerts operators to limits that are nearly used up, keys that expire soon, and models without a price. It reads the
 * ledger, which has the use of all nodes. A unique row ensures that an alert is raised once, whatever the number of
 * nodes and checks. If a node cannot send an alert, any other node sends it.
 */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #table: AlertTable;
  /** The start of the last complete check; 0: there was none, so everything is checked. */
  #lookedAtMs = 0;
  /** The alerts that were raised, as far as this process knows. The table decides. */
  #raised = new Set<string>();
  #raisedAtMs = -Infinity;
  #watched: Snapshot['limits'] | undefined;
  #keys: { readonly access: Snapshot['access']; readonly expiring: readonly MasterKey[] } | undefined;
  #looking: Promise<void> | undefined;
  #isWanted = false;
  readonly #timer: Timer;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
    this.#table = alertTable(options.database);
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Checks the ledger now, or again after the running check. Call it after each flush. Never rejects. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#isWanted = true;
      return this.#looking;
    }
    this.#looking = this.#lookOnce()
      .catch((error: unknown) => this.#options.onTrouble?.(error))
      .finally(() => {
        this.#looking = undefined;
        if (this.#isWanted) {
          this.#isWanted = false;
          void this.look();
        }
      });
    return this.#looking;
  }

  /** Stops, and waits for the running check. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isWanted = false;
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const nowMs = this.#options.nowMs();
    const { limits, access } = this.#options.snapshot();
    // After a flush, only limits can have reached a threshold.
    const isComplete = nowMs - this.#raisedAtMs >= LOOK_MS;
    if (isComplete) {
      this.#raised = new Set((await this.#table.raised()).map(placeKey));
      this.#raisedAtMs = nowMs;
    }
    if (this.#watched !== limits) {
      this.#watched = limits;
      // A changed amount may be reached without new use.
      this.#lookedAtMs = 0;
    }
    await this.#lookAtLimits(limits, nowMs);
    if (isComplete) {
      await this.#lookAtKeys(access, nowMs);
      for (const { model, provider } of await unpricedModels(this.#options.database, nowMs))
        await this.#raise(priceAlert(model, provider, nowMs), nowMs);
    }
    await this.#deliver();
    if (this.#lookedAtMs === 0) await this.#table.prune(nowMs - PRUNE_MS);
    this.#lookedAtMs = nowMs;
  }

  async #lookAtKeys(access: Snapshot['access'], nowMs: number): Promise<void> {
    if (this.#keys?.access !== access) this.#keys = { access, expiring: expiringKeys(access) };
    for (const key of this.#keys.expiring) await this.#raise(expiryAlert(key, nowMs), nowMs);
  }

  async #lookAtLimits(limits: Snapshot['limits'], nowMs: number): Promise<void> {
    if (limits.isEmpty) return;
    const sinceMs = this.#lookedAtMs === 0 ? 0 : this.#lookedAtMs - SLACK_MS;
    for (const { counter, windowMs, used } of await spendOfWindows(this.#options.database, sinceMs)) {
      const claim = watchedClaim(counter, limits);
      if (claim === undefined) continue;
      const window = windowOf(claim.period, nowMs);
      if (window.startMs !== windowMs) continue;
      for (const threshold of thresholdsOf(claim)) {
        const place = { counter, windowMs, threshold };
        if (isReached(claim, threshold, used))
          await this.#raise(limitAlert(claim, threshold, { window, used, nowMs }), nowMs);
        // The limit was raised, or its use corrected, so that the threshold can be reached again.
        else if (this.#raised.delete(placeKey(place))) await this.#table.rearm(place);
      }
    }
  }

  async #raise(alert: Alert | undefined, nowMs: number): Promise<void> {
    if (alert === undefined || this.#raised.has(placeKey(alert))) return;
    const { alerts } = this.#options.snapshot();
    const hasHook = alerts.some(({ events }) => events.includes(alert.event));
    const id = await this.#table.raise(alert, hasHook ? 'pending' : 'logged', nowMs);
    this.#raised.add(placeKey(alert));
    if (id === undefined || hasHook) return;
    this.#options.onAlert({ state: 'logged', body: JSON.stringify({ event: alert.event, ...alert.facts }) });
  }

  async #deliver(): Promise<void> {
    const { nowMs, send, snapshot, onAlert } = this.#options;
    const due = await this.#table.due(nowMs());
    await Promise.all(
      due.map(async (alert) => {
        const state = await deliver(alert, { table: this.#table, hooks: snapshot().alerts, send, nowMs });
        if (state !== undefined && state !== 'pending') onAlert({ state, body: alert.body });
      }),
    );
  }
}

function placeKey({ counter, windowMs, threshold }: AlertPlace): string {
  return `${threshold} ${windowMs} ${counter}`;
}

/** The limit of a counter; undefined: there is none with thresholds and windows. */
function watchedClaim(counter: string, limits: Snapshot['limits']): WatchedClaim | undefined {
  const claim = claimOfCounter(counter, limits);
  if (claim?.period === undefined || isBucketPeriod(claim.period) || thresholdsOf(claim).length === 0)
    return undefined;
  return { ...claim, period: claim.period };
}

function expiringKeys(access: Snapshot['access']): readonly MasterKey[] {
  if (access.kind === 'open') return [];
  const keys = [...access.keys.values()].filter(({ expiresAtMs }) => expiresAtMs !== undefined);
  // During a rotation, a key occurs with both secrets.
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}
