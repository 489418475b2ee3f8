import type { Clock } from '../gateway/ports.ts';
import type { GatewayEvent, RouteCooled } from '../gateway/events.ts';
import type { Outcome } from '../routing/outcome.ts';

/** The recent state of a provider, from requests and probes. */
export interface ProviderStatus {
  readonly provider: string;
  /** The last error, without address or secret. */
  readonly lastError: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastErrorAtMs: number | undefined;
  /** The rest of its longest cooldown; 0: there is none. */
  readonly cooldownMs: number;
}

/** The last failure and the longest cooldown of each provider. Names come from the configuration. */
export class ProviderStatuses {
  readonly #clock: Clock;
  readonly #errors = new Map<string, { readonly text: string; readonly atMs: number }>();
  readonly #coolingUntilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly listen = (event: GatewayEvent): void => {
    if (event.type === 'attempt-ended') {
      this.#fail(event.attempt.route.provider, failureText(event.attempt.outcome));
    } else if (event.type === 'provider-probed') this.#fail(event.provider, event.error);
    else if (event.type === 'route-cooled') this.#cool(event);
  };

  /** The statuses of all known providers. */
  list(): ProviderStatus[] {
    return [...new Set([...this.#errors.keys(), ...this.#coolingUntilMs.keys()])].map((provider) => {
      const error = this.#errors.get(provider);
      const cooldownMs = Math.max(0, (this.#coolingUntilMs.get(provider) ?? 0) - this.#clock.nowMs());
      return { provider, lastError: error?.text, lastErrorAtMs: error?.atMs, cooldownMs };
    });
  }

  #fail(provider: string, text: string | undefined): void {
    if (text !== undefined) this.#errors.set(provider, { text, atMs: this.#clock.epochMs() });
  }

  #cool({ provider, forMs }: RouteCooled): void {
    const untilMs = this.#clock.nowMs() + forMs;
    this.#coolingUntilMs.set(provider, Math.max(untilMs, this.#coolingUntilMs.get(provider) ?? 0));
  }
}

/** Merges the statuses of several processes: the last error and the longest cooldown count. */
export function mergeStatuses(lists: readonly (readonly ProviderStatus[])[]): ProviderStatus[] {
  const merged = new Map<string, ProviderStatus>();
  for (const one of lists.flat()) {
    const known = merged.get(one.provider) ?? one;
    const latest = (one.lastErrorAtMs ?? 0) > (known.lastErrorAtMs ?? 0) ? one : known;
    merged.set(one.provider, { ...latest, cooldownMs: Math.max(one.cooldownMs, known.cooldownMs) });
  }
  return [...merged.values()];
}

/** A failure that the provider caused, in a few words; undefined: there was none. */
function failureText(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'answered':
    case 'cancelled':
    case 'unsuitable':
    case 'rejected':
      return undefined;
    case 'failed':
      if (outcome.fault === 'client') return undefined;
      return `status ${outcome.status}${outcome.defect === undefined ? '' : ` (${outcome.defect})`}`;
    case 'rate-limited':
      return `status ${outcome.status} (rate limit)`;
    case 'unreachable':
      return `unreachable (${outcome.reason})`;
    case 'timed-out':
      return `timed out (${outcome.phase})`;
  }
}
