import type { UnknownRecord } from '../../limits/claim-taking.ts';
import { LeaseClient } from '../../limits/lease.ts';
import {
  type LeasedCounter,
  leaseKey,
  type LeaseQuestion,
  type LeaseReport,
  type LeaseSource,
  type LeaseVerdict,
} from '../../limits/lease-report.ts';
import type { Use } from '../journal/line.ts';
import type { LeaseDeskOptions } from './lease-desk-options.ts';
import { LATEST_MS, LeaseLink, MOST_REPORTS } from './lease-link.ts';
import { NodeWatch } from './node-watch.ts';

const TICK_MS = 250;
/** A node without counters gives a sign of life this often. */
const BEAT_MS = 1000;
/** How long a refusal waits for what other nodes do not use. */
const RECALL_MS = 300;
const RECALL_PAUSE_MS = 60;
/** After a refusal, requests that need as much are refused for this long without a question. */
const DENIED_MS = 250;
/** A slot may be free at any moment. */
const SLOTS_DENIED_MS = 50;
const FORGET_MS = 600_000;
/** How long the start waits for a store that learns what the nodes know. */
const START_MS = 1000;
const START_PAUSE_MS = 25;

/**
 * Takes leases from the store for all processes of this machine. Runs in the process that has the database: it alone
 * talks to the store, and requests wait for it only when the machine's lease is too small.
 */
export class LeaseDesk implements LeaseSource {
  readonly #options: LeaseDeskOptions;
  readonly #client: LeaseClient;
  readonly #watch: NodeWatch;
  readonly #link: LeaseLink;
  #starting: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isTicking = false;
  #beatMs = -Infinity;
  #isRecalled = false;
  #isClosed = false;
  #waits = 0;
  /** The questions of this turn. */
  #batch: LeaseReport[] = [];
  #sending: Promise<void> | undefined;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #seedings = new Map<string, Promise<boolean>>();
  readonly #crowds = new Map<string, number>();
  readonly #denied = new Map<string, { readonly need: number; readonly untilMs: number }>();

