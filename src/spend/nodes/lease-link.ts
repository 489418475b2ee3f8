import { whenLate } from '../../lib/late.ts';
import type { LeaseClient } from '../../limits/lease.ts';
import type { LeaseReport } from '../../limits/lease-report.ts';
import type { LeaseDeskOptions } from './lease-desk-options.ts';
import type { Acquired } from './lease-store.ts';

/** After this many calls without an answer, requests do not ask until a tick is answered. */
const MOST_MISSES = 3;
/** An answer that takes longer is not heard any more. Requests wait for less, but what it grants is for later ones. */
export const LATEST_MS = 1000;
/** The reports of one call. */
export const MOST_REPORTS = 200;

/** A machine's connection to the store of leases: its life there, and whether it answers. */
export class LeaseLink {
  readonly #options: LeaseDeskOptions;
  readonly #client: LeaseClient;
  readonly #onUp: (isUp: boolean) => void;
  /** The number of this life; undefined: the store does not know it yet. */
  #life: number | undefined;
  /** Whether the store has known a life of this process. */
  #hasLived = false;
  #isUp: boolean | undefined;
  #isCleared = false;
  #hasToldAlone = false;
  #misses = 0;
  /** When the last miss was counted. */
  #missedMs = -Infinity;
  #news = Promise.withResolvers<void>();
  #roundTripMs = 0;
  /** The era in which the store waits for all that this node knows. */
  #era: string | undefined;
  /** The last era in which this node has told it. */
  #toldEra: string | undefined;

  /** `onUp` is told whether the store grants leases, when that changes. */
  constructor(options: LeaseDeskOptions, client: LeaseClient, onUp: (isUp: boolean) => void) {
    this.#options = options;
    this.#client = client;
    this.#onUp = onUp;
  }

  /** Whether the store knows this life. */
  get isRegistered(): boolean {
    return this.#life !== undefined;
  }

  /** Whether the store grants leases; undefined: it was not asked yet. */
  get isUp(): boolean | undefined {
    return this.#isUp;
  }

  /** Whether the store did not answer the last call. */
  get isInDoubt(): boolean {
    return this.#misses > 0;
  }

  /** Whether the store waits for all that this node knows. */
  get isUnknown(): boolean {
    return this.#era !== undefined;
  }

  /** Whether it began to wait since the last `tellAll`. */
  get isNewlyUnknown(): boolean {
    return this.#era !== undefined && this.#era !== this.#toldEra;
  }

  /** Whether the last sign of life said that this node hears no answers. */
  get hasToldAlone(): boolean {
    return this.#hasToldAlone;
  }

  /** Whether a question is worth its time. */
  get isWorthAsking(): boolean {
    return this.#life !== undefined && this.#misses < MOST_MISSES;
  }

