import type { UnknownRecord } from '../../limits/claim-counters.ts';
import { LeaseClient } from '../../limits/lease.ts';
import {
  leaseKey,
  type LeaseQuestion,
  type LeaseReport,
  type LeaseSource,
  type LeaseVerdict,
} from '../../limits/lease-report.ts';
import type { Use } from '../journal/line.ts';
import type { LeaseDeskOptions } from './lease-desk-options.ts';
import { NodeWatch } from './node-watch.ts';

const TICK_MS = 250;
/** A node without counters gives a sign of life this often. */
const BEAT_MS = 1000;
/** How long a refusal waits for what other nodes do not use. */
const RECALL_MS = 300;
const RECALL_PAUSE_MS = 60;
/** After a refusal, requests that need as much are refused for this long without a question. */
const DENIED_MS = 250;
/** After this many calls without an answer, requests do not ask until a tick is answered. */
const MOST_MISSES = 3;
const MOST_REPORTS = 500;
const FORGET_MS = 600_000;

/**
 * Takes leases from the store for all processes of this machine. Runs in the process that has the database: it alone
 * talks to the store, and requests wait for it only when the machine's lease is too small.
 */
export class LeaseDesk implements LeaseSource {
  readonly #options: LeaseDeskOptions;
  readonly #client: LeaseClient;
  readonly #watch: NodeWatch;
  /** The number of this life; undefined: the store does not know it yet. */
  #life: number | undefined;
  #starting: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isTicking = false;
  #beatMs = -Infinity;
  #misses = 0;
  #isUp: boolean | undefined;
  #isCleared = false;
  #isRecalled = false;
  #isClosed = false;
  #roundTripMs = 0;
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
    const { records, percent, ledger, table } = options;
    this.#client = new LeaseClient({
      records,
      percent,
      forgetMs: FORGET_MS,
      unstoredOf: ledger.unstoredOf,
    });
    this.#watch = new NodeWatch(table, ledger.node, FORGET_MS);
  }

  /** Resolves after the first call to the store, whether or not it was answered. */
  async start(): Promise<void> {
    this.#starting = this.#tick();
    await this.#starting;
    this.#starting = undefined;
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** For metrics and the Admin API. */
  status() {
    return {
      isUp: this.#isUp === true,
      roundTripMs: this.#roundTripMs,
      waits: this.#waits,
      nodes: this.#watch.live,
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
    if (this.#life === undefined || !isSettled) return;
    await this.#options.table.leave(this.#options.ledger.node, this.#life).catch(() => undefined);
  }

  async #lease({ of, need, takesRest }: LeaseQuestion): Promise<LeaseVerdict> {
    await this.#starting;
    const untilMs = performance.now() + RECALL_MS;
    for (;;) {
      if (this.#fits(of.key, need)) return 'again';
      const denied = this.#denied.get(of.key);
      if (denied !== undefined && denied.untilMs > performance.now() && need >= denied.need) return 'full';
      if (this.#life === undefined || this.#misses >= MOST_MISSES) return 'away';
      await this.#ask({ of, need, takesRest });
      if (this.#fits(of.key, need)) return 'again';
      if (this.#client.isAway) return 'away';
      const last = this.#client.lastAnswer(of.key);
      if (last === undefined || last.free >= need) {
        if (performance.now() > untilMs) return 'again';
        continue;
      }
      if (last.others <= 0 || performance.now() > untilMs) {
        this.#denied.set(of.key, { need, untilMs: performance.now() + DENIED_MS });
        return 'full';
      }
      await Bun.sleep(RECALL_PAUSE_MS);
    }
  }

  #fits(key: string, need: number): boolean {
    const record = this.#options.records.leased(key);
    return record !== undefined && record.used + record.held + need <= record.allow;
  }

  /** Asks the store, or waits for the question about the same counter that is under way. */
  async #ask({ of, need, takesRest }: LeaseQuestion): Promise<void> {
    const report = this.#client.ask(of, need, takesRest, this.#crowds.get(of.key) ?? need);
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

  async #tick(): Promise<void> {
    if (this.#isTicking || this.#isClosed) return;
    this.#isTicking = true;
    try {
      if (this.#life === undefined) await this.#register();
      else await this.#report();
    } finally {
      this.#isTicking = false;
    }
    if (this.#isRecalled && !this.#isClosed) {
      this.#isRecalled = false;
      setTimeout(() => void this.#tick(), 10).unref();
    }
  }

  async #report(): Promise<void> {
    const nowMs = performance.now();
    for (const of of this.#client.lost()) await this.seed({ ...of, isLeased: true });
    const reports = this.#client.tick(nowMs);
    const isBeat = nowMs - this.#beatMs >= BEAT_MS || this.#isUp === false;
    if (reports.length === 0 && !isBeat) return;
    if (isBeat) this.#beatMs = nowMs;
    for (let at = 0; at === 0 || at < reports.length; at += MOST_REPORTS)
      await this.#sendNamed(reports.slice(at, at + MOST_REPORTS));
    if (!isBeat || this.#isUp !== true) return;
    await this.#watch.look(performance.now()).catch(() => undefined);
    await this.#clear();
  }

  /** Reports of a tick. Questions about the same counters wait for their answer. */
  #sendNamed(reports: readonly LeaseReport[]): Promise<void> {
    const sending = this.#send(reports, true);
    for (const { counter, windowMs } of reports) this.#underWay.set(leaseKey(counter, windowMs), sending);
    return sending;
  }

  async #register(): Promise<void> {
    const { table, ledger, version } = this.#options;
    try {
      this.#life = await table.register(ledger.node, version);
      this.#isCleared = false;
      this.#heard();
      await this.#clear();
    } catch (error) {
      this.#missed(error);
    }
  }

  /** Deletes what earlier lives have told, once the ledger has what they used. */
  async #clear(): Promise<void> {
    const life = this.#life;
    if (this.#isCleared || life === undefined) return;
    const { table, ledger } = this.#options;
    if (!(await ledger.settle())) return;
    try {
      await table.clear(ledger.node, life);
      this.#isCleared = true;
    } catch {
      // The next tick is early enough.
    }
  }

  /** Sends reports, and takes the answers that come in time. Never rejects. */
  async #send(reports: readonly LeaseReport[], isTick: boolean): Promise<void> {
    const { table, ledger, deadlineMs } = this.#options;
    const life = this.#life;
    if (life === undefined) return this.#client.missed(reports);
    const sentMs = performance.now();
    const sent = reports.map((report) => ({ ...report, endMs: this.#client.endOf(report) }));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs);
    try {
      const answers = await Promise.race([
        table.acquire({ node: ledger.node, life, isTick, reports: sent }),
        late.promise,
      ]);
      this.#roundTripMs = performance.now() - sentMs;
      if (answers === undefined) return this.#startAgain(reports);
      this.#client.answered(sentMs);
      for (const answer of answers) {
        this.#client.hear(answer, performance.now());
        if (answer.isRecalled) this.#isRecalled = true;
      }
      this.#client.dropUnanswered(reports);
      this.#heard();
    } catch (error) {
      this.#client.missed(reports);
      this.#missed(error);
    } finally {
      clearTimeout(timer);
      for (const { counter, windowMs } of reports) this.#underWay.delete(leaseKey(counter, windowMs));
    }
  }

  #startAgain(reports: readonly LeaseReport[]): void {
    this.#client.missed(reports);
    this.#client.restart();
    this.#life = undefined;
    this.#options.onTrouble({ type: 'forgotten' });
  }

  #heard(): void {
    this.#misses = 0;
    if (this.#isUp === false) this.#options.onTrouble({ type: 'back' });
    this.#isUp = true;
  }

  #missed(error: unknown): void {
    this.#misses += 1;
    if (this.#misses < MOST_MISSES || this.#isUp === false) return;
    this.#isUp = false;
    this.#watch.reset();
    this.#options.onTrouble({ type: 'lost', reason: (error as Error).message });
  }

  async #seed({ counter, windowMs, endMs, key }: UnknownRecord): Promise<boolean> {
    const { publishAll, records, ledger } = this.#options;
    await publishAll(key);
    records.seedLeased(key, ledger.unstoredOf(counter, windowMs), endMs);
    return true;
  }
}
