import type { Conditions, RetryPolicy } from '../../../src/routing/decide.ts';
import type { Attempt, Outcome } from '../../../src/routing/outcome.ts';
import { type Model, type Route, routeId } from '../../../src/routing/route.ts';

/** A route of the first priority with weight 1, unless the test says otherwise. */
export function route(provider: string, more: Partial<Route> = {}): Route {
  return { id: routeId(provider, 'm'), provider, upstreamModel: 'm', priority: 1, weight: 1, ...more };
}

/** A model whose round robin begins with its first route. */
export function model(name: string, routes: readonly Route[], fallbacks: readonly Model[] = []): Model {
  return { name, routes, strategy: 'round_robin', rotation: name, fallbacks, leftOut: [] };
}

/** An attempt that took from 0 to 10 ms. */
export function attempt(on: Route, outcome: Outcome, more: Partial<Attempt> = {}): Attempt {
  return {
    route: on,
    outcome,
    reason: 'first',
    isProbe: false,
    model: 'main',
    startedAtMs: 0,
    endedAtMs: 10,
    ...more,
  };
}

export const RETRY: RetryPolicy = { maxAttempts: Infinity, retries: 0, backoffMs: 250, maxWaitMs: 5_000 };

/** 1,000 ms on the clock, no deadline, every route available and idle, and dice that return one half. */
export function conditions(more: Partial<Conditions> = {}): Conditions {
  return {
    nowMs: 1_000,
    deadlineMs: Infinity,
    clientLeft: false,
    policy: RETRY,
    allAvailable: false,
    availability: () => ({ kind: 'available' }),
    turn: 0,
    dice: () => 0.5,
    inFlight: () => 0,
    latencyMs: () => undefined,
    ...more,
  };
}

/** A provider failure with this status. */
export function failed(status: number, retryAfterMs?: number): Outcome {
  return { kind: 'failed', status, defect: undefined, retryAfterMs, fault: 'provider' };
}

/** A failure that the request itself caused. */
export function clientFault(status: number): Outcome {
  return { kind: 'failed', status, defect: undefined, retryAfterMs: undefined, fault: 'client' };
}

export const ANSWERED: Outcome = { kind: 'answered' };
export const UNREACHABLE: Outcome = { kind: 'unreachable', reason: 'refused' };
export const SILENT: Outcome = { kind: 'timed-out', phase: 'first-byte' };

/** A 429, with or without Retry-After. */
export function limited(retryAfterMs?: number): Outcome {
  return { kind: 'rate-limited', status: 429, retryAfterMs };
}
