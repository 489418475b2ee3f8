/** A change of a route that other machines follow: `cooled` for so long from now, or an operator's decision. */
export type RouteChange =
  | { readonly kind: 'cooled'; readonly route: string; readonly forMs: number }
  | { readonly kind: 'drained' | 'resumed' | 'cleared'; readonly route: string };

/** A route that cools or is drained somewhere. */
export interface RouteState {
  /** The key of the route, or of one of its endpoints. */
  readonly route: string;
  /** 0: it does not cool. */
  readonly coolsForMs: number;
  readonly isDrained: boolean;
}
