import type { Standing } from './decide.ts';
import type { Attempt, Outcome } from './outcome.ts';
import type { Model } from './route.ts';

/** A provider may ask for a long rest, but not for more than this: an absurd `Retry-After` must not remove a route. */
const LONGEST_COOLDOWN_MS = 3_600_000;

export interface CooldownPolicy {
  /** 0: nothing cools down. */
  readonly cooldownMs: number;
  /** Whether errors that the request caused cool its route as well. */
  readonly onClientErrors: boolean;
}

/** For how long an outcome leaves its route out, in milliseconds. 0: not at all. */
export function cooldownFor(outcome: Outcome, policy: CooldownPolicy): number {
  if (policy.cooldownMs === 0) return 0;
  switch (outcome.kind) {
    case 'answered':
    case 'rejected':
    case 'cancelled':
      return 0;
    case 'failed':
      if (outcome.fault === 'client' && !policy.onClientErrors) return 0;
      return longer(policy.cooldownMs, outcome.retryAfterMs);
    case 'rate-limited':
      return longer(policy.cooldownMs, outcome.retryAfterMs);
    case 'timed-out':
      // Where it was the request's own time that ran out, the provider may have had none of it.
      return outcome.phase === 'request' ? 0 : policy.cooldownMs;
    case 'unreachable':
      return policy.cooldownMs;
  }
}

function longer(cooldownMs: number, retryAfterMs: number | undefined): number {
  return Math.max(cooldownMs, Math.min(retryAfterMs ?? 0, LONGEST_COOLDOWN_MS));
}

interface CooldownRecord {
  /** Failures in a row. */
  failures: number;
  untilMs: number;
  probing: boolean;
}

/**
 * What is known of the routes that failed lately.
 *
 * A route is **open** until it fails, then **cooling** until its time is up, then **on trial**: the first request
 * to take it makes it **probing**, and what becomes of that request opens it or cools it again. A route that has
 * not failed has no record, so that memory follows the failures and not the traffic.
 */
export class CooldownLedger {
  readonly #records = new Map<string, CooldownRecord>();

  standing(id: string, nowMs: number): Standing {
    const record = this.#records.get(id);
    if (record === undefined || record.untilMs === 0) return OPEN;
    if (nowMs < record.untilMs) return { kind: 'cooling', untilMs: record.untilMs };
    return record.probing ? PROBING : ON_TRIAL;
  }

  /** A request takes the route. Returns whether it is its probe: the one request that tries a route on trial. */
  take(id: string, nowMs: number): boolean {
    const record = this.#records.get(id);
    if (record === undefined || this.standing(id, nowMs).kind !== 'on-trial') return false;
    record.probing = true;
    return true;
  }

  /**
   * Draws the consequence of an attempt that its request will not repeat. `owner` is the model that the route was
   * found under. Returns for how long the route is left out from now, 0 if it is not.
   */
  note(attempt: Attempt, owner: Model, policy: CooldownPolicy, nowMs: number): number {
    const { route, outcome } = attempt;
    if (attempt.isProbe) this.#endProbe(route.id);
    if (outcome.kind === 'answered' || outcome.kind === 'rejected') {
      this.#succeed(route.id, nowMs);
      return 0;
    }
    const durationMs = cooldownFor(outcome, policy);
    if (durationMs === 0) return 0;
    const record = this.#record(route.id);
    record.failures += 1;
    // The last route of a model is not taken away for one failure: there would be nothing left to try.
    if (record.failures === 1 && this.#isLastOpen(route.id, owner, nowMs)) return 0;
    record.untilMs = Math.max(record.untilMs, nowMs + durationMs);
    return record.untilMs - nowMs;
  }

  /** Forgets what ended before `beforeMs`, to bound the memory. */
  sweep(beforeMs: number): void {
    for (const [id, record] of this.#records) {
      if (record.untilMs < beforeMs && !record.probing) this.#records.delete(id);
    }
  }

  /** A success clears a cooldown that is over; one that still runs goes on, since a provider may have asked for it. */
  #succeed(id: string, nowMs: number): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    record.failures = 0;
    if (nowMs < record.untilMs) return;
    // A probe that is still out stays known, so that a route that fails again gets no second one beside it.
    if (record.probing) record.untilMs = 0;
    else this.#records.delete(id);
  }

  /** Whatever came of the probe, another request may be the next one. */
  #endProbe(id: string): void {
    const record = this.#records.get(id);
    if (record !== undefined) record.probing = false;
  }

  #isLastOpen(id: string, owner: Model, nowMs: number): boolean {
    return owner.routes.every((route) => route.id === id || this.standing(route.id, nowMs).kind !== 'open');
  }

  #record(id: string): CooldownRecord {
    let record = this.#records.get(id);
    if (record === undefined) {
      record = { failures: 0, untilMs: 0, probing: false };
      this.#records.set(id, record);
    }
    return record;
  }
}

const OPEN: Standing = { kind: 'open' };
const ON_TRIAL: Standing = { kind: 'on-trial' };
const PROBING: Standing = { kind: 'probing' };
