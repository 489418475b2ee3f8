import { Problem } from './problem.ts';

const AWAY_MS = 10_000;

interface Asked {
  readonly state: { readonly error: unknown };
}

/** The `refetchInterval` of a query that failed because the gateway or its database was away. It loads once that is back. */
export function whileAway({ state: { error } }: Asked): number | false {
  return error instanceof Problem && (error.status === 0 || error.status >= 500) ? AWAY_MS : false;
}
