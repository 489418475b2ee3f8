import { LocalTable } from '../../src/lib/number-table.ts';
import { counterFields, CounterLedger } from '../../src/limits/counter.ts';
import { LeaseClient } from '../../src/limits/lease.ts';
import {
  leaseKey,
  type LeaseAnswer,
  type LeaseForm,
  type LeaseReport,
} from '../../src/limits/lease-report.ts';
import { LeaseShare } from './lease-share.ts';
import { LeaseStore } from './lease-store.ts';
import type { Outcome, World } from './lease-trouble.ts';
import { seededDice } from './seeded-dice.ts';

/** The need of a request. One of a slot is 1. */
const NEED = 10;
/** A bucket is full after this time, unless the world says otherwise. */
const FULL_MS = 10_000;
/** A machine takes units of a bucket for as long ahead. */
const AHEAD_MS = 1000;
const ENDS_MS = 24_000;
const START_MS = 1000;
const COUNTER = 'key:app/cost/day';
const DAY_MS = 86_400_000;
/** A report is on its way to the store a tick after what it tells of, at the latest. */
const UNREPORTED_MS = 260;

interface SimulatedWindow {
  readonly windowMs: number;
  readonly endMs: number;
  readonly key: string;
  spent: number;
}

/** Three nodes, a network and a store with troubles, in virtual time, around the real client. */
export class LeaseWorld {
  readonly #world: World;
  readonly #dice: () => number;
  readonly #events: { atMs: number; run: () => void }[] = [];
  readonly #store = new LeaseStore();
  readonly #nodes: SimulatedNode[];
  readonly windows: readonly SimulatedWindow[];
  #nowMs = 0;
  #servedAfterMidnight = 0;
  /** The part of the bucket that was taken and has not flowed in again. */
  #level = 0;
  #levelMs = 0;
  lastServedMs = 0;
  forgotten = 0;
  lost = 0;
  /** The refused requests that one machine would have admitted with a third of the bucket. */
  #refused = 0;
  #worst = -Infinity;

  constructor(world: World) {
    this.#world = world;
    this.#dice = seededDice(world.seed);
    const { midnightMs } = world.trouble;
    this.windows =
      midnightMs === undefined || this.form !== 'window'
        ? [newWindow(0, Infinity)]
        : [newWindow(midnightMs - DAY_MS, midnightMs), newWindow(midnightMs, midnightMs + DAY_MS)];
    this.#nodes = world.rates.map((_, index) => new SimulatedNode(index, this));
  }

