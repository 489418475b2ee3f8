import { isPattern, matcher } from './name-pattern.ts';
import { formatPath } from '../read/problems.ts';
import type { Settings } from '../read/settings.ts';
import type { Snapshot } from '../snapshot.ts';

/** Settings that are legal but probably not intended, one sentence each. */
export function findWarnings(
  settings: Settings,
  parts: Pick<Snapshot, 'providers' | 'models' | 'patterns' | 'findModel' | 'access'>,
  now: Date,
): string[] {
  return [
    ...findIdleGateway(settings, parts),
    ...findLostModels(parts),
    ...findUnusedProviders(settings, parts),
    ...findUselessKeys(settings, parts),
    ...findExpiredKeys(parts, now),
    ...findUselessFilters(settings, parts),
  ];
}

function findIdleGateway(
  { keys }: Settings,
  { providers, access }: Pick<Snapshot, 'providers' | 'access'>,
): string[] {
  const warnings: string[] = [];
  if (providers.size === 0) warnings.push('No provider is enabled: every request will be refused.');
  if (access.kind === 'keys' && !keys.some(({ enabled }) => enabled)) {
    warnings.push('No key is enabled: every request will be refused.');
  }
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

function findUselessKeys({ keys, teams }: Settings, parts: Served & Pick<Snapshot, 'access'>): string[] {
  const { access, models, patterns } = parts;
  const byName = new Map(
    access.kind === 'keys' ? [...access.keys.values()].map((key) => [key.name, key]) : [],
  );
  const isUseless = ({ name, allowedModels, ownership }: Settings['keys'][number]): boolean => {
    if (allowedModels.length > 0 && !allowedModels.some((model) => isServed(model, parts))) return true;
    // The names behind a pattern are unknown.
    if (ownership.team === undefined || patterns.length > 0 || models.size === 0) return false;
    const key = byName.get(name);
    return key !== undefined && ![...models.keys()].some(key.allows);
  };
  return [
    ...keys
      .filter((key) => key.enabled && isUseless(key))
      .map(({ name }) => `Key "${name}" may not use any model that is served.`),
    ...teams
      .filter(
        ({ allowedModels }) =>
          allowedModels.length > 0 && !allowedModels.some((model) => isServed(model, parts)),
      )
      .map(({ name }) => `Team "${name}" may not use any model that is served.`),
  ];
}

/** Keys that are refused as expired. In a database, a former secret is none of them. */
function findExpiredKeys({ access }: Pick<Snapshot, 'access'>, now: Date): string[] {
  if (access.kind === 'open') return [];
  return [...access.keys.values()]
    .filter(({ enabled, refusedFromMs }) => enabled && refusedFromMs <= now.getTime())
    .map(({ name }) => `Key "${name}" has expired: its requests are refused.`);
}

/** Limits that count only models that no provider serves. */
function findUselessFilters(settings: Settings, parts: Served): string[] {
  const lists = [
    settings.limits,
    ...settings.teams.flatMap(({ limits, perUser }) => [limits, perUser]),
    ...settings.users.map(({ limits }) => limits),
    ...settings.keys.flatMap(({ ownership }) => [ownership.limitList, ownership.perEndUser]),
  ];
  return lists
    .flat()
    .filter(({ models }) => models?.every((model) => !isServed(model, parts)) ?? false)
    .map(({ at }) => `The limit ${formatPath(at)} counts only models that are not served.`);
}
