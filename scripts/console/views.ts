import { PAGES } from '../../test/e2e/console-browser.ts';

/** Every page of an operator by its path, and the views within pages that have an address. */
export const VIEWS: readonly string[] = [
  ...Object.keys(PAGES),
  '?range=24h',
  'requests?ending=failed&tail=off',
  'models?new=1',
  'providers?new=1',
  'keys?tab=teams',
  'keys?tab=users',
  'keys?new=1',
  'keys?tab=teams&new=1',
  'config?tab=history',
  'config?tab=import',
  'settings?tab=gateways',
  'settings?tab=accounts',
  'settings?tab=sessions',
  'no-such-page',
];

/** The views of somebody who signed in with a master key. */
export const KEY_VIEWS: readonly string[] = ['mine', 'playground', 'settings'];

/** A file name for a view. */
export function fileOf(view: string): string {
  return view === '' ? 'overview' : view.replace(/^\?/, 'overview-').replaceAll(/[^\w-]+/g, '-');
}
