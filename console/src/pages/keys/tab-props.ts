import type { ReactNode } from 'react';
import type { Params } from '../../lib/params.ts';

/** The props of each tab of the page. */
export interface TabProps {
  /** The button that creates one; undefined where the viewer may not. */
  readonly add: ReactNode;
  readonly params: Params;
  readonly setParams: (change: Params) => void;
}

/** A secret that is shown this once. */
export interface Secret {
  readonly id: string;
  readonly key: string;
}
