/**
 * One way to serve a model: a provider and its name for the model. `id` stands for the pair of provider and upstream
 * model, which is what cools down: two models that use the same upstream model share its state.
 */
export interface Route {
  readonly id: string;
  readonly provider: string;
  /** The provider's name for the model; undefined: the body stays as the client wrote it. */
  readonly upstreamModel: string | undefined;
  /** Lower numbers are tried first. */
  readonly priority: number;
  /** The share of requests among routes of one priority. 0: only if nothing else is left. */
  readonly weight: number;
  /** The route's translation settings; undefined: it has none. */
  readonly translation?: RouteTranslation | undefined;
}

/** Facts about an upstream model that translation uses. The model tables supply undefined fields. */
export interface RouteTranslation {
  /** The provider's API to translate to. */
  readonly api?: 'chat' | 'responses' | 'messages' | 'gemini' | 'converse' | undefined;
  /** Tokens. */
  readonly maxOutputTokens?: number | undefined;
  /** The efforts of reasoning that the model takes; empty: it does not reason. */
  readonly efforts?: readonly string[] | undefined;
  readonly claude?: ClaudeTraits | undefined;
}

/** How a Claude model differs from what its name says. */
export interface ClaudeTraits {
  readonly sampling?: 'all' | 'one' | 'none';
  readonly thinking?: 'adaptive' | 'budget' | 'none';
  readonly forcedTools?: boolean;
  readonly midSystem?: boolean;
  readonly json?: boolean;
}

export type Strategy = 'round_robin' | 'random' | 'least_busy' | 'lowest_latency';

/** A public model name, its routes, and the models that replace it when all of them fail. */
export interface Model {
  readonly name: string;
  /** Enabled routes only; compiling the configuration drops the others. */
  readonly routes: readonly Route[];
  readonly strategy: Strategy;
  /**
   * The round robin that its requests advance. A configured model has its own. All names that a pattern or an open
   * provider serves share one, so that clients cannot create new ones.
   */
  readonly rotation: string;
  /** Fallback models in the order of use: depth first, each once, without this model. */
  readonly fallbacks: readonly Model[];
  /** Configured routes and fallbacks that are not used. */
  readonly leftOut: readonly LeftOut[];
}

/** A route or a fallback that is never tried. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** The key under which a provider's upstream model is cooled, counted and measured. */
export function routeId(provider: string, upstreamModel: string | undefined): string {
  return `${provider}/${upstreamModel ?? '*'}`;
}
