/**
 * One way to serve a model: an account at a provider and the name that the model has there.
 * `id` names the pair of provider and upstream model, and is what cools down: two models that lead to the
 * same upstream model share its fate.
 */
export interface Route {
  readonly id: string;
  readonly provider: string;
  /** The name that the provider knows; undefined leaves the body as the client wrote it. */
  readonly upstreamModel: string | undefined;
  /** Lower numbers are tried first. */
  readonly priority: number;
  /** Share of the requests among routes of one priority. 0: only when nothing else is left. */
  readonly weight: number;
  /** What the configuration says about putting requests into another API on this route; undefined: nothing. */
  readonly translation?: RouteTranslation | undefined;
}

/** What translation is told of an upstream model. A field that is undefined is left to the tables of models. */
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

/** A public model name, its routes, and the models that stand in when all of them fail. */
export interface Model {
  readonly name: string;
  /** Only the enabled ones: compiling the configuration leaves the others out. */
  readonly routes: readonly Route[];
  readonly strategy: Strategy;
  /**
   * The round robin in which its requests take turns: its own name where it is configured by name, and one for
   * all the names that a pattern or an open provider serves, so that clients cannot make up new ones.
   */
  readonly rotation: string;
  /** Fallback models in the order in which they are tried: depth first, each once, this model excluded. */
  readonly fallbacks: readonly Model[];
  /** What the configuration names for it and does not use. */
  readonly leftOut: readonly LeftOut[];
}

/** A route or a fallback that is never tried. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** The identity under which a provider's upstream model is cooled, counted and measured. */
export function routeId(provider: string, upstreamModel: string | undefined): string {
  return `${provider}/${upstreamModel ?? '*'}`;
}
