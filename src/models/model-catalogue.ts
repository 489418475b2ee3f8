import type { Snapshot } from '../config/snapshot.ts';
import { isServed } from '../gateway/plan.ts';
import type { Clock } from '../gateway/ports.ts';
import { inTurns } from '../lib/in-turns.ts';
import type { Model } from '../routing/route.ts';
import { FRESH_MS, type ListFetcher } from './fetch-lists.ts';
import type { ListedModel, ProviderList } from './provider-list.ts';

/** A model that clients can ask for. */
export interface PublicModel {
  readonly id: string;
  readonly displayName: string;
  /** Seconds since 1970: from the provider, otherwise when the configuration was loaded. */
  readonly createdS: number;
  /** The provider of its first route. */
  readonly ownedBy: string;
  /** Whether the configuration names it. */
  readonly isConfigured: boolean;
}

/** The maximum number of listed models that the configuration does not name. */
const MOST_LISTED = 10_000;

/** The number of look-ups before yielding to the event loop. */
const AT_A_TIME = 100;

/** The minimum time between two refreshes of the lists. */
const LOOK_MS = 1_000;

/**
 * The models that clients can ask for: those of the configuration, and listed models that its patterns and open
 * providers serve. The lists arrive in the background, and looking at an old list requests a new one.
 */
export class ModelCatalogue {
  readonly #snapshot: () => Snapshot;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #fetch: ListFetcher;
  #lists: readonly ProviderList[] = [];
  #nextLookMs = -Infinity;
  #version: number | undefined;
  #index = new ListIndex([]);
  #found: Known = { snapshot: undefined, models: [] };
  /** The last result of `models`, sorted once for all callers. */
  #all: Known = { snapshot: undefined, models: [] };

  constructor(snapshot: () => Snapshot, clock: Pick<Clock, 'nowMs'>, fetch: ListFetcher) {
    this.#snapshot = snapshot;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** The providers' lists, as far as this process knows them. */
  lists(): readonly ProviderList[] {
    return this.#lists;
  }

  /** All models known at the moment, sorted by name. Refreshes in the background if they may be old. */
  models(): readonly PublicModel[] {
    const snapshot = this.#snapshot();
    void this.refresh();
    if (this.#all.snapshot !== snapshot) {
      const configured = configuredModels(snapshot, this.#index);
      const found = this.#found.snapshot === snapshot ? this.#found.models : [];
      this.#all = { snapshot, models: [...configured, ...found].sort((a, b) => (a.id < b.id ? -1 : 1)) };
    }
    return this.#all.models;
  }

  /** One model, whether listed or not; undefined: nobody serves it. */
  model(name: string): PublicModel | undefined {
    const snapshot = this.#snapshot();
    const model = snapshot.findModel(name);
    if (model === undefined || !isServed(model)) return undefined;
    return describe(model, snapshot, this.#index);
  }

  /** Fetches the lists if the known ones may be old. Never rejects. */
  async refresh(): Promise<void> {
    const { version, patterns } = this.#snapshot();
    const nowMs = this.#clock.nowMs();
    if (patterns.length === 0 || (version === this.#version && nowMs < this.#nextLookMs)) return;
    this.#version = version;
    this.#nextLookMs = nowMs + FRESH_MS;
    const lists = await this.#fetch().catch(() => undefined);
    const mayBeOld = lists === undefined || lists.some(({ error }) => error !== undefined);
    if (mayBeOld) this.#nextLookMs = this.#clock.nowMs() + LOOK_MS;
    if (lists === undefined) return;
    const snapshot = this.#snapshot();
    const index = new ListIndex(lists);
    const models = await findListed(snapshot, lists, index);
    this.#lists = lists;
    this.#index = index;
    this.#found = { snapshot, models };
    this.#all = { snapshot: undefined, models: [] };
  }
}

/** Models of one configuration. */
interface Known {
  readonly snapshot: Snapshot | undefined;
  readonly models: readonly PublicModel[];
}

/** The providers' lists, by provider and name. */
class ListIndex {
  readonly #byProvider: ReadonlyMap<string, ReadonlyMap<string, ListedModel>>;

  constructor(lists: readonly ProviderList[]) {
    this.#byProvider = new Map(
      lists.map(({ provider, models }) => [provider, new Map(models.map((model) => [model.id, model]))]),
    );
  }

  find(provider: string | undefined, upstreamModel: string | undefined): ListedModel | undefined {
    return this.#byProvider.get(provider ?? '')?.get(upstreamModel ?? '');
  }
}

function configuredModels(snapshot: Snapshot, index: ListIndex): PublicModel[] {
  return [...snapshot.models.values()].filter(isServed).map((model) => describe(model, snapshot, index));
}

function describe(model: Model, snapshot: Snapshot, index: ListIndex): PublicModel {
  const [route] = model.routes;
  const listed = index.find(route?.provider, route?.upstreamModel);
  return {
    id: model.name,
    // The provider's display name would be misleading under a name that the operator chose.
    displayName: (model.name === listed?.id ? listed.displayName : undefined) ?? model.name,
    createdS: listed?.createdS ?? Math.floor(snapshot.loadedAt.getTime() / 1000),
    ownedBy: route?.provider ?? 'llm-proxy',
    isConfigured: snapshot.models.has(model.name),
  };
}

/**
 * The listed models that can be asked for and that the configuration does not name, found without blocking the event
 * loop.
 */
async function findListed(
  snapshot: Snapshot,
  lists: readonly ProviderList[],
  index: ListIndex,
): Promise<PublicModel[]> {
  const rest = lists.flatMap(({ provider, models }) => models.map(({ id }) => ({ provider, id }))).values();
  const found = new Map<string, PublicModel>();
  const step = (): PublicModel[] | undefined => {
    for (let count = 0; count < AT_A_TIME; count++) {
      const next = rest.next();
      if (next.done === true || found.size >= MOST_LISTED) return [...found.values()];
      const model = askedAs(next.value, snapshot);
      if (model !== undefined && !snapshot.models.has(model.name) && !found.has(model.name))
        found.set(model.name, describe(model, snapshot, index));
    }
    return undefined;
  };
  return inTurns(step);
}

/**
 * The name by which clients reach a listed model: the same name, or the part after the slash if a mapping adds a
 * prefix.
 */
function askedAs({ provider, id }: { provider: string; id: string }, snapshot: Snapshot): Model | undefined {
  const slash = id.indexOf('/');
  const names = slash === -1 ? [id] : [id, id.slice(slash + 1)];
  for (const name of names) {
    const model = name === '' ? undefined : snapshot.findModel(name);
    const leads = model?.routes.some((route) => route.provider === provider && route.upstreamModel === id);
    if (model !== undefined && leads === true) return model;
  }
  return undefined;
}
