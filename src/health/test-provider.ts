import type { Provider } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import { fetchList } from '../models/fetch-list.ts';
import { askForToken } from './probe.ts';

/** The question to a provider. */
export interface ProviderTest {
  /** The name of one that is in force, or one that is not. */
  readonly provider: string | Provider;
  /** The model that is asked for one token; undefined: the list of models is asked for. */
  readonly model: string | undefined;
}

export interface ProviderTestResult {
  /** Without address or secret; undefined: it went well. */
  readonly error: string | undefined;
  readonly latencyMs: number;
  readonly models: readonly string[];
}

/** Asks a provider for its models, or one of them for a token. Never rejects. */
export async function testProvider(
  { provider: named, model }: ProviderTest,
  gateway: Gateway,
): Promise<ProviderTestResult> {
  const provider = typeof named === 'string' ? gateway.snapshot().providers.get(named) : named;
  if (provider === undefined) return { error: 'it is not in force', latencyMs: 0, models: [] };
  if (model !== undefined) {
    const { error, latencyMs } = await askForToken({ provider, model }, gateway);
    return { error, latencyMs, models: [] };
  }
  const startedAtMs = gateway.clock.nowMs();
  const fetched = await fetchList(provider, gateway);
  const latencyMs = gateway.clock.nowMs() - startedAtMs;
  if (fetched.kind === 'failed') return { error: fetched.error, latencyMs, models: [] };
  return { error: undefined, latencyMs, models: fetched.models.map(({ id }) => id) };
}
