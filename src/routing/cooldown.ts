import { LocalTable, type NumberRecord, type NumberTable } from '../lib/number-table.ts';
import type { Availability } from './decide.ts';
import type { Attempt, Defect, Outcome } from './outcome.ts';
import type { Model } from './route.ts';
import type { RouteChange } from './route-change.ts';

/** A provider may ask for a long pause, but an absurd `Retry-After` must not remove a route. */
const LONGEST_COOLDOWN_MS = 3_600_000;

export interface CooldownPolicy {
  /** 0: nothing cools down. */
  readonly cooldownMs: number;
  /** Whether errors that the request caused cool its route as well. */
  readonly onClientErrors: boolean;
}

/** How long an outcome cools its route, in milliseconds. 0: not at all. */
export function cooldownFor(outcome: Outcome, policy: CooldownPolicy): number {
  if (policy.cooldownMs === 0) return 0;
  switch (outcome.kind) {
    case 'answered':
    case 'rejected':
    case 'unsuitable':
    case 'cancelled':
      return 0;
    case 'failed':
      if (outcome.fault === 'client' && !policy.onClientErrors) return 0;
      return longer(policy.cooldownMs, outcome.retryAfterMs);
    case 'rate-limited':
      return longer(policy.cooldownMs, outcome.retryAfterMs);
    case 'timed-out':
      // If the request's own deadline passed, the provider may have had no time at all.
      return outcome.phase === 'request' ? 0 : policy.cooldownMs;
    case 'unreachable':
      return policy.cooldownMs;
  }
}

/** Statuses by which a provider says that an endpoint does not exist. */
const LACKING: ReadonlySet<number> = new Set([404, 405, 501]);

/** Answers of a provider whose endpoint does not exist or has another shape. */
const OF_ENDPOINT: ReadonlySet<Defect> = new Set([
  'empty',
  'html',
  'malformed',
  'no-choices',
  'no-content',
  'redirect',
]);

/** Whether a failure concerns one endpoint only, so that the rest of the route may be healthy. */
function isOfEndpoint(outcome: Outcome): boolean {
  if (outcome.kind !== 'failed') return false;
  return outcome.defect === undefined ? LACKING.has(outcome.status) : OF_ENDPOINT.has(outcome.defect);
}

/** The key of a route's endpoint. It begins with the endpoint, because clients choose the end of a route's name. */
function endpointId(routeId: string, endpoint: string): string {
  return `${endpoint} ${routeId}`;
}

/** The availability that excludes more requests. */
function worse(one: Availability, other: Availability): Availability {
  if (one.kind === 'cooling' && other.kind === 'cooling') return one.untilMs < other.untilMs ? other : one;
  return RANK[one.kind] < RANK[other.kind] ? other : one;
}

const RANK = { available: 0, 'on-trial': 1, probing: 2, cooling: 3, draining: 4 } as const;

function longer(cooldownMs: number, retryAfterMs: number | undefined): number {
  return Math.max(cooldownMs, Math.min(retryAfterMs ?? 0, LONGEST_COOLDOWN_MS));
}

/**
 * The record of a route: consecutive failures, the end of its cooldown, who probes it (0: nobody), and whether an
 * operator drains it (1: yes).
 */
export const COOLDOWN_FIELDS = ['failures', 'untilMs', 'prober', 'drained'] as const;
export type CooldownTable = NumberTable<(typeof COOLDOWN_FIELDS)[number]>;
type CooldownRecord = NumberRecord<(typeof COOLDOWN_FIELDS)[number]>;

/**
 * The routes that failed recently.
 *
 * A route is **available** until it fails, then **cooling** until its time is up, then **on trial**. The first request
 * to take it makes it **probing**, and the outcome of that request makes it available or cools it again. A healthy
 * route has no record, so memory follows failures and not traffic.
 *
 * A failure that concerns one endpoint of a route, such as an answer without choices, is recorded for that endpoint.
 * The route stays in service for all others.
 *
 * An operator may drain a route: it gets no requests, and those in flight go on, until the operator resumes it.
 */