  run(): Outcome {
    const { rates, trouble, limit } = this.#world;
    for (const [index, node] of this.#nodes.entries()) {
      node.boot();
      this.#arrive(node, rates[index] ?? 1);
    }
    for (const atMs of trouble.losses ?? []) this.after(atMs, () => this.#store.lose());
    for (const { node, atMs, backMs } of trouble.crashes ?? [])
      this.after(atMs, () => this.#nodes[node]?.crash(backMs));
    for (;;) {
      this.#events.sort((a, b) => b.atMs - a.atMs);
      const next = this.#events.pop();
      if (next === undefined || next.atMs > ENDS_MS) break;
      this.#nowMs = next.atMs;
      next.run();
    }
    return {
      refused: this.#refused,
      over: Math.max(0, this.#worst),
      overspent: Math.max(0, ...this.windows.map(({ spent }) => spent - limit)),
      spent: this.window.spent / limit,
      left: limit - this.window.spent,
      lastServedMs: ENDS_MS - this.lastServedMs,
      forgotten: this.forgotten,
      lost: this.lost,
      servedAfterMidnight: this.#servedAfterMidnight,
    };
  }

  /** The window of now. */
  get window(): SimulatedWindow {
    const [first, second = first] = this.windows;
    const window = second !== undefined && this.#nowMs >= second.windowMs ? second : first;
    if (window === undefined) throw new Error('no window');
    return window;
  }

  /** Notes that a node serves a request. */
  serves(node: number): void {
    this.lastServedMs = this.#nowMs;
    if (this.window !== this.windows[1]) return;
    if (this.#isDown() || this.#isCut(node, '<') || this.#isCut(node, '>')) this.#servedAfterMidnight += 1;
  }

  get nowMs(): number {
    return this.#nowMs;
  }
  get store(): LeaseStore {
    return this.#store;
  }
  get limit(): number {
    return this.#world.limit;
  }
  get form(): LeaseForm {
    return this.#world.form ?? 'window';
  }
  get perMs(): number {
    return this.form === 'bucket' ? this.limit / (this.#world.fullMs ?? FULL_MS) : 0;
  }
  get need(): number {
    return this.form === 'slots' ? 1 : NEED;
  }
  get forgetMs(): number {
    return this.#world.forgetMs ?? 600_000;
  }
  get isLostSpent() {
    return this.#world.isLostSpent;
  }
  readonly roll = (): number => this.#dice();
  get storeMs(): number {
    const step = this.#world.trouble.clockStep;
    return this.#nowMs + (step !== undefined && this.#nowMs > step.atMs ? step.ms : 0);
  }

  after(ms: number, run: () => void): void {
    this.#events.push({ atMs: this.#nowMs + ms, run });
  }

  /** Calls the store over a network that may lose, repeat and delay. */
  call<T>(node: number, ask: () => T, hear: (answer: T) => void): void {
    const { loss = 0, repetition = 0, disorder = 0 } = this.#world.trouble;
    const travel = () => 1 + this.roll() * 8 + (this.roll() < disorder ? this.roll() * 400 : 0);
    if (this.#isCut(node, '>') || this.roll() < loss) return;
    for (let copies = this.roll() < repetition ? 2 : 1; copies > 0; copies--) {
      this.after(travel(), () => {
        if (this.#isDown()) return;
        const answer = ask();
        if (this.#isCut(node, '<') || this.roll() < loss) return;
        this.after(travel(), () => hear(answer));
      });
    }
  }

  /** A request has taken units of the bucket. */
  pour(amount: number): void {
    this.#level = Math.max(0, this.#level - (this.nowMs - this.#levelMs) * this.perMs) + amount;
    this.#levelMs = this.nowMs;
    this.#worst = Math.max(this.#worst, this.#level - this.limit - AHEAD_MS * this.perMs);
  }

  /** A node that hears the store refuses a request. */
  refuses(): void {
    const level = this.#level - (this.nowMs - this.#levelMs) * this.perMs;
    if (this.form === 'bucket' && level + this.need <= this.limit / 3) this.#refused += 1;
  }

  get nodeCount(): number {
    return this.#nodes.length;
  }

  check(): void {
    if (this.form === 'bucket') return;
    for (const { key, spent } of this.windows) {
      let total = this.form === 'slots' ? 0 : spent;
      for (const node of this.#nodes) total += node.mayStillUse(key);
      this.#worst = Math.max(this.#worst, total - this.limit);
    }
  }

  #arrive(node: SimulatedNode, rate: number): void {
    this.after((-Math.log(this.roll() || 1e-9) * 1000) / rate, () => {
      node.request(6);
      this.#arrive(node, rate);
    });
  }

  #isCut(node: number, way: string): boolean {
    const cuts = this.#world.trouble.cuts ?? [];
    return cuts.some(
      (cut) =>
        cut.node === node && cut.way.includes(way) && this.nowMs >= cut.fromMs && this.nowMs < cut.toMs,
    );
  }

  #isDown(): boolean {
    const { storeDown } = this.#world.trouble;
    return storeDown !== undefined && this.nowMs >= storeDown.fromMs && this.nowMs < storeDown.toMs;
  }
}

class SimulatedNode {
  readonly #index: number;
  readonly #world: LeaseWorld;
  #boots = 0;
  /** When it was started; -Infinity: the store has answered since. */
  #bootedMs = 0;
  #life: number | undefined;
  #records = newRecords();
  #client: LeaseClient;
  #share = new LeaseShare(this.#records, COUNTER);
  #requests = new Set<{ actual: number; window: SimulatedWindow }>();
  /** Used and not in the ledger, by window: the journal. */
  readonly #journal = new Map<SimulatedWindow, number>();
  readonly #settled: { readonly atMs: number; readonly actual: number }[] = [];
  #isAlive = false;
  /** Whether the ledger has what earlier boots have used. */
  #isSettled = false;
  /** The era in which the store waits for all that this node knows. */
  #era: number | undefined;
  #seen = new Map<string, { beats: number; atMs: number }>();

  constructor(index: number, world: LeaseWorld) {
    this.#index = index;
    this.#world = world;
    this.#client = this.#newClient();
  }

  boot(): void {
    this.#isAlive = true;
    this.#boots += 1;
    this.#bootedMs = this.#world.nowMs;
    this.#life = undefined;
    this.#era = undefined;
    this.#isSettled = [...this.#journal.values()].every((amount) => amount === 0);
    this.#records = newRecords();
    this.#share = new LeaseShare(this.#records, COUNTER);
    this.#seed(this.#world.window);
    this.#client = this.#newClient();
    const boot = this.#boots;
    this.#repeat(boot, 250, () => this.#tick());
    this.#repeat(boot, 1000, () => this.#flush());
  }

  crash(backMs: number | undefined): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    // The journal charges a lost request what it held; the provider bills what it used.
    const last = this.#settled.filter(({ atMs }) => atMs >= this.#world.nowMs - UNREPORTED_MS);
    if (backMs === undefined)
      for (const { actual } of [...last, ...this.#requests]) this.#world.lost += actual;
    for (const { actual, window } of this.#requests) {
      window.spent += actual;
      if (this.#world.form === 'window') this.#note(window, NEED);
    }
    this.#requests = new Set();
    if (backMs !== undefined) this.#world.after(backMs, () => this.boot());
    this.#world.check();
  }

  mayStillUse(key: string): number {
    const record = this.#isAlive ? this.#records.leased(key) : undefined;
    if (record === undefined) return 0;
    return this.#client.claimOf(key) + (this.#world.form === 'slots' ? record.held : 0);
  }

  /** Makes the counter of a window known. */
  #seed(window: SimulatedWindow): void {
    this.#records.seedLeased(window.key, this.#journal.get(window) ?? 0, Infinity);
  }

  #note(window: SimulatedWindow, amount: number): void {
    this.#journal.set(window, (this.#journal.get(window) ?? 0) + amount);
  }

  request(tries: number): void {
    if (!this.#isAlive) return;
    const { need } = this.#world;
    const wanted = {
      need,
      amount: this.#world.limit,
      endMs: Infinity,
      mayPassIdle: false,
      isSoft: false,
    };
    const { window } = this.#world;
    this.#seed(window);
    if (this.#records.take(window.key, { ...wanted, isLeased: true }).kind === 'taken') return this.#serve();
    const { isAway } = this.#client;
    // The start waits for the store, but not for long.
    const isStarting = this.#world.nowMs < this.#bootedMs + START_MS;
    if (isAway && !isStarting && this.#share.take(this.#world)) return this.#serve(true);
    if (tries === 0) return isAway ? undefined : this.#world.refuses();
    const question = { of: this.#counter(), need, takesRest: false };
    const report = this.#client.ask(question, need, this.#world.nowMs);
    if (report !== undefined) this.#send([report]);
    const boot = this.#boots;
    this.#world.after(25, () => this.#boots === boot && this.request(tries - 1));
  }

  #serve(isOfShare = false): void {
    const world = this.#world;
    world.serves(this.#index);
    const { form, need, window } = world;
    if (form === 'bucket') world.pour(need);
    const request = { actual: form === 'bucket' ? need : 1 + Math.floor(world.roll() * NEED), window };
    this.#requests.add(request);
    const { roll } = world;
    world.after(30 + roll() * 250 + (roll() < 0.02 ? roll() * 3000 : 0), () => {
      if (!this.#requests.delete(request)) return;
      const used = form === 'slots' ? 0 : request.actual;
      if (!isOfShare) this.#records.settle(window.key, { held: need, endMs: Infinity }, used);
      if (form === 'window') this.#note(window, request.actual);
      window.spent += request.actual;
      this.#settled.push({ atMs: world.nowMs, actual: request.actual });
      world.check();
    });
  }

  /** The ledger commits; the node learns it later, or never. */
  #flush(): void {
    for (const [window, amount] of this.#journal) if (amount > 0) this.#flushOf(window, amount);
  }

  #flushOf(window: SimulatedWindow, amount: number): void {
    const { store, roll } = this.#world;
    const boot = this.#boots;
    const place = `${COUNTER}@${window.windowMs}`;
    this.#world.call(
      this.#index,
      () => {
        // Only the first copy is counted: the ledger knows how far a journal is stored.
        if (this.#boots !== boot || (this.#journal.get(window) ?? 0) < amount) return 0;
        this.#note(window, -amount);
        this.#isSettled = true;
        store.ledger.set(place, (store.ledger.get(place) ?? 0) + amount);
        return amount;
      },
      () => undefined,
    );
    // The node learns the stored amount by the next flush, even when the answer was lost.
    this.#world.after(20 + roll() * 900, () => this.#learnStored(boot, window));
  }

  #learnStored(boot: number, window: SimulatedWindow): void {
    if (!this.#isAlive || this.#boots !== boot) return;
    const record = this.#records.leased(window.key);
    const stored = (record?.used ?? 0) - (this.#journal.get(window) ?? 0);
    if (stored > 0 && this.#world.form === 'window') this.#records.markStored(window.key, stored);
  }

  #tick(): void {
    const world = this.#world;
    if (this.#life === undefined) {
      this.#register();
      return;
    }
    const unseeded = this.#client.unseeded({ nowMs: world.nowMs, epochMs: world.nowMs });
    for (const window of world.windows)
      if (unseeded.some(({ key }) => key === window.key)) this.#seed(window);
    if (this.#era === undefined) this.#send(this.#client.tick(world.nowMs), { isTick: true });
    else this.#send(this.#client.tellAll(world.nowMs), { era: this.#era });
    this.#watch();
  }

  #vouch(era: number): void {
    const life = this.#life;
    if (life === undefined || !this.#isSettled) return;
    this.#world.call(
      this.#index,
      () => this.#world.store.vouch(this.#name, life, era),
      () => undefined,
    );
  }

  #register(): void {
    const boot = this.#boots;
    const { store } = this.#world;
    this.#world.call(
      this.#index,
      () => store.register(this.#name, this.#world.storeMs),
      (life) => {
        if (this.#boots === boot && this.#isAlive && (this.#life ?? 0) < life) this.#life = life;
      },
    );
  }

  get #name(): string {
    return `n${this.#index}`;
  }

  /** With `era` the reports are all that this node knows, for a store that has lost it. */
  #send(reports: readonly LeaseReport[], how: { era?: number; isTick?: boolean } = {}): void {
    const { era, isTick = era !== undefined } = how;
    const { isAway: isAlone } = this.#client;
    const life = this.#life;
    const boot = this.#boots;
    const client = this.#client;
    const world = this.#world;
    if (life === undefined) return client.missed(reports);
    const sentMs = world.nowMs;
    let isOver = false;
    world.call(
      this.#index,
      () => ({
        answers: world.store.acquire({ node: this.#name, life, reports, isTick, isAlone }, world.storeMs),
        unknown: world.store.era,
      }),
      ({ answers, unknown }: { answers: LeaseAnswer[] | undefined; unknown: number | undefined }) => {
        if (isOver || this.#boots !== boot || this.#life !== life || !this.#isAlive) return;
        isOver = true;
        if (answers === undefined) return this.#startAgain(reports);
        this.#era = unknown;
        if (unknown !== undefined) {
          client.missed(reports);
          if (era === unknown) this.#vouch(era);
          return;
        }
        client.answered(sentMs);
        this.#bootedMs = -Infinity;
        for (const answer of answers) client.hear(answer, world.nowMs);
        client.dropUnanswered(reports);
        // All that requests hold is told again.
        if (isTick && world.isLostSpent && this.#isSettled)
          world.call(
            this.#index,
            () => world.store.clear(this.#name, life),
            () => undefined,
          );
        world.check();
      },
    );
    world.after(50, () => {
      if (!isOver && this.#boots === boot) client.missed(reports);
      isOver = true;
    });
  }

  #startAgain(reports: readonly LeaseReport[]): void {
    this.#client.missed(reports);
    this.#client.restart();
    this.#life = undefined;
  }

  #watch(): void {
    const { store, nowMs, forgetMs } = this.#world;
    if (this.#client.isAway) return this.#seen.clear();
    for (const [node, { beats, isGone }] of store.nodes) {
      if (node === this.#name || isGone) continue;
      const seen = this.#seen.get(node);
      if (seen?.beats !== beats) this.#seen.set(node, { beats, atMs: nowMs });
      else if (nowMs - seen.atMs > forgetMs) {
        this.#world.forgotten += 1;
        this.#world.call(
          this.#index,
          () => store.forget(node, beats, this.#world.isLostSpent),
          () => undefined,
        );
      }
    }
  }

  #repeat(boot: number, everyMs: number, run: () => void): void {
    this.#world.after(everyMs * (0.5 + this.#world.roll() / 2), () => {
      if (!this.#isAlive || this.#boots !== boot) return;
      run();
      this.#repeat(boot, everyMs, run);
    });
  }

  #counter() {
    const { limit, form, perMs, window } = this.#world;
    const { windowMs, endMs, key } = window;
    return { counter: COUNTER, form, windowMs, endMs, key, limit, perMs };
  }

  #newClient(): LeaseClient {
    const unstoredOf = (_: string, windowMs: number): number =>
      [...this.#journal].find(([window]) => window.windowMs === windowMs)?.[1] ?? 0;
    return new LeaseClient({
      records: this.#records,
      percent: 2,
      forgetMs: this.#world.isLostSpent ? Infinity : this.#world.forgetMs,
      unstoredOf,
    });
  }
}

function newWindow(windowMs: number, endMs: number): SimulatedWindow {
  return { windowMs, endMs, key: leaseKey(COUNTER, windowMs), spent: 0 };
}

function newRecords(): CounterLedger {
  return new CounterLedger(new LocalTable(counterFields(1, true)));
}
