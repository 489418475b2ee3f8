import { LocalTable } from '../../src/lib/number-table.ts';
import { counterFields, CounterLedger } from '../../src/limits/counter.ts';
import { LeaseClient } from '../../src/limits/lease.ts';
import {
  leaseKey,
  type LeaseAnswer,
  type LeasedCounter,
  type LeaseForm,
  type LeaseReport,
} from '../../src/limits/lease-report.ts';
import { EventHeap } from './event-heap.ts';
import { type Call, LeaseStore } from './lease-store.ts';
import { seededDice } from './seeded-dice.ts';

export interface FleetOptions {
  readonly nodes: number;
  readonly seconds: number;
  /** Keys, with a budget, a limit of requests per minute, and slots each. */
  readonly keys: number;
  /** Requests a second of each node. */
  readonly rate: number;
  /** The part of messages that is lost. */
  readonly loss: number;
  /** Milliseconds of a way to the store; up to as much again is added at random. */
  readonly delayMs: number;
  /** How many nodes are cut off from the store in each direction for a while. */
  readonly cutOff: number;
  /** Sees every call of the store. */
  readonly onCall?: (call: Call) => void;
}

/** The cost and the work of the fleet. */
export interface FleetFigures {
  readonly requests: number;
  readonly served: number;
  /** Requests that waited for the store. */
  readonly waited: number;
  readonly calls: number;
  readonly reports: number;
  readonly bytesSent: number;
  readonly bytesAnswered: number;
  /** Microseconds of CPU that all nodes spent on leases. */
  readonly cpuMicros: number;
  /** How much of the budget that ended was used, in percent. */
  readonly usedPercent: number;
  /** The excess over the limits: spent, admitted and under way. */
  readonly over: Readonly<Record<LeaseForm, number>>;
}

const NEED = 10;
const MEAN = 5.5;
const TICK_MS = 250;
const BEAT_TICKS = 4;
const DEADLINE_MS = 50;
const MOST_REPORTS = 200;
const TRIES = 4;
const RETRY_MS = 20;
const MINUTE_MS = 60_000;

/** The count of a limit over all nodes. */
interface Truth {
  readonly of: LeasedCounter;
  used: number;
  held: number;
  level: number;
  levelMs: number;
}

/** Many nodes with several limits in virtual time, around the real client and a model of the store. */
export class Fleet {
  readonly options: FleetOptions;
  readonly time = new EventHeap();
  readonly store = new LeaseStore();
  readonly roll = seededDice(1);
  readonly truths: Truth[][];
  readonly over: Record<LeaseForm, number> = { window: 0, bucket: 0, slots: 0 };
  readonly counts = {
    requests: 0,
    served: 0,
    waited: 0,
    calls: 0,
    reports: 0,
    bytesSent: 0,
    bytesAnswered: 0,
  };
  cpuMs = 0;

  constructor(options: FleetOptions) {
    this.options = options;
    const { nodes, seconds, rate, keys } = options;
    const perKey = (nodes * rate) / keys;
    // The first key's budget ends after four fifths of the time, and its rate and slots just suffice. Others have plenty.
    const tight = { window: perKey * seconds * 0.8 * MEAN, bucket: perKey * 60, slots: perKey * 0.4 };
    const ample = { window: perKey * 86_400 * MEAN, bucket: perKey * 120, slots: perKey * 4 };
    this.truths = Array.from({ length: keys }, (_, key) =>
      (['window', 'bucket', 'slots'] as const).map((form) =>
        truthOf(`key:k${key}/${form}`, form, Math.ceil((key === 0 ? tight : ample)[form])),
      ),
    );
  }

  run(): FleetFigures {
    const { nodes, seconds } = this.options;
    for (let index = 0; index < nodes; index++) new FleetNode(this, index).boot();
    this.time.runUntil(seconds * 1000);
    const tight = this.truths[0]?.find(({ of }) => of.form === 'window');
    const usedPercent = tight === undefined ? 0 : (100 * tight.used) / tight.of.limit;
    return { ...this.counts, cpuMicros: this.cpuMs * 1000, usedPercent, over: this.over };
  }

  /** Calls the store over the network. */
  call(node: number, call: Call, hear: (answers: LeaseAnswer[]) => void): void {
    const { delayMs, loss } = this.options;
    const travel = (): number => delayMs * (1 + this.roll());
    this.counts.calls += 1;
    this.counts.reports += call.reports.length;
    this.counts.bytesSent += bytesOf(call.reports);
    if (this.#isCut(node, 1) || this.roll() < loss) return;
    this.time.after(travel(), () => {
      this.options.onCall?.(call);
      const answers = this.store.acquire(call, this.time.nowMs) ?? [];
      this.counts.bytesAnswered += bytesOf(answers);
      if (this.#isCut(node, 2) || this.roll() < loss) return;
      this.time.after(travel(), () => hear(answers));
    });
  }

  note({ of, ...now }: Truth): void {
    const worst =
      of.form === 'window'
        ? now.used - of.limit
        : of.form === 'slots'
          ? now.held - of.limit
          : now.level - of.limit - of.perMs * 1000;
    this.over[of.form] = Math.max(this.over[of.form], worst);
  }

  /** Some nodes do not reach the store in the second quarter of the time, and others do not hear it in the third. */
  #isCut(node: number, quarter: number): boolean {
    const { cutOff, seconds } = this.options;
    const isNow = Math.floor((4 * this.time.nowMs) / (seconds * 1000)) === quarter;
    return isNow && node >= (quarter - 1) * cutOff && node < quarter * cutOff;
  }
}

class FleetNode {
  readonly #fleet: Fleet;
  readonly #index: number;
  readonly #records = new CounterLedger(new LocalTable(counterFields(1, true)));
  readonly #client: LeaseClient;
  #life = 0;
  #ticks = 0;

