import type { Provider } from '../../config/snapshot.ts';
import type { ClientCall } from './client-call.ts';

/** A provider that lacked an API may have got it meanwhile. */
const REMEMBERED_MS = 3_600_000;

/**
 * The APIs that providers have been found to lack, where the configuration does not say what they speak. A provider is known by its
 * address, so that one that is moved is asked anew.
 */
export class UnspokenApis {
  readonly #untilMs = new Map<string, number>();

  /** Whether anything is remembered at all. */
  get isEmpty(): boolean {
    return this.#untilMs.size === 0;
  }

  has(provider: Provider, call: ClientCall, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(keyOf(provider, call));
    return untilMs !== undefined && nowMs < untilMs;
  }

  note(provider: Provider, call: ClientCall, nowMs: number): void {
    this.#untilMs.set(keyOf(provider, call), nowMs + REMEMBERED_MS);
  }

  /** What is remembered of a provider, as `messages` or `messages (count)`. */
  of(provider: Provider, nowMs: number): readonly string[] {
    const prefix = `${provider.name} ${provider.apiBase} `;
    return [...this.#untilMs]
      .filter(([key, untilMs]) => key.startsWith(prefix) && nowMs < untilMs)
      .map(([key]) =>
        key
          .slice(prefix.length)
          .replace(/ (?:generate|embed)$/, '')
          .replace(' count', ' (count)'),
      );
  }
}

function keyOf({ name, apiBase }: Provider, { api, operation }: ClientCall): string {
  return `${name} ${apiBase} ${api} ${operation}`;
}
