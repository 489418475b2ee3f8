import { type Route, routeId } from '../../routing/route.ts';
import { DEFAULTS } from '../schema/defaults.ts';
import { bySpecificity, isPattern, matcher } from './name-pattern.ts';
import type { ProviderSettings } from '../read/settings.ts';

/** The models that one provider serves, by its `model_mapping` or because it has none. */
export interface Mapping {
  readonly exactNames: readonly string[];
  readonly patterns: readonly string[];
  readonly find: (name: string) => Mapped | undefined;
}

export interface Mapped {
  readonly route: Route;
  /** The pattern that matched the name; undefined: the mapping contains the name itself. */
  readonly pattern: string | undefined;
}

/** `servesAny`: a provider without a mapping serves every model under the client's name. */
export function compileMapping(provider: ProviderSettings, servesAny: boolean): Mapping {
  const { mapping } = provider;
  const rules = mapping.size === 0 && servesAny ? new Map([['*', '*']]) : mapping;
  const patterns = [...rules.keys()]
    .filter(isPattern)
    .sort(bySpecificity)
    .map((pattern) => ({ pattern, matches: matcher(pattern) }));
  const route = (name: string, target: string): Route => {
    // A replacement string would interpret `$&` in the client's name.
    const upstreamModel = target.replace('*', () => name);
    const id = routeId(provider.name, upstreamModel);
    return {
      id,
      provider: provider.name,
      upstreamModel,
      priority: DEFAULTS.priority,
      weight: provider.weight,
    };
  };
  return {
    exactNames: [...rules.keys()].filter((name) => !isPattern(name)),
    patterns: patterns.map(({ pattern }) => pattern),
    find(name) {
      const exact = isPattern(name) ? undefined : rules.get(name);
      if (exact !== undefined) return { route: route(name, exact), pattern: undefined };
      const pattern = patterns.find(({ matches }) => matches(name))?.pattern;
      const target = pattern === undefined ? undefined : rules.get(pattern);
      return target === undefined ? undefined : { route: route(name, target), pattern };
    },
  };
}