  constructor(options: LeaseDeskOptions) {
    this.#options = options;
    const { records, percent, ledger, store, whenAway, isExact, isLostSpent = false } = options;
    this.#client = new LeaseClient({
      records,
      percent,
      forgetMs: isLostSpent ? Infinity : FORGET_MS,
      isExact,
      hasReserve: whenAway !== 'closed',
      unstoredOf: ledger.unstoredOf,
      storedOf: ledger.storedOf,
    });
    this.#watch = new NodeWatch(store, ledger.node, { forgetMs: FORGET_MS, isLostSpent });
    this.#link = new LeaseLink(options, this.#client, (isUp) => {
      if (!isUp) this.#watch.reset();
    });
  }

  /**
   * Resolves when the store grants leases, or after a second. A store that is new, or that has lost its contents, first
   * learns what all nodes know.
   */
  async start(): Promise<void> {
    this.#starting = this.#start();
    await this.#starting;
    this.#starting = undefined;
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** For metrics and the Admin API. */
  status() {
    return {
      nodes: this.#watch.live,
      store: {
        isUp: this.#link.isUp === true,
        roundTripMs: this.#link.roundTripMs,
        waits: this.#waits,
        claims: () => this.#client.claims(),
      },
    };
  }

  /** Makes a shared counter known: what this machine has used of it that the ledger does not have. */
  readonly seed = (record: UnknownRecord): Promise<boolean> => {
    const known = this.#seedings.get(record.key);
    if (known !== undefined) return known;
    const seeding = this.#seed(record).finally(() => this.#seedings.delete(record.key));
    this.#seedings.set(record.key, seeding);
    return seeding;
  };

  readonly lease = async (question: LeaseQuestion): Promise<LeaseVerdict> => {
    const { of, need } = question;
    const crowd = this.#crowds.get(of.key) ?? 0;
    this.#crowds.set(of.key, crowd + need);
    this.#waits += 1;
    try {
      return await this.#lease(question);
    } finally {
      const left = (this.#crowds.get(of.key) ?? 0) - need;
      if (left > 0) this.#crowds.set(of.key, left);
      else this.#crowds.delete(of.key);
    }
  };

  /** The database now has these uses of this machine. */
  readonly markStored = (uses: readonly Use[]): void => {
    for (const [counter, windowMs, amount] of uses)
      this.#options.records.markStored(leaseKey(counter, windowMs), amount);
  };

  /** A use of this machine that no process has told its counters. */
  readonly adjust = ([counter, windowMs, amount]: Use): void =>
    this.#options.records.adjust(leaseKey(counter, windowMs), amount);

  /** Stops. Call it when no more requests are served. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#sending;
  }

  /** Frees all claims, once the ledger is closed and has everything. */
  async leave(isSettled: boolean): Promise<void> {
    if (isSettled) await this.#link.leave();
  }

  async #lease({ of, need, takesRest }: LeaseQuestion): Promise<LeaseVerdict> {
    await this.#starting;
    const beganMs = performance.now();
    const untilMs = beganMs + Math.max(RECALL_MS, 2 * this.#options.deadlineMs);
    for (;;) {
      if (this.#fits(of.key, need)) return 'again';
      const denied = this.#denied.get(of.key);
      if (denied !== undefined && denied.untilMs > performance.now() && need >= denied.need) return 'full';
      if (!this.#link.isWorthAsking) return this.#serveAway(of, need);
      await this.#ask({ of, need, takesRest });
      if (this.#fits(of.key, need)) return 'again';
      const isLate = performance.now() > untilMs;
      if (this.#client.isAway || this.#isUnheard(of.key)) {
        if (!this.#mayWaitOn(of, isLate, beganMs)) return this.#serveAway(of, need);
        if (this.#client.isWaiting(of.key)) await this.#link.news;
        continue;
      }
      const last = this.#client.lastAnswer(of.key);
      if (last.free < need) {
        if (last.others > 0 && !isLate) {
          await Bun.sleep(RECALL_PAUSE_MS);
          continue;
        }
        this.#denied.set(of.key, { need, untilMs: performance.now() + deniedMs(of, need - last.free) });
        return 'full';
      }
      if (isLate) return 'full';
    }
  }

  /** Whether the answer about a counter is late, or the store cannot tell what was used of it. */
  #isUnheard(key: string): boolean {
    if (!this.#client.isWaiting(key)) return !this.#client.isKnown(key);
    return !this.#underWay.has(key);
  }

  /** Whether a request that would be refused waits on, because the store may only be slow. */
  #mayWaitOn({ form, key }: LeasedCounter, isLate: boolean, beganMs: number): boolean {
    if (form !== 'window' || this.#options.whenAway === 'open' || !this.#link.isWorthAsking) return false;
    const { isAway } = this.#client;
    // The reserve of a counter is all that it can have, and one that is unknown has none yet.
    if (this.#client.isKnown(key)) return !isAway && !isLate;
    return (isAway || this.#client.isWaiting(key)) && performance.now() < beganMs + LATEST_MS;
  }

  /** Nothing is to be had from the store. */
  #serveAway(of: LeasedCounter, need: number): LeaseVerdict {
    if (of.form !== 'window') return { nodes: this.#watch.known };
    if (this.#options.whenAway !== 'open') return 'away';
    this.#client.overdraw(of, need);
    return this.#fits(of.key, need) ? 'again' : 'away';
  }

  #fits(key: string, need: number): boolean {
    const record = this.#options.records.leased(key);
    return record !== undefined && record.used + record.held + need <= record.allow;
  }

  /** Asks the store, or waits for the question about the same counter that is under way. */
  async #ask({ of, need, takesRest }: LeaseQuestion): Promise<void> {
    const crowd = this.#crowds.get(of.key) ?? need;
    const report = this.#client.ask({ of, need, takesRest }, crowd, performance.now());
    if (report === undefined) return (await this.#underWay.get(of.key)) ?? Bun.sleep(1);
    this.#batch.push(report);
    this.#sending ??= Promise.resolve().then(async () => {
      const batch = this.#batch;
      this.#batch = [];
      this.#sending = undefined;
      await this.#send(batch, false);
    });
    const sending = this.#sending;
    this.#underWay.set(of.key, sending);
    await sending;
  }

  async #start(): Promise<void> {
    const untilMs = performance.now() + START_MS;
    await this.#tick();
    // The first tick has told the store of this life only.
    await this.#tick();
    while ((this.#link.isUnknown || this.#link.hasToldAlone) && performance.now() < untilMs) {
      await Bun.sleep(START_PAUSE_MS);
      await this.#tick();
    }
  }

  async #tick(): Promise<void> {
    if (this.#isTicking || this.#isClosed) return;
    this.#isTicking = true;
    try {
      if (this.#link.isRegistered) await this.#report();
      else await this.#link.register();
    } finally {
      this.#isTicking = false;
    }
    // The store waits for what this node knows, or another node waits for what it does not use.
    if ((this.#isRecalled || this.#link.isNewlyUnknown) && !this.#isClosed) {
      this.#isRecalled = false;
      setTimeout(() => void this.#tick(), 10).unref();
    }
  }

  async #report(): Promise<void> {
    const nowMs = performance.now();
    for (const of of this.#client.unseeded({ nowMs, epochMs: Date.now() }))
      await this.seed({ ...of, leased: of });
    if (this.#link.isUnknown) return this.#link.tellAll(this.#client.tellAll(nowMs));
    const reports = this.#client.tick(nowMs);
    const isUrgent = this.#link.isInDoubt || this.#link.hasToldAlone;
    const isBeat = nowMs - this.#beatMs >= BEAT_MS || isUrgent;
    if (reports.length === 0 && !isBeat) return;
    if (isBeat) this.#beatMs = nowMs;
    for (let at = 0; at === 0 || at < reports.length; at += MOST_REPORTS)
      await this.#sendNamed(reports.slice(at, at + MOST_REPORTS));
    if (!isBeat || this.#link.isUp !== true || this.#link.isInDoubt) return;
    await this.#watch.look(performance.now()).catch(() => undefined);
    await this.#link.clear();
  }

  /** Reports of a tick. Questions about the same counters wait for their answer. */
  #sendNamed(reports: readonly LeaseReport[]): Promise<void> {
    const sending = this.#send(reports, true);
    for (const { counter, windowMs } of reports) this.#underWay.set(leaseKey(counter, windowMs), sending);
    return sending;
  }

  async #send(reports: readonly LeaseReport[], isTick: boolean): Promise<void> {
    if (await this.#link.send(reports, isTick)) this.#isRecalled = true;
    for (const { counter, windowMs } of reports) this.#underWay.delete(leaseKey(counter, windowMs));
  }

  async #seed({ counter, windowMs, endMs, key, leased }: UnknownRecord): Promise<boolean> {
    const { publishAll, records, ledger } = this.#options;
    await publishAll(key);
    // Only windows are in the ledger.
    const isInLedger = leased === undefined || leased.form === 'window';
    records.seedLeased(key, isInLedger ? ledger.unstoredOf(counter, windowMs) : 0, endMs);
    if (leased?.isSoft === true) this.#client.watch(leased);
    return true;
  }
}

/** For how long nobody has to ask again. A bucket refills by what is lacking. */
function deniedMs({ form, perMs }: LeasedCounter, lack: number): number {
  if (form === 'slots') return SLOTS_DENIED_MS;
  return form === 'bucket' ? Math.min(DENIED_MS, Math.max(1, lack / perMs)) : DENIED_MS;
}
