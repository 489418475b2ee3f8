import type { Params } from '../../lib/params.ts';

/** What each tab of the page gets. */
export interface TabProps {
  readonly params: Params;
  readonly setParams: (change: Params) => void;
}

/** A secret that is shown this once. */
export interface Secret {
  readonly id: string;
  readonly key: string;
}