  /** Resolves when the store has answered a call, or has missed one. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  async register(): Promise<void> {
    const { store, ledger, version } = this.#options;
    const sentMs = performance.now();
    try {
      this.#life = await store.register(ledger.node, version);
      this.#isCleared = false;
      this.#heard();
      // A node that was forgotten first tells what its requests hold.
      if (!this.#hasLived) await this.clear();
      this.#hasLived = true;
    } catch (error) {
      this.#missed(error, sentMs);
    }
  }

  /** Deletes what earlier lives have told, once the ledger has what they used. */
  async clear(): Promise<void> {
    const life = this.#life;
    if (this.#isCleared || life === undefined) return;
    const { store, ledger } = this.#options;
    if (!(await ledger.settle())) return;
    try {
      await store.clear(ledger.node, life);
      this.#isCleared = true;
    } catch {
      // The next tick is early enough.
    }
  }

  /**
   * Sends reports, and hears the answers. Resolves with whether one recalls leases, or when requests wait for it no longer.
   * Never rejects.
   */
  async send(reports: readonly LeaseReport[], isTick: boolean): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const sentMs = performance.now();
    const cancel = whenLate(this.#options.deadlineMs, () => {
      this.#client.delayed();
      this.#missed(new Error(`no answer in ${this.#options.deadlineMs} ms`), sentMs);
      late.resolve(false);
    });
    const heard = this.#acquire(reports, isTick).then((acquired) => {
      cancel();
      return acquired?.kind === 'answered' && acquired.answers.some(({ isRecalled }) => isRecalled);
    });
    return Promise.race([heard, late.promise]);
  }

  /** undefined: there was no answer. */
  async #acquire(reports: readonly LeaseReport[], isTick: boolean): Promise<Acquired | undefined> {
    const { store, ledger } = this.#options;
    const life = this.#life;
    if (life === undefined) {
      this.#client.missed(reports);
      return undefined;
    }
    const sentMs = performance.now();
    const sent = reports.map((report) => ({ ...report, endMs: this.#client.endOf(report) }));
    try {
      const isAlone = this.#client.isAway;
      const call = { node: ledger.node, life, isTick, isAlone, reports: sent };
      if (isTick) this.#hasToldAlone = isAlone;
      const acquired = await this.#inTime(store.acquire(call));
      this.#roundTripMs = performance.now() - sentMs;
      this.#hear(acquired, reports, sentMs);
      return acquired;
    } catch (error) {
      this.#client.missed(reports);
      this.#missed(error, sentMs);
      return undefined;
    }
  }

  /**
   * Tells the store all that this node uses and claims, because it does not know it any more. `reports` are all of them.
   */
  async tellAll(reports: readonly LeaseReport[]): Promise<void> {
    const { store, ledger } = this.#options;
    const [life, era] = [this.#life, this.#era];
    if (life === undefined || era === undefined) return;
    this.#toldEra = era;
    await this.clear();
    for (let at = 0; at === 0 || at < reports.length; at += MOST_REPORTS) {
      const acquired = await this.#acquire(reports.slice(at, at + MOST_REPORTS), true);
      if (acquired?.kind !== 'unknown' || acquired.era !== era) return;
    }
    // The use of an earlier life must be in the ledger, since no other node reports it.
    if (!this.#isCleared) return;
    try {
      await store.vouch(ledger.node, life, era);
    } catch {
      // The next tick tells all again.
    }
  }

  /** Frees all claims, once the ledger has everything. */
  async leave(): Promise<void> {
    if (this.#life === undefined) return;
    await this.#options.store.leave(this.#options.ledger.node, this.#life).catch(() => undefined);
  }

  #hear(acquired: Acquired, reports: readonly LeaseReport[], sentMs: number): void {
    switch (acquired.kind) {
      case 'forgotten':
        this.#client.missed(reports);
        this.#client.restart();
        this.#life = undefined;
        this.#options.onTrouble({ type: 'forgotten' });
        return;
      case 'unknown':
        this.#era = acquired.era;
        this.#client.missed(reports);
        this.#missed(new Error('it has lost what the gateways told it, and learns it again'), sentMs);
        return;
      case 'answered': {
        this.#era = undefined;
        this.#client.answered(sentMs);
        for (const answer of acquired.answers) this.#client.hear(answer, performance.now());
        this.#client.dropUnanswered(reports);
        this.#heard();
      }
    }
  }

  #tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const latestMs = Math.max(LATEST_MS, this.#options.deadlineMs);
    const late = Promise.withResolvers<never>();
    const cancel = whenLate(latestMs, () => late.reject(new Error(`no answer in ${latestMs} ms`)));
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      cancel();
    }
  }

  #heard(): void {
    this.#misses = 0;
    if (this.#isUp === false) this.#options.onTrouble({ type: 'back' });
    if (this.#isUp !== true) this.#onUp(true);
    this.#isUp = true;
    this.#tellNews();
  }

  /** Calls that were under way together fail together, which counts once. */
  #missed(error: unknown, sentMs: number): void {
    if (sentMs < this.#missedMs) return;
    this.#missedMs = performance.now();
    this.#misses += 1;
    this.#tellNews();
    if (this.#misses < MOST_MISSES || this.#isUp === false) return;
    this.#isUp = false;
    this.#onUp(false);
    this.#options.onTrouble({ type: 'lost', reason: (error as Error).message });
  }
}