export class CooldownLedger {
  readonly #routes: CooldownTable;
  readonly #prober: number;
  #tell: ((change: RouteChange) => void) | undefined;

  /** `prober`, not 0, identifies this process among those that share the table. */
  constructor(routes: CooldownTable = new LocalTable(COOLDOWN_FIELDS), prober = 1) {
    this.#routes = routes;
    this.#prober = prober;
  }

  /** Tells of each change that is made through this ledger. */
  observe(tell: (change: RouteChange) => void): void {
    this.#tell = tell;
  }

  /** Makes a change of another machine, and tells nobody. */
  adopt(change: RouteChange, nowMs: number): void {
    const { kind, route } = change;
    if (kind === 'resumed' || kind === 'cleared') {
      if (this.#routes.read(route, isKnown) !== true) return;
    }
    this.#routes.update(route, (record) => {
      if (kind === 'cooled') {
        record.failures = Math.max(record.failures, 1);
        record.untilMs = Math.max(record.untilMs, nowMs + change.forMs);
      } else if (kind === 'cleared') endCooldown(record);
      else record.drained = kind === 'drained' ? 1 : 0;
    });
  }

  /** Whether all routes are known to be available without looking at each; false if that is unknown. */
  allAvailable(): boolean {
    return this.#routes.isEmpty();
  }

  /** The availability of the route for this endpoint: the route's or the endpoint's, whichever is worse. */
  availability(id: string, nowMs: number, endpoint?: string): Availability {
    const whole = this.#availability(id, nowMs);
    return endpoint === undefined ? whole : worse(whole, this.#availability(endpointId(id, endpoint), nowMs));
  }

  /** A request takes the route. Returns whether the request is its probe, the one that tests a route on trial. */
  take(id: string, nowMs: number, endpoint?: string): boolean {
    if (this.allAvailable()) return false;
    // Most routes have no record, and taking one must not create it.
    if (this.availability(id, nowMs, endpoint).kind !== 'on-trial') return false;
    const isProbe = this.#take(id, nowMs);
    return (endpoint !== undefined && this.#take(endpointId(id, endpoint), nowMs)) || isProbe;
  }

  #availability(id: string, nowMs: number): Availability {
    return this.#routes.read(id, (record) => standingOf(record, nowMs)) ?? AVAILABLE;
  }

  #take(id: string, nowMs: number): boolean {
    if (this.#availability(id, nowMs).kind !== 'on-trial') return false;
    return this.#routes.update(id, (record) => {
      const isProbe = standingOf(record, nowMs).kind === 'on-trial';
      if (isProbe) record.prober = this.#prober;
      return isProbe;
    });
  }

  /**
   * Records an attempt that its request will not repeat. `owner` is the model that the route belongs to. Returns how
   * long the route cools from now, 0 if it does not.
   */
  note(attempt: Attempt, owner: Model, policy: CooldownPolicy, nowMs: number): number {
    const { kind } = attempt.outcome;
    // If nothing cools down any more, a route that cooled before must not stay on trial.
    const isWell = kind === 'answered' || kind === 'rejected' || policy.cooldownMs === 0;
    // Usually nothing has failed, and one look shows it.
    if (isWell && !attempt.isProbe && this.allAvailable()) return 0;
    const { route, endpoint } = attempt;
    const ofEndpoint = endpoint === undefined ? undefined : endpointId(route.id, endpoint);
    for (const id of ofEndpoint === undefined ? [route.id] : [route.id, ofEndpoint]) {
      if (attempt.isProbe) this.#endProbe(id);
      if (isWell) this.#succeed(id, nowMs);
    }
    return isWell ? 0 : this.#cool(attempt, { owner, policy, ofEndpoint }, nowMs);
  }

  #cool(
    attempt: Attempt,
    { owner, policy, ofEndpoint }: { owner: Model; policy: CooldownPolicy; ofEndpoint: string | undefined },
    nowMs: number,
  ): number {
    const { route, outcome } = attempt;
    const durationMs = cooldownFor(outcome, policy);
    if (durationMs === 0) return 0;
    const isLastAvailable = this.#isLastAvailable(attempt, owner, nowMs);
    const cooled = ofEndpoint !== undefined && isOfEndpoint(outcome) ? ofEndpoint : route.id;
    const forMs = this.#routes.update(cooled, (record) => {
      record.failures += 1;
      // One failure does not cool the last route of a model: there would be nothing left to try.
      if (record.failures === 1 && isLastAvailable) return 0;
      record.untilMs = Math.max(record.untilMs, nowMs + durationMs);
      return record.untilMs - nowMs;
    });
    if (forMs > 0) this.#tell?.({ kind: 'cooled', route: cooled, forMs });
    return forMs;
  }

  /** Gives the route no more requests. */
  drain(id: string): void {
    this.#routes.update(id, (record) => {
      record.drained = 1;
    });
    this.#tell?.({ kind: 'drained', route: id });
  }

  /** Ends a drain. */
  resume(id: string): void {
    if (this.#routes.read(id, isKnown) !== true) return;
    this.#routes.update(id, (record) => {
      record.drained = 0;
    });
    this.#tell?.({ kind: 'resumed', route: id });
  }

  /** Ends the cooldowns of the route and of these endpoints of it; their failures are forgotten. */
  clear(id: string, endpoints: readonly string[]): void {
    for (const one of [id, ...endpoints.map((endpoint) => endpointId(id, endpoint))]) {
      if (this.#routes.read(one, isKnown) !== true) continue;
      this.#routes.update(one, endCooldown);
      this.#tell?.({ kind: 'cleared', route: one });
    }
  }

  /** Removes records that ended before `beforeMs`, to bound the memory. */
  sweep(beforeMs: number): void {
    this.#routes.sweep(({ untilMs, prober, drained }) => untilMs < beforeMs && prober === 0 && drained === 0);
  }

  /** Ends the probes of a process that has gone: nobody else would. */
  endProbesOf(prober: number): void {
    this.#routes.sweep((record) => {
      if (record.prober === prober) record.prober = 0;
      return false;
    });
  }

  /** A success clears an expired cooldown. A running one goes on, since a provider may have asked for it. */
  #succeed(id: string, nowMs: number): void {
    if (this.#routes.read(id, isKnown) !== true) return;
    this.#routes.update(id, (record) => {
      record.failures = 0;
      if (nowMs >= record.untilMs) record.untilMs = 0;
    });
  }

  /** Ends a probe. Another request may be the next probe, whatever the result of this one. */
  #endProbe(id: string): void {
    this.#routes.update(id, (record) => {
      record.prober = 0;
    });
  }

  #isLastAvailable({ route: { id }, endpoint }: Attempt, owner: Model, nowMs: number): boolean {
    return owner.routes.every(
      (route) => route.id === id || this.availability(route.id, nowMs, endpoint).kind !== 'available',
    );
  }
}

function endCooldown(record: CooldownRecord): void {
  record.failures = 0;
  record.untilMs = 0;
  record.prober = 0;
}

function isKnown(): boolean {
  return true;
}

function standingOf({ untilMs, prober, drained }: Readonly<CooldownRecord>, nowMs: number): Availability {
  if (drained !== 0) return DRAINING;
  if (untilMs === 0) return AVAILABLE;
  if (nowMs < untilMs) return { kind: 'cooling', untilMs };
  return prober === 0 ? ON_TRIAL : PROBING;
}

const AVAILABLE: Availability = { kind: 'available' };
const ON_TRIAL: Availability = { kind: 'on-trial' };
const PROBING: Availability = { kind: 'probing' };
const DRAINING: Availability = { kind: 'draining' };
