import type { Provider, Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import { fetchList } from './fetch-list.ts';
import type { ProviderList } from './provider-list.ts';

/** How long lists are as good as new, and how long after a failure. */
export const FRESH_MS = 5 * 60_000;
const FRESH_AFTER_FAILURE_MS = 30_000;

/** Providers that are asked at a time. */
const MOST_AT_A_TIME = 8;

/** Gets the lists of the providers, from memory where they are fresh. Never rejects. */
export type ListFetcher = () => Promise<readonly ProviderList[]>;

/**
 * Asks the providers whose models the configuration does not name for their lists: those that serve any model, or a pattern. Whoever asks
 * meanwhile or soon after gets the same lists. A provider that fails keeps the list that it had.
 */
export function createListFetcher(gateway: Gateway): ListFetcher {
  let last: { version: number; untilMs: number; lists: Promise<readonly ProviderList[]> } | undefined;
  let known: readonly ProviderList[] = [];
  return () => {
    const snapshot = gateway.snapshot();
    const nowMs = gateway.clock.nowMs();
    if (last !== undefined && last.version === snapshot.version && nowMs < last.untilMs) return last.lists;
    const lists = fetchAll(providersToAsk(snapshot), known, gateway);
    const fetching = { version: snapshot.version, untilMs: Infinity, lists };
    last = fetching;
    void lists.then((done) => {
      known = done;
      const hasFailed = done.some(({ error }) => error !== undefined);
      fetching.untilMs = gateway.clock.nowMs() + (hasFailed ? FRESH_AFTER_FAILURE_MS : FRESH_MS);
    });
    return lists;
  };
}

/** The providers of what the configuration has patterns for. Any name that a pattern takes shows who serves it. */
export function providersToAsk({ patterns, providers, findModel }: Snapshot): readonly Provider[] {
  const names = new Set(
    patterns.flatMap((pattern) =>
      (findModel(pattern.replaceAll('*', 'x'))?.routes ?? []).map(({ provider }) => provider),
    ),
  );
  return [...providers.values()].filter(({ name }) => names.has(name));
}

async function fetchAll(
  providers: readonly Provider[],
  known: readonly ProviderList[],
  gateway: Gateway,
): Promise<readonly ProviderList[]> {
  const lists: ProviderList[] = [];
  const rest = [...providers];
  const worker = async (): Promise<void> => {
    for (let provider = rest.shift(); provider !== undefined; provider = rest.shift()) {
      const before = known.find((list) => list.provider === provider?.name);
      lists.push(await listOf(provider, before, gateway));
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_A_TIME }, worker));
  return lists.sort((a, b) => (a.provider < b.provider ? -1 : 1));
}

async function listOf(
  provider: Provider,
  before: ProviderList | undefined,
  gateway: Gateway,
): Promise<ProviderList> {
  const fetched = await fetchList(provider, gateway);
  const { name } = provider;
  if (fetched.kind === 'list') {
    const fetchedAtMs = gateway.clock.epochMs();
    return { provider: name, models: fetched.models, fetchedAtMs, error: undefined };
  }
  const { models = [], fetchedAtMs } = before ?? {};
  return { provider: name, models, fetchedAtMs, error: fetched.error };
}
