import type { CacheRule, Caching } from '../caching.ts';
import type { CachingSettings } from '../read/normalise-cache.ts';
import type { Settings } from '../read/settings.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import { millisecondsOf } from '../schema/units.ts';
import { keptEntries, type KeptKeys } from './kept-keys.ts';

const USUAL: CacheRule = {
  ttlMs: millisecondsOf(DEFAULTS.cacheTtlSeconds),
  anyTemperature: false,
  isPaced: false,
};

/**
 * Joins the settings of models and keys. Returns undefined if none of them opts in, so that caching costs nothing. With
 * `kept`, the settings of those keys are taken over.
 */
export function compileCaching(
  { cache, keys, models }: Pick<Settings, 'cache' | 'keys' | 'models'>,
  kept?: KeptKeys,
): Caching | undefined {
  const byKey = cachingBy(keys.map(({ id, caching }) => [id, caching]));
  // Without caching, it made no difference which keys forbid it.
  const former = kept?.caching && ofKeys.get(kept.caching);
  if (kept !== undefined && former !== undefined)
    for (const [id, caching] of keptEntries(former, kept)) byKey.set(id, caching);
  const byModel = cachingBy(models.map(({ name, caching }) => [name, caching]));
  if (![...byKey.values(), ...byModel.values()].some(({ isEnabled }) => isEnabled)) return undefined;
  const rules = new Map<string, CacheRule | undefined>();
  const caching: Caching = {
    ...cache,
    ruleFor(keyId, model) {
      const ofKey = keyId === undefined ? undefined : byKey.get(keyId);
      const ofModel = byModel.get(model);
      if (ofKey === undefined && ofModel === undefined) return undefined;
      // Clients may make up names of models, so only those of the configuration take room.
      const at = `${ofKey === undefined ? '' : keyId}\0${ofModel === undefined ? '' : model}`;
      if (!rules.has(at)) rules.set(at, ruleOf(ofModel, ofKey));
      return rules.get(at);
    },
  };
  ofKeys.set(caching, byKey);
  return caching;
}

/** The settings of single keys, by id. */
const ofKeys = new WeakMap<Caching, ReadonlyMap<string, CachingSettings>>();

function cachingBy(
  all: readonly (readonly [string, CachingSettings | undefined])[],
): Map<string, CachingSettings> {
  return new Map(all.flatMap(([name, caching]) => (caching === undefined ? [] : [[name, caching]])));
}

/** A key's word comes before the model's, but either may forbid. */
function ruleOf(model: CachingSettings | undefined, key: CachingSettings | undefined): CacheRule | undefined {
  if (model?.isEnabled === false || key?.isEnabled === false) return undefined;
  const { ttlMs, anyTemperature, isPaced } = { ...USUAL, ...model, ...key };
  return { ttlMs, anyTemperature, isPaced };
}
