import { isPattern, matcher } from './name-pattern.ts';
import type { Settings } from '../read/settings.ts';
import type { Snapshot } from '../snapshot.ts';

/** Settings that are legal but probably not intended, one sentence each. */
export function findWarnings(
  settings: Settings,
  parts: Pick<Snapshot, 'providers' | 'models' | 'patterns' | 'findModel' | 'access'>,
): string[] {
  return [
    ...findIdleGateway(settings, parts),
    ...findLostModels(parts),
    ...findUnusedProviders(settings, parts),
    ...findUselessKeys(settings, parts),
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

function findUselessKeys(
  settings: Settings,
  { models, patterns, findModel }: Pick<Snapshot, 'models' | 'patterns' | 'findModel'>,
): string[] {
  const isServed = (allowed: string): boolean => {
    if (!isPattern(allowed)) return findModel(allowed) !== undefined;
    return patterns.length > 0 || [...models.keys()].some(matcher(allowed));
  };
  return settings.keys
    .filter(
      ({ enabled, allowedModels }) => enabled && allowedModels.length > 0 && !allowedModels.some(isServed),
    )
    .map(({ name }) => `Key "${name}" may not use any model that is served.`);
}
