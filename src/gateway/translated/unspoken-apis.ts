import type { Provider } from '../../config/snapshot.ts';
import type { ClientCall } from './client-call.ts';

/** A provider may add an API that it lacked. */
const REMEMBERED_MS = 3_600_000;

/**
 * Remembers the APIs that providers turned out to lack, if the configuration does not list their APIs. Providers are
 * identified by name and address, so a moved one is asked again.
 */
export class UnspokenApis {
  readonly #untilMs = new Map<string, number>();

  /** Whether nothing is remembered. */
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

  /** Returns the APIs that a provider lacks, such as `messages` or `messages (count)`. */
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
