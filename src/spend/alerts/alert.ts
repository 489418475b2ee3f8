import type { AlertEvent } from '../../config/spend-settings.ts';
import type { Claim, WindowPeriod } from '../../limits/claim.ts';
import type { Window } from '../../limits/window.ts';
import type { MasterKey } from '../../config/snapshot.ts';

/** An event that is reported once. The counter, window and threshold identify it. */
export interface Alert {
  readonly counter: string;
  /** The start of the window, or the expiry of a key, in milliseconds since 1970. */
  readonly windowMs: number;
  /** Per cent of the amount; days until a key expires; otherwise 0. */
  readonly threshold: number;
  readonly event: AlertEvent;
  /** The fields of the message besides `id`, `event` and `at`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A limit whose use has windows, so that it can reach a threshold. */
export type WatchedClaim = Claim & { readonly period: WindowPeriod };

/** The thresholds of a limit, ascending. A soft limit also has 100. */
export function thresholdsOf({ alertAt, isSoft }: Claim): readonly number[] {
  return isSoft && !alertAt.includes(100) ? [...alertAt, 100].toSorted((a, b) => a - b) : alertAt;
}

/** Whether a limit's use has reached a threshold. An amount of 0 is always used up. */
export function isReached(claim: Claim, threshold: number, used: number): boolean {
  return used * 100 >= claim.amount * threshold;
}

/** The alert of a limit that has reached a threshold. */
export function limitAlert(
  claim: WatchedClaim,
  threshold: number,
  { window, used, nowMs }: { window: Window; used: number; nowMs: number },
): Alert {
  const expected = projected(window, used, nowMs);
  return {
    counter: claim.counter,
    windowMs: window.startMs,
    threshold,
    event: claim.isSoft && threshold >= 100 ? 'limit.exceeded' : 'limit.threshold',
    facts: {
      scope: claim.scope === 'global' ? 'global' : `${claim.scope}:${claim.name}`,
      limit: claim.limitId,
      kind: claim.kind,
      threshold,
      used: told(claim, used),
      amount: told(claim, claim.amount),
      window: { start: timeOf(window.startMs), end: timeOf(window.endMs) },
      projected: expected === null ? null : told(claim, expected),
    },
  };
}

/** The least part of a window from which its end is projected. */
const TELLING = 0.01;

/** The use at the end of the window at the present rate; null for a window without an end, or at its beginning. */
function projected({ startMs, endMs }: Window, used: number, nowMs: number): number | null {
  const passed = (nowMs - startMs) / (endMs - startMs);
  return passed < TELLING ? null : Math.round(used / passed);
}

/** Dollars for money, otherwise the number itself. */
function told({ kind }: Claim, amount: number): number {
  return kind === 'cost' ? amount / 1e9 : amount;
}

function timeOf(atMs: number): string | null {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : null;
}

/** The days before a key's expiry at which alerts are sent, descending. */
const EXPIRY_DAYS = [14, 3, 1] as const;
const DAY_MS = 86_400_000;

/** The alert of a key that expires soon, for the nearest of these days; undefined: none. */
export function expiryAlert({ id, name, expiresAtMs, enabled }: MasterKey, nowMs: number): Alert | undefined {
  if (expiresAtMs === undefined || !enabled || nowMs >= expiresAtMs) return undefined;
  const days = EXPIRY_DAYS.findLast((count) => nowMs >= expiresAtMs - count * DAY_MS);
  if (days === undefined) return undefined;
  return {
    counter: `key:${encodeURIComponent(id)}/expires`,
    windowMs: expiresAtMs,
    threshold: days,
    event: 'key.expires_soon',
    facts: { key: name, expires_at: timeOf(expiresAtMs), days },
  };
}

/** The alert of a model that is used without a known price, at most one a day (UTC). */
export function priceAlert(model: string, provider: string, nowMs: number): Alert {
  return {
    counter: `price:${encodeURIComponent(provider)}/${model}`,
    windowMs: Math.floor(nowMs / DAY_MS) * DAY_MS,
    threshold: 0,
    event: 'price.unknown',
    facts: { model, provider },
  };
}

/** A sentence for the log about an alert in JSON. It names no person: limits of end users are not watched. */
export function alertText(body: string): string {
  const facts: Readonly<Record<string, string | number | undefined>> = JSON.parse(body);
  const told = (name: string): string => String(facts[name] ?? '');
  const event = facts['event'];
  if (event === 'key.expires_soon') return `the key "${told('key')}" expires at ${told('expires_at')}`;
  if (event === 'price.unknown')
    return `the model "${told('model')}" of the provider "${told('provider')}" is used, and its price is not known`;
  if (event === 'test') return 'this is a test';
  return `${told('scope')} has used ${told('used')} of its limit ${told('limit')} of ${told('amount')} (${told('threshold')} %)`;
}

/** The message as JSON. */
export function alertBody(alert: Pick<Alert, 'event' | 'facts'>, id: string, nowMs: number): string {
  return JSON.stringify({ id, event: alert.event, at: timeOf(nowMs), ...alert.facts });
}
