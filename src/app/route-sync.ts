import type { CooldownLedger } from '../routing/cooldown.ts';
import type { RouteChange, RouteState } from '../routing/route-change.ts';

/** Where machines tell each other of their routes. Calls reject if it does not answer. */
export interface RouteStateStore {
  readonly write: (changes: readonly RouteChange[]) => Promise<void>;
  /** At most so many. */
  readonly read: (most: number) => Promise<readonly RouteState[]>;
}

/** How often the others' routes are read. */
const READ_MS = 200;
/** While the store does not answer, only so many changes are kept. A cooldown that is told late is of little use. */
const MOST_KEPT = 1000;
/** A client may choose the end of a route's name. Routes with longer names, or more than so many, are not shared. */
const LONGEST_NAME = 500;
const MOST_ROUTES = 1000;

/**
 * Shares cooldowns and drains with other machines. It is best effort: no request waits for it, and without the store each
 * machine knows its own routes.
 */
export class RouteSync {
  readonly #store: RouteStateStore;
  readonly #nowMs: () => number;
  #changes: RouteChange[] = [];
  #writing: Promise<void> | undefined;
  /** Routes that were changed here since the last reading began. Its answer may be older than the change. */
  readonly #changed = new Set<string>();
  #known = new Map<string, KnownRoute>();
  #timer: Timer | undefined;
  #isReading = false;

  constructor(store: RouteStateStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** Resolves when the others' routes are known, or the store has failed to answer. */
  async start(cooldowns: CooldownLedger): Promise<void> {
    cooldowns.observe(this.tell);
    await this.#read(cooldowns);
    this.#timer = setInterval(() => void this.#read(cooldowns), READ_MS);
    this.#timer.unref();
  }

  /** Tells the others of a change on this machine. */
  readonly tell = (change: RouteChange): void => {
    if (this.#changes.length >= MOST_KEPT || change.route.length > LONGEST_NAME) return;
    this.#changes.push(change);
    this.#changed.add(change.route);
    this.#note(change);
    this.#writing ??= Promise.resolve().then(() => this.#write());
  };

  /** The others will tell of this change too, until one of them undoes it. */
  #note(change: RouteChange): void {
    const { untilMs = 0, isDrained = false } = this.#known.get(change.route) ?? {};
    this.#known.set(change.route, {
      untilMs:
        change.kind === 'cooled' ? this.#nowMs() + change.forMs : change.kind === 'cleared' ? 0 : untilMs,
      isDrained: change.kind === 'drained' || (change.kind !== 'resumed' && isDrained),
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    this.#changes = [];
    try {
      await this.#store.write(changes);
    } catch {
      this.#changes = [...changes, ...this.#changes];
    } finally {
      this.#writing = undefined;
    }
  }

  async #read(cooldowns: CooldownLedger): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      if (this.#changes.length > 0) await (this.#writing ??= this.#write());
      if (this.#changes.length > 0 || this.#writing !== undefined) return;
      this.#changed.clear();
      this.#adopt(await this.#store.read(MOST_ROUTES), cooldowns);
    } catch {
      // The next reading makes up for it.
    } finally {
      this.#isReading = false;
    }
  }

  #adopt(states: readonly RouteState[], cooldowns: CooldownLedger): void {
    const nowMs = this.#nowMs();
    const before = this.#known;
    this.#known = new Map([...before].filter(([route]) => this.#changed.has(route)));
    for (const { route, coolsForMs, isDrained } of states) {
      if (this.#changed.has(route)) continue;
      const untilMs = coolsForMs === 0 ? 0 : nowMs + coolsForMs;
      this.#known.set(route, { untilMs, isDrained });
      const known = before.get(route);
      // A trial may have ended the cooldown here, so each one is adopted once.
      if (untilMs > (known?.untilMs ?? 0) + READ_MS)
        cooldowns.adopt({ kind: 'cooled', route, forMs: coolsForMs }, nowMs);
      if (isDrained !== (known?.isDrained ?? false))
        cooldowns.adopt({ kind: isDrained ? 'drained' : 'resumed', route }, nowMs);
    }
    // A route that is missing from a part of the states may be in the rest.
    if (states.length >= MOST_ROUTES) return;
    for (const [route, known] of before)
      for (const change of this.#changed.has(route) ? [] : this.#ended(route, known, nowMs))
        cooldowns.adopt(change, nowMs);
  }

  /** The changes that other machines have ended early. */
  #ended(route: string, before: KnownRoute, nowMs: number): RouteChange[] {
    const now = this.#known.get(route);
    const isCool = now === undefined || now.untilMs === 0;
    return [
      ...(before.isDrained && now === undefined ? [{ kind: 'resumed', route } as const] : []),
      ...(isCool && before.untilMs > nowMs + READ_MS ? [{ kind: 'cleared', route } as const] : []),
    ];
  }
}

/** A route as all machines know it, with the end of its cooldown by our clock. */
interface KnownRoute {
  readonly untilMs: number;
  readonly isDrained: boolean;
}