  constructor(fleet: Fleet, index: number) {
    this.#fleet = fleet;
    this.#index = index;
    this.#client = new LeaseClient({ records: this.#records, percent: 2, forgetMs: 600_000 });
  }

  boot(): void {
    const { time, roll, truths, store } = this.#fleet;
    this.#life = store.register(`n${this.#index}`, time.nowMs);
    for (const { of } of truths.flat()) this.#records.seedLeased(of.key, 0, Infinity);
    time.after(roll() * TICK_MS, () => this.#tick());
    this.#arrive();
  }

  #arrive(): void {
    const { time, roll, options, truths, counts } = this.#fleet;
    time.after((-Math.log(roll() || 1e-9) * 1000) / options.rate, () => {
      counts.requests += 1;
      const key = truths[Math.floor(roll() * truths.length)];
      if (key !== undefined) this.#request(key, TRIES);
      this.#arrive();
    });
  }

  #request(truths: readonly Truth[], triesLeft: number): void {
    const short = this.#measured(() => this.#take(truths));
    if (short === undefined) return this.#serve(truths);
    const { time, counts } = this.#fleet;
    if (triesLeft === TRIES) counts.waited += 1;
    if (triesLeft === 0) return;
    const need = needOf(short);
    const question = { of: short.of, need, takesRest: false };
    const report = this.#measured(() => this.#client.ask(question, need, time.nowMs));
    if (report !== undefined) this.#send([report], false);
    time.after(RETRY_MS, () => this.#request(truths, triesLeft - 1));
  }

  /** Holds what the request needs of all limits, or returns the one that is short. */
  #take(truths: readonly Truth[]): Truth | undefined {
    const taken: Truth[] = [];
    for (const truth of truths) {
      const { key, limit } = truth.of;
      const wanted = { amount: limit, endMs: Infinity, mayPassIdle: false, isSoft: false, isLeased: true };
      if (this.#records.take(key, { need: needOf(truth), ...wanted }).kind === 'taken') taken.push(truth);
      else {
        for (const one of taken) this.#records.settle(one.of.key, { held: needOf(one), endMs: Infinity }, 0);
        return truth;
      }
    }
    return undefined;
  }

  #serve(truths: readonly Truth[]): void {
    const fleet = this.#fleet;
    const { time, roll, counts } = fleet;
    counts.served += 1;
    for (const truth of truths) {
      truth.held += 1;
      truth.level = Math.max(0, truth.level - (time.nowMs - truth.levelMs) * truth.of.perMs) + 1;
      truth.levelMs = time.nowMs;
      fleet.note(truth);
    }
    const cost = 1 + Math.floor(roll() * NEED);
    time.after(30 + roll() * 400, () => {
      for (const truth of truths) {
        const { form, key } = truth.of;
        const used = form === 'window' ? cost : form === 'bucket' ? 1 : 0;
        truth.used += used;
        truth.held -= 1;
        fleet.note(truth);
        this.#measured(() => this.#records.settle(key, { held: needOf(truth), endMs: Infinity }, used));
      }
    });
  }

  #tick(): void {
    const { time } = this.#fleet;
    const reports = this.#measured(() => this.#client.tick(time.nowMs));
    if (this.#ticks++ % BEAT_TICKS === 0 && reports.length === 0) this.#send([], true);
    for (let at = 0; at < reports.length; at += MOST_REPORTS)
      this.#send(reports.slice(at, at + MOST_REPORTS), true);
    time.after(TICK_MS, () => this.#tick());
  }

  #send(reports: readonly LeaseReport[], isTick: boolean): void {
    const { time } = this.#fleet;
    const sentMs = time.nowMs;
    let isOver = false;
    const call = { node: `n${this.#index}`, life: this.#life, isTick, reports };
    this.#fleet.call(this.#index, call, (answers) => {
      if (isOver) return;
      isOver = true;
      this.#measured(() => {
        this.#client.answered(sentMs);
        for (const answer of answers) this.#client.hear(answer, time.nowMs);
        this.#client.dropUnanswered(reports);
      });
    });
    time.after(DEADLINE_MS, () => {
      if (!isOver) this.#client.missed(reports);
      isOver = true;
    });
  }

  #measured<T>(work: () => T): T {
    const beganMs = performance.now();
    const result = work();
    this.#fleet.cpuMs += performance.now() - beganMs;
    return result;
  }
}

function truthOf(counter: string, form: LeaseForm, limit: number): Truth {
  const perMs = form === 'bucket' ? limit / MINUTE_MS : 0;
  const of = { counter, form, windowMs: 0, endMs: Infinity, key: leaseKey(counter, 0), limit, perMs };
  return { of, used: 0, held: 0, level: 0, levelMs: 0 };
}

function needOf({ of }: Truth): number {
  return of.form === 'window' ? NEED : 1;
}

/** About the bytes of a call, and of an answer: names as short as the drivers'. */
function bytesOf(rows: readonly (LeaseReport | LeaseAnswer)[]): number {
  return rows.reduce(
    (sum, row) => sum + Object.values(row).join('').length + 5 * Object.keys(row).length,
    80,
  );
}
