import type { Provider, Snapshot } from '../config/snapshot.ts';
import type { Gateway } from '../gateway/ports.ts';
import { type Fetched, fetchList } from './fetch-list.ts';
import type { ProviderList } from './provider-list.ts';

/** How long lists count as fresh, also after a failure. */
export const FRESH_MS = 5 * 60_000;
const FRESH_AFTER_FAILURE_MS = 30_000;

/** How many providers are asked at a time. */
const MOST_AT_A_TIME = 8;

/** Returns the lists of the providers, from memory while they are fresh. Never rejects. */
export type ListFetcher = () => Promise<readonly ProviderList[]>;

/**
 * Fetches the lists of the providers whose models the configuration does not name: those that serve any model or a
 * pattern. Concurrent and soon repeated calls get the same lists. A provider that fails keeps its previous list.
 */
export function createListFetcher(gateway: Gateway): ListFetcher {
  let last: Fetching | undefined;
  let known: readonly ProviderList[] = [];
  return () => {
    const snapshot = gateway.snapshot();
    const nowMs = gateway.clock.nowMs();
    if (last !== undefined && last.version === snapshot.version && nowMs < last.untilMs)
      return soon(last, gateway);
    const progress = new Progress(providersToAsk(snapshot), known);
    const lists = fetchAll(progress, gateway);
    const fetching: Fetching = { version: snapshot.version, untilMs: Infinity, lists, progress };
    last = fetching;
    void lists.then((done) => {
      known = done;
      const hasFailed = done.some(({ error }) => error !== undefined);
      fetching.untilMs = gateway.clock.nowMs() + (hasFailed ? FRESH_AFTER_FAILURE_MS : FRESH_MS);
    });
    return soon(fetching, gateway);
  };
}

interface Fetching {
  readonly version: number;
  untilMs: number;
  readonly lists: Promise<readonly ProviderList[]>;
  readonly progress: Progress;
}

/** Callers do not wait longer for the slowest provider: later calls get its list. */
const SOON_MS = 1_500;

async function soon({ lists, progress }: Fetching, { clock }: Gateway): Promise<readonly ProviderList[]> {
  const early = Promise.withResolvers<undefined>();
  const stopTimer = clock.setTimer(SOON_MS, () => early.resolve(undefined));
  const all = await Promise.race([lists, early.promise]);
  stopTimer();
  return all ?? progress.lists();
}

/** The lists received so far. */
class Progress {
  readonly providers: readonly Provider[];
  readonly #lists: Map<string, ProviderList>;

  /** `known` are the previous lists. */
  constructor(providers: readonly Provider[], known: readonly ProviderList[]) {
    this.providers = providers;
    this.#lists = new Map(
      providers.map(({ name }) => {
        const { models = [], fetchedAtMs } = known.find(({ provider }) => provider === name) ?? {};
        return [name, { provider: name, models, fetchedAtMs, error: 'not answered yet' }];
      }),
    );
  }

  lists(): readonly ProviderList[] {
    return [...this.#lists.values()];
  }

  note(provider: Provider, fetched: Fetched, epochMs: number): void {
    const { name } = provider;
    const { models = [], fetchedAtMs } = this.#lists.get(name) ?? {};
    this.#lists.set(
      name,
      fetched.kind === 'list'
        ? { provider: name, models: fetched.models, fetchedAtMs: epochMs, error: undefined }
        : { provider: name, models, fetchedAtMs, error: fetched.error },
    );
  }
}

/** The providers behind the configured patterns. Any name that matches a pattern shows who serves it. */
export function providersToAsk({ patterns, providers, findModel }: Snapshot): readonly Provider[] {
  const names = new Set(
    patterns.flatMap((pattern) =>
      (findModel(pattern.replaceAll('*', 'x'))?.routes ?? []).map(({ provider }) => provider),
    ),
  );
  return [...providers.values()].filter(({ name }) => names.has(name));
}

async function fetchAll(progress: Progress, gateway: Gateway): Promise<readonly ProviderList[]> {
  const rest = [...progress.providers];
  const worker = async (): Promise<void> => {
    for (let provider = rest.shift(); provider !== undefined; provider = rest.shift())
      progress.note(provider, await fetchList(provider, gateway), gateway.clock.epochMs());
  };
  await Promise.all(Array.from({ length: MOST_AT_A_TIME }, worker));
  return progress.lists();
}
