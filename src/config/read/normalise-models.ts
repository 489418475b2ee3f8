import { DEFAULTS } from '../schema/defaults.ts';
import type { Finding, Path } from './problems.ts';
import { normaliseCaching } from './normalise-cache.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { ownTranslation, routeTranslation } from './normalise-translation.ts';
import type { ModelSettings, RouteSettings } from './settings.ts';

type ModelEntries = NonNullable<ConfigFile['models']>;
type RouteEntry = ModelEntries[string]['routes'][number];

/** Turns the section `models` into a list in which `backend` has become `provider`. */
export function normaliseModels(models: ModelEntries, report: (finding: Finding) => void): ModelSettings[] {
  return Object.entries(models).map(([name, model]) => {
    const at: Path = ['models', name];
    return {
      at,
      name,
      enabled: model.enabled ?? true,
      rewriteResponseModel: model.rewrite_response_model ?? undefined,
      translation: ownTranslation(model.translation ?? {}),
      caching: normaliseCaching(model.cache),
      routes: model.routes.map((route, index) => ({
        ...normaliseRoute(route, [...at, 'routes', index], report),
        upstreamModel: route.model ?? name,
      })),
    };
  });
}

function normaliseRoute(
  route: RouteEntry,
  at: Path,
  report: (finding: Finding) => void,
): Omit<RouteSettings, 'upstreamModel'> {
  const { backend, provider } = route;
  if (typeof backend === 'string' && typeof provider === 'string') {
    report({
      path: [...at, 'provider'],
      part: 'key',
      message: 'is a synonym of backend; keep one of them',
    });
  }
  const name = backend ?? provider;
  if (typeof name !== 'string')
    report({ path: [...at, 'backend'], message: 'is missing: the name of the provider' });
  return {
    at,
    provider: { at: [...at, typeof backend === 'string' ? 'backend' : 'provider'], name: name ?? '' },
    priority: route.priority ?? DEFAULTS.priority,
    weight: route.weight ?? undefined,
    enabled: route.enabled ?? true,
    translation: routeTranslation(route),
  };
}
