import type { Params } from '../../lib/params.ts';

/** The props of each tab of the page. */
export interface TabProps {
  readonly params: Params;
  readonly setParams: (change: Params) => void;
}

/** A secret that is shown this once. */
export interface Secret {
  readonly id: string;
  readonly key: string;
}
