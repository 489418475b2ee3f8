import { isPattern, matcher } from './name-pattern.ts';
import { formatPath } from '../read/problems.ts';
import type { LimitSettings } from '../read/normalise-limits.ts';
import type { KeySettings, Settings } from '../read/settings.ts';
import type { Snapshot } from '../snapshot.ts';
import type { KeptKeys } from './kept-keys.ts';

type Parts = Pick<Snapshot, 'providers' | 'models' | 'patterns' | 'findModel' | 'access'>;

/** Keys that were compiled before. */
type Kept = Pick<KeptKeys, 'keys'> | undefined;

/** Settings that are legal but probably not intended, one sentence each. */
export function findWarnings(
  settings: Settings,
  parts: Parts,
  { now, kept }: { readonly now: Date; readonly kept: Kept },
): string[] {
  return [
    ...findIdleGateway(settings, parts, kept),
    ...findLostModels(parts),
    ...findUnusedProviders(settings, parts),
    ...findUselessTeams(settings, parts),
    ...findExpiredKeys(parts, kept, now),
    ...findUselessFilters(sharedLimits(settings), parts),
  ];
}

/** The same of single keys, by their ids, whatever the time. Most keys have none. */
export function findKeyWarnings(settings: Settings, parts: Parts): Map<string, readonly string[]> {
  const isUseless = uselessness(parts);
  const warnings = new Map<string, readonly string[]>();
  for (const key of settings.keys) {
    const { limitList, perEndUser } = key.ownership;
    const found = findUselessFilters([limitList, perEndUser], parts, key);
    if (key.enabled && isUseless(key))
      found.unshift(`Key "${key.name}" may not use any model that is served.`);
    if (found.length > 0) warnings.set(key.id, found);
  }
  return warnings;
}

function findIdleGateway(
  { keys }: Settings,
  { providers, access }: Pick<Snapshot, 'providers' | 'access'>,
  kept: Kept,
): string[] {
  const warnings: string[] = [];
  if (providers.size === 0) warnings.push('No provider is enabled: every request will be refused.');
  const isUsable = keys.some(({ enabled }) => enabled) || kept?.keys.some(({ enabled }) => enabled) === true;
  if (access.kind === 'keys' && !isUsable) warnings.push('No key is enabled: every request will be refused.');
  return warnings;
}

function findLostModels({ models }: Pick<Snapshot, 'models'>): string[] {
  return [...models.values()]
    .filter(({ routes }) => routes.length === 0)
    .map(({ name, fallbacks }) =>
      fallbacks.length === 0
        ? `Model "${name}" has no enabled route and no fallback: requests for it will fail.`
        : `Model "${name}" has no enabled route: its fallbacks answer for it.`,
    );
}

/** If `models` is set, a provider that no route or mapping names gets no requests. */
function findUnusedProviders(settings: Settings, { models }: Pick<Snapshot, 'models'>): string[] {
  if (settings.models.length === 0) return [];
  const used = new Set([...models.values()].flatMap(({ routes }) => routes.map(({ provider }) => provider)));
  return settings.providers
    .filter(({ enabled, name, mapping }) => enabled && mapping.size === 0 && !used.has(name))
    .map(({ name }) => `Provider "${name}" is not used by any route.`);
}

type Served = Pick<Snapshot, 'models' | 'patterns' | 'findModel'>;

/** Whether a model of this name, or one that fits this pattern, is served. */
function isServed(name: string, { models, patterns, findModel }: Served): boolean {
  if (!isPattern(name)) return findModel(name) !== undefined;
  return patterns.length > 0 || [...models.keys()].some(matcher(name));
}

/** The test whether a key may use no model that is served. */
function uselessness(parts: Served & Pick<Snapshot, 'access'>): (key: KeySettings) => boolean {
  const { access, models, patterns } = parts;
  const byName = new Map(
    access.kind === 'keys' ? [...access.keys.values()].map((key) => [key.name, key]) : [],
  );
  return ({ name, allowedModels, ownership }) => {
    if (allowedModels.length > 0 && !allowedModels.some((model) => isServed(model, parts))) return true;
    // The names behind a pattern are unknown.
    if (ownership.team === undefined || patterns.length > 0 || models.size === 0) return false;
    const key = byName.get(name);
    return key !== undefined && ![...models.keys()].some(key.allows);
  };
}

function findUselessTeams({ teams }: Settings, parts: Served): string[] {
  return teams
    .filter(
      ({ allowedModels }) =>
        allowedModels.length > 0 && !allowedModels.some((model) => isServed(model, parts)),
    )
    .map(({ name }) => `Team "${name}" may not use any model that is served.`);
}

/** Keys that are refused as expired. In a database, a former secret is none of them. */
function findExpiredKeys({ access }: Pick<Snapshot, 'access'>, kept: Kept, now: Date): string[] {
  if (access.kind === 'open') return [];
  return [...(kept?.keys ?? []), ...access.keys.values()]
    .filter(({ enabled, refusedFromMs }) => enabled && refusedFromMs <= now.getTime())
    .map(({ name }) => `Key "${name}" has expired: its requests are refused.`);
}

function sharedLimits({ limits, teams, users }: Settings): (readonly LimitSettings[])[] {
  return [
    limits,
    ...teams.flatMap((team) => [team.limits, team.perUser]),
    ...users.map((user) => user.limits),
  ];
}

/** Limits that count only models that no provider serves, of a key or of all others. */
function findUselessFilters(
  lists: readonly (readonly LimitSettings[])[],
  parts: Served,
  key?: Pick<KeySettings, 'at' | 'name'>,
): string[] {
  return lists
    .flat()
    .filter(({ models }) => models?.every((model) => !isServed(model, parts)) ?? false)
    .map(({ at }) => {
      const limit =
        key === undefined ? formatPath(at) : `${formatPath(at.slice(key.at.length))} of key "${key.name}"`;
      return `The limit ${limit} counts only models that are not served.`;
    });
}
