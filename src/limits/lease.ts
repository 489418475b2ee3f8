import {
  type LeaseAnswer,
  type LeasedCounter,
  leaseKey,
  type LeaseOptions,
  type LeaseRecord,
  type LeaseReport,
} from './lease-report.ts';
import { type Lease, NEW_LEASE } from './lease-state.ts';

/** How many needs have to be free, so that a node takes more than one request needs. */
const NEAR_NEEDS = 20;
const TICKS_AHEAD = 8;
const IDLE_MS = 2000;
const RECALLED_MS = 300;
/** The part of the time until it is forgotten for which a node uses its claim without an answer. */
const CERTAIN = 0.8;
const RESERVED_MS = 600_000;

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

  /** The counters whose records were lost, which have to be made known again. */
  lost(): LeasedCounter[] {
    const all = [...this.#leases.values()];
    return all
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
  ask(of: LeasedCounter, need: number, takesRest: boolean, crowd: number): LeaseReport | undefined {
    const lease = this.#leaseOf(of);
    if (lease.waiting !== 0) return undefined;
    lease.need = Math.max(need, lease.need * 0.9);
    return this.#report(lease, need, this.#wantOf(lease, need, crowd), takesRest);
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
      const isUnused = record === undefined || record.used + record.held === 0;
      if (lease.isIdle && isUnused && this.#claimOf(lease) === 0) continue;
      reports.push(this.#report(lease, 0, this.#reserveWanted(lease, nowMs), false));
    }
    return reports;
  }

  /** Returns reports of all that this node uses and claims. They replace those whose answers are awaited. */
  tellAll(nowMs: number): LeaseReport[] {
    this.#shelve(nowMs);
    return [...this.#leases.values()]
      .filter((lease) => this.#claimOf(lease) > 0 || this.#pendingOf(lease) > 0)
      .map((lease) => this.#report(lease, 0, 0, false));
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
    const record = records.leased(key);
    records.noteElsewhere(key, Math.max(0, answer.used - (record?.used ?? 0)));
    const target = this.#reserveTarget(lease, nowMs);
    if (lease.reserve < target) lease.reserve += records.takeBack(key, this.#surplus(lease, target));
  }

  /** The store has answered a call that was sent then. */
  answered(sentMs: number): void {
    this.#answeredMs = Math.max(sentMs, this.#answeredMs ?? 0);
    this.#isAway = false;
    if (!this.#isShelved) return;
    this.#isShelved = false;
    for (const lease of this.#leases.values()) this.#useReserve(lease);
  }

  /** A call had no answer in time. A late one must not be heard. The reserves may be used now. */
  missed(reports: readonly LeaseReport[]): void {
    this.#isAway = true;
    this.dropUnanswered(reports);
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

  /** How the store saw the counter when it last answered. */
  lastAnswer(key: string): { readonly free: number; readonly others: number } | undefined {
    return this.#leases.get(key);
  }

  /** The claim of this node on a counter. */
  claimOf(key: string): number {
    const lease = this.#leases.get(key);
    return lease === undefined ? 0 : this.#claimOf(lease);
  }

  #leaseOf(of: LeasedCounter): Lease {
    const known = this.#leases.get(of.key);
    if (known !== undefined) {
      known.of = of;
      return known;
    }
    const lease: Lease = { of, ...NEW_LEASE };
    this.#leases.set(of.key, lease);
    return lease;
  }

  #report(lease: Lease, need: number, want: number, takesRest: boolean): LeaseReport {
    const { counter, windowMs, limit } = lease.of;
    this.#tellGrown(lease);
    const claim = this.#claimOf(lease);
    const stored = this.#options.storedOf?.(counter, windowMs) ?? 0;
    const pending = this.#pendingOf(lease);
    lease.seq += 1;
    lease.waiting = lease.seq;
    lease.isIdle = claim === 0 && pending === 0;
    return { counter, windowMs, seq: lease.seq, pending, stored, claim, need, want, limit, takesRest };
  }

  #pendingOf({ of: { key, counter, windowMs } }: Lease): number {
    const { records, unstoredOf } = this.#options;
    return records.leased(key)?.used ?? unstoredOf?.(counter, windowMs) ?? 0;
  }

  /** A hold that outgrew the lease is told, not asked for: it is being spent. */
  #tellGrown(lease: Lease): void {
    const { records } = this.#options;
    const record = records.leased(lease.of.key);
    const lack = record === undefined ? 0 : record.used + record.held - record.allow;
    if (lack <= 0) return;
    const fromReserve = Math.min(lack, lease.reserve);
    lease.reserve -= fromReserve;
    records.allowMore(lease.of.key, lack);
  }

  #claimOf({ of, reserve }: Lease): number {
    const record = this.#options.records.leased(of.key);
    return record === undefined ? 0 : Math.max(record.allow - record.used, record.held) + reserve;
  }

  #wantOf(lease: Lease, need: number, crowd: number): number {
    if (this.#options.isExact === true || lease.free < NEAR_NEEDS * need) return need;
    const share = Math.floor(lease.free / (2 * lease.nodes));
    const most = Math.floor((lease.of.limit * this.#options.percent) / 100);
    return Math.max(need, Math.min(share, Math.max(most, crowd)));
  }

  #reserveWanted(lease: Lease, nowMs: number): number {
    if (lease.usedAtMs < nowMs - RESERVED_MS) return 0;
    return Math.max(0, this.#reserveTarget(lease, nowMs) - lease.reserve);
  }

  #reserveTarget(lease: Lease, nowMs: number): number {
    if (this.#options.hasReserve === false || this.#isNear(lease, nowMs)) return 0;
    return Math.floor(lease.free / (2 * lease.nodes));
  }

  #isNear(lease: Lease, nowMs: number): boolean {
    if (this.#options.isExact === true) return true;
    return lease.free < NEAR_NEEDS * Math.max(1, lease.need) || lease.recalledUntilMs > nowMs;
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
    if (this.#isNear(lease, nowMs)) {
      lease.reserve = 0;
      records.takeBack(lease.of.key, Infinity);
    } else if (nowMs - lease.usedAtMs > IDLE_MS) {
      records.takeBack(lease.of.key, Infinity);
      if (nowMs - lease.usedAtMs > RESERVED_MS) lease.reserve = 0;
    } else {
      records.takeBack(lease.of.key, this.#surplus(lease, Infinity));
    }
    const record = records.leased(lease.of.key);
    lease.left = record === undefined ? 0 : record.allow - record.used;
  }

  /** The part of the lease that is more than will soon be used, up to what a reserve of `target` lacks. */
  #surplus(lease: Lease, target: number): number {
    const record = this.#options.records.leased(lease.of.key);
    if (record === undefined) return 0;
    const most = Math.floor((lease.of.limit * this.#options.percent) / 100);
    const kept = Math.max(most, Math.ceil(lease.pace * TICKS_AHEAD));
    const surplus = record.allow - record.used - record.held - kept;
    return Math.max(0, Math.min(surplus, target - lease.reserve));
  }

  #useReserve(lease: Lease): void {
    if (lease.reserve === 0) return;
    this.#options.records.allowMore(lease.of.key, lease.reserve);
    lease.left += lease.reserve;
    lease.reserve = 0;
  }

  /** Before others may forget this node, it stops using its claim, which it keeps until the store answers. */
  #shelve(nowMs: number): void {
    if (this.#answeredMs === undefined || nowMs - this.#answeredMs < this.#options.forgetMs * CERTAIN) return;
    this.#isShelved = true;
    for (const lease of this.#leases.values())
      lease.reserve += this.#options.records.takeBack(lease.of.key, Infinity);
  }
}

function keyOf({ counter, windowMs }: Pick<LeaseReport, 'counter' | 'windowMs'>): string {
  return leaseKey(counter, windowMs);
}
