import {
  type LeaseAnswer,
  type LeasedCounter,
  type LeaseOptions,
  type LeaseQuestion,
  type LeaseRecord,
  type LeaseReport,
} from './lease-report.ts';
import { hasToTell, NOTHING, reportOf } from './lease-write.ts';
import { leaseAhead, type TickTime } from './lease-ahead.ts';
import {
  isNear,
  isUnused,
  RESERVED_MS,
  reserveTarget,
  surplusOf,
  wantedAhead,
  wantOf,
} from './lease-size.ts';
import { claimOf, countUse, isSettled, keyOf, type Lease, NEW_LEASE } from './lease-state.ts';

const RECALLED_MS = 300;
/** The part of the time until it is forgotten for which a node uses its claim without an answer. */
const CERTAIN = 0.8;
/** After this silence the slots of a node are given to others, except for its share. */
const SLOTS_FORGET_MS = 5000;

/**
 * A machine's side of limits that several machines share. It takes parts of a limit in advance, so that requests wait for
 * the store only near the limit's end. Safe under loss, repetition and disorder: the sum over all nodes of `pending` and
 * `claim`, with the ledger, never passes the limit by a grant.
 */
export class LeaseClient {
  readonly #options: LeaseOptions;
  readonly #leases = new Map<string, Lease>();
  /** When the last answered call was sent. */
  #answeredMs: number | undefined;
  #isAway = false;
  #isShelved = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * The counters that have to be made known before the next tick: those whose records were lost, and those of windows that begin
   * soon.
   */
  unseeded(time: TickTime): LeasedCounter[] {
    leaseAhead(this.#leases, this.#options, time);
    return [...this.#leases.values()]
      .filter(({ of, isIdle }) => !isIdle && this.#options.records.leased(of.key) === undefined)
      .map(({ of }) => of);
  }

  /** The end of a counter's window. */
  endOf(report: Pick<LeaseReport, 'counter' | 'windowMs'>): number {
    return this.#leases.get(keyOf(report))?.of.endMs ?? Infinity;
  }

  /** Whether the last call to the store had no answer. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** A report that asks for more. undefined: the answer to another one is awaited. `crowd`: all that wait for it need. */
  ask({ of, need, takesRest }: LeaseQuestion, crowd: number, nowMs: number): LeaseReport | undefined {
    const lease = this.#leaseOf(of);
    if (lease.waiting !== 0) return undefined;
    lease.need = Math.max(need, lease.need * 0.9);
    lease.usedAtMs = nowMs;
    const want = wantOf(lease, this.#options, need, crowd);
    return reportOf(lease, this.#options, { need, want, takesRest }, nowMs);
  }

  /** Reports a counter that never asks for more, because its limit only warns. */
  watch(of: LeasedCounter): void {
    this.#leaseOf(of);
  }

  /** Returns the reports that are due at each tick. Gives back leases that are idle or recalled. */
  tick(nowMs: number): LeaseReport[] {
    const reports: LeaseReport[] = [];
    this.#shelve(nowMs);
    for (const [key, lease] of this.#leases) {
      if (lease.waiting !== 0) continue;
      const record = this.#options.records.leased(key);
      if (record === undefined && lease.isIdle) {
        this.#leases.delete(key);
        continue;
      }
      this.#notePace(lease, record, nowMs);
      if (!this.#isAway) this.#giveBack(lease, nowMs);
      countUse(lease, this.#options);
      const want = wantedAhead(lease, this.#options, nowMs);
      if (want > 0 || !isSettled(lease, this.#options))
        reports.push(reportOf(lease, this.#options, { ...NOTHING, want }, nowMs));
    }
    return reports;
  }

  /** Returns reports of all that this node uses and claims. They replace those whose answers are awaited. */
  tellAll(nowMs: number): LeaseReport[] {
    this.#shelve(nowMs);
    return [...this.#leases.values()]
      .filter((lease) => hasToTell(lease, this.#options, nowMs))
      .map((lease) => reportOf(lease, this.#options, NOTHING, nowMs));
  }

  /** Allows what a request needs without a grant, and tells it as claimed. */
  overdraw(of: LeasedCounter, need: number): void {
    this.#leaseOf(of);
    const record = this.#options.records.leased(of.key);
    if (record === undefined) return;
    const lack = record.used + record.held + need - record.allow;
    if (lack > 0) this.#options.records.allowMore(of.key, lack);
  }

  /** Takes an answer in time. One to an older report than the newest is ignored: its grant was given back already. */
  hear(answer: LeaseAnswer, nowMs: number): void {
    const lease = this.#leases.get(keyOf(answer));
    if (lease === undefined || lease.waiting !== answer.seq) return;
    lease.waiting = 0;
    lease.isKnown = true;
    lease.free = answer.free;
    lease.others = answer.others;
    lease.nodes = Math.max(1, answer.nodes);
    if (answer.isRecalled || answer.free < 0) lease.recalledUntilMs = nowMs + RECALLED_MS;
    const { records } = this.#options;
    const { key } = lease.of;
    if (answer.granted > 0) {
      records.allowMore(key, answer.granted);
      lease.left += answer.granted;
      lease.isIdle = false;
    }
    this.#noteElsewhere(lease, answer, nowMs);
    const target = reserveTarget(lease, this.#options, nowMs);
    if (lease.reserve < target)
      lease.reserve += records.takeBack(key, surplusOf(lease, this.#options, target, nowMs));
  }

  #noteElsewhere(lease: Lease, { used, fullInMs }: LeaseAnswer, nowMs: number): void {
    const { records } = this.#options;
    const { key, form } = lease.of;
    if (form === 'bucket') {
      lease.knownTotal = lease.toldTotal;
      lease.knownAlone = lease.toldAlone;
      lease.fullAtMs = nowMs + fullInMs;
      records.noteElsewhere(key, lease.fullAtMs);
      return;
    }
    const record = records.leased(key);
    const own = (form === 'slots' ? record?.held : record?.used) ?? 0;
    records.noteElsewhere(key, Math.max(0, used - own));
  }

  /** The store has answered a call that was sent then. */
  answered(sentMs: number): void {
    this.#answeredMs = Math.max(sentMs, this.#answeredMs ?? 0);
    this.#isAway = false;
    if (!this.#isShelved) return;
    this.#isShelved = false;
    for (const lease of this.#leases.values()) this.#useReserve(lease);
  }

  /** A call had no answer, and a late one must not be heard. */
  missed(reports: readonly LeaseReport[]): void {
    this.dropUnanswered(reports);
    this.delayed();
  }

  /** A call takes longer than a request waits. The reserves may be used now. A late answer is still heard. */
  delayed(): void {
    this.#isAway = true;
    if (this.#isShelved) return;
    for (const lease of this.#leases.values()) this.#useReserve(lease);
  }

  /** The store has ignored those of the reports that it has not answered, since it knows newer ones. */
  dropUnanswered(reports: readonly LeaseReport[]): void {
    for (const report of reports) {
      const lease = this.#leases.get(keyOf(report));
      if (lease?.waiting === report.seq) lease.waiting = 0;
    }
  }

  /** Gives up every claim, because the store has forgotten this node. What requests hold is told again. */
  restart(): void {
    for (const lease of this.#leases.values()) {
      lease.waiting = 0;
      lease.reserve = 0;
      this.#options.records.takeBack(lease.of.key, Infinity);
      lease.left = 0;
    }
    this.#isShelved = false;
  }

  /** Whether the store has ever answered a report of a counter. */
  isKnown(key: string): boolean {
    return this.#leases.get(key)?.isKnown === true;
  }

  /** Whether the answer to a report of a counter is awaited, and would still be heard. */
  isWaiting(key: string): boolean {
    return (this.#leases.get(key)?.waiting ?? 0) !== 0;
  }

  /** How the store saw the counter when it last answered. */
  lastAnswer(key: string): { readonly free: number; readonly others: number } {
    return this.#leases.get(key) ?? NEW_LEASE;
  }

  /** The claims of this node by the name of the counter, in the latest window that was used. */
  claims(): Map<string, number> {
    const used = [...this.#leases.values()].filter(({ isAhead }) => !isAhead);
    return new Map(used.map((lease) => [lease.of.counter, claimOf(lease, this.#options)]));
  }

  /** The claim of this node on a counter. */
  claimOf(key: string): number {
    const lease = this.#leases.get(key);
    return lease === undefined ? 0 : claimOf(lease, this.#options);
  }

  #leaseOf(of: LeasedCounter): Lease {
    const known = this.#leases.get(of.key);
    if (known !== undefined) {
      known.of = of;
      known.isAhead = false;
      return known;
    }
    const lease: Lease = { of, ...NEW_LEASE };
    this.#leases.set(of.key, lease);
    return lease;
  }

  #notePace(lease: Lease, record: LeaseRecord | undefined, nowMs: number): void {
    const left = record === undefined ? 0 : record.allow - record.used;
    const used = Math.max(0, lease.left - left);
    if (used > 0 || (record !== undefined && record.held > 0)) lease.usedAtMs = nowMs;
    lease.pace = lease.pace * 0.75 + used * 0.25;
    lease.left = left;
  }

  #giveBack(lease: Lease, nowMs: number): void {
    const { records } = this.#options;
    if (isNear(lease, this.#options, nowMs)) {
      lease.reserve = 0;
      records.takeBack(lease.of.key, Infinity);
    } else if (isUnused(lease, nowMs)) {
      records.takeBack(lease.of.key, Infinity);
      if (nowMs - lease.usedAtMs > RESERVED_MS) lease.reserve = 0;
    } else {
      records.takeBack(lease.of.key, surplusOf(lease, this.#options, Infinity, nowMs));
    }
    const record = records.leased(lease.of.key);
    lease.left = record === undefined ? 0 : record.allow - record.used;
  }

  #useReserve(lease: Lease): void {
    if (lease.reserve === 0) return;
    this.#options.records.allowMore(lease.of.key, lease.reserve);
    lease.left += lease.reserve;
    lease.reserve = 0;
  }

  /**
   * Before others may forget this node, it stops using its claim, which it keeps until the store answers. Slots are given to
   * others much sooner, and what was leased of a bucket is as good as lost.
   */
  #shelve(nowMs: number): void {
    if (this.#answeredMs === undefined) return;
    const silentMs = nowMs - this.#answeredMs;
    if (silentMs < SLOTS_FORGET_MS * CERTAIN) return;
    const areWindowsShelved = silentMs >= this.#options.forgetMs * CERTAIN;
    if (areWindowsShelved) this.#isShelved = true;
    for (const lease of this.#leases.values()) {
      const { form, key } = lease.of;
      if (form === 'window') {
        if (areWindowsShelved) lease.reserve += this.#options.records.takeBack(key, Infinity);
      } else {
        lease.reserve = 0;
        this.#options.records.takeBack(key, Infinity);
      }
    }
  }
}
