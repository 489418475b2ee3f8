import { nearest } from '../../lib/nearest.ts';
import { type LeftOut, type Model, type Route, routeId } from '../../routing/route.ts';
import { compileMapping, type Mapping } from './mapping.ts';
import { compileFallbacks, type ModelDraft } from './fallbacks.ts';
import { bySpecificity } from './name-pattern.ts';
import type { Finding } from '../read/problems.ts';
import type { ModelSettings, ProviderSettings, RouteSettings, Settings } from '../read/settings.ts';

/** All models, and the errors and warnings about them. */
export interface Catalogue {
  /** The enabled models that the settings name. */
  readonly models: ReadonlyMap<string, Model>;
  readonly patterns: readonly string[];
  readonly findModel: (name: string) => Model | undefined;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

/** The number of remembered models that only a pattern or an open provider serves. Clients choose their names. */
const MOST_REMEMBERED = 4096;
/** Longer names are served but not remembered. */
const LONGEST_REMEMBERED = 256;

/**
 * Builds the models. A model in `models` has the routes given there. Any other model has a route for each provider
 * whose mapping contains it and, if `models` is empty, for each provider without a mapping.
 */
export function buildCatalogue(settings: Settings): Catalogue {
  // The snapshot keeps what functions here use, so none of them uses the settings as a whole.
  const { strategy } = settings;
  const isOpen = settings.models.length === 0;
  const providerNames = new Set(settings.providers.map(({ name }) => name));
  const findings = settings.models.flatMap((model) => findDanglingRoutes(model, providerNames));
  const warnings: string[] = [];
  const listed = new Map(settings.models.map((model) => [model.name, model]));
  const enabled = settings.providers.filter((provider) => provider.enabled);
  const providers = new Map(enabled.map((provider) => [provider.name, provider]));
  const mappings = enabled.map((provider) => compileMapping(provider, isOpen));
  const named = new Map<string, ModelDraft>();
  for (const model of settings.models) {
    if (model.enabled) named.set(model.name, draftListed(model, providers, settings, warnings));
  }
  for (const name of mappings.flatMap(({ exactNames }) => exactNames)) {
    const draft = listed.has(name) || named.has(name) ? undefined : draftMapped(name, mappings, strategy);
    if (draft !== undefined) named.set(name, draft);
  }
  const models = new Map(named);

  const draft = (name: string) =>
    named.get(name) ?? (listed.has(name) ? undefined : draftMapped(name, mappings, strategy));
  const fallbacks = compileFallbacks(settings.fallbacks, { named, draft, listed });

  return {
    models,
    patterns: [...new Set(mappings.flatMap(({ patterns }) => patterns))].sort(bySpecificity),
    findModel: rememberer((name) => named.get(name), draft),
    findings: [...findings, ...fallbacks.findings],
    warnings: [...warnings, ...fallbacks.warnings],
  };
}

/** `providers` are the enabled ones by name. */
function draftListed(
  model: ModelSettings,
  providers: ReadonlyMap<string, ProviderSettings>,
  settings: Settings,
  warnings: string[],
): ModelDraft {
  const routes = new Map<string, Route>();
  const leftOut: LeftOut[] = [];
  for (const route of model.routes) {
    const what = routeId(route.provider.name, route.upstreamModel);
    const provider = providers.get(route.provider.name);
    if (!route.enabled || provider === undefined) {
      leftOut.push({ what, why: `the ${route.enabled ? 'provider' : 'route'} is disabled` });
      continue;
    }
    const compiled = compileRoute(route, provider);
    if (routes.has(compiled.id)) {
      leftOut.push({ what, why: 'it repeats an earlier route' });
      warnings.push(
        `Model "${model.name}" has two routes to "${route.upstreamModel}" at "${provider.name}": only the first counts.`,
      );
    } else routes.set(compiled.id, compiled);
  }
  const { name } = model;
  return {
    name,
    rotation: name,
    routes: [...routes.values()],
    strategy: settings.strategy ?? 'random',
    fallbacks: [],
    leftOut,
  };
}

function compileRoute(route: RouteSettings, provider: ProviderSettings): Route {
  return {
    id: routeId(provider.name, route.upstreamModel),
    provider: provider.name,
    upstreamModel: route.upstreamModel,
    priority: route.priority,
    weight: route.weight ?? provider.weight,
    ...(route.translation !== undefined && { translation: route.translation }),
  };
}

/** A model that mappings and open providers serve; undefined: no provider serves it. */
function draftMapped(
  name: string,
  mappings: readonly Mapping[],
  strategy: Settings['strategy'],
): ModelDraft | undefined {
  const found = mappings.flatMap((mapping) => mapping.find(name) ?? []);
  if (found.length === 0) return undefined;
  const byPattern = [...new Set(found.map(({ pattern }) => pattern))];
  const isNamed = byPattern.includes(undefined);
  return {
    name,
    // The models of one pattern share a rotation. Otherwise each new name would start with the first provider.
    rotation: isNamed ? name : byPattern.join(' '),
    routes: found.map(({ route }) => route),
    strategy: strategy ?? 'round_robin',
    fallbacks: [],
    leftOut: [],
  };
}

function findDanglingRoutes(model: ModelSettings, names: ReadonlySet<string>): Finding[] {
  return model.routes
    .filter(({ provider }) => provider.name !== '' && !names.has(provider.name))
    .map(({ provider }) => danglingRoute(provider, [...names]));
}

function danglingRoute({ at, name }: RouteSettings['provider'], names: readonly string[]): Finding {
  const suggestion = nearest(name, names);
  const finding = {
    path: at,
    message: 'is not the name of a provider',
    found: JSON.stringify(name),
    allowed: names,
  };
  return suggestion === undefined ? finding : { ...finding, suggestion };
}

/** Looks up models and keeps the most recently built ones, within a bound. */
function rememberer(
  findNamed: (name: string) => Model | undefined,
  draft: (name: string) => Model | undefined,
): (name: string) => Model | undefined {
  const remembered = new Map<string, Model>();
  return (name) => {
    const known = findNamed(name) ?? remembered.get(name);
    if (known !== undefined) return known;
    const model = draft(name);
    if (model === undefined || name.length > LONGEST_REMEMBERED) return model;
    const [oldest] = remembered.keys();
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(name, model);
    return model;
  };
}
