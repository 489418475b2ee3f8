import {
  BookOpenCheck,
  Boxes,
  ChartColumn,
  FileCog,
  Gauge,
  KeyRound,
  type LucideIcon,
  MessagesSquare,
  Plug,
  ScrollText,
  Settings,
  UserRound,
} from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import { listProviderStates, LIVE_WINDOW_SECONDS, readDemo, readOverview } from '../api/queries.ts';
import type { Role, SignedIn } from '../api/resources.ts';
import type { QueryClient } from '@tanstack/react-query';
import { type Loadable, loadable } from './loadable.ts';

export interface PlaceOnTheMap extends Loadable<ComponentType> {
  readonly path: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** The second key after `g`. */
  readonly key: string;
  readonly group: 'Observe' | 'Route' | 'Access' | 'System' | 'Mine';
  readonly roles: readonly Role[];
  /** Asks ahead of time for what the page shows first, unless its address has parameters. */
  readonly ask?: (queries: QueryClient) => void;
}

function loaded(load: () => Promise<{ default: ComponentType }>): Loadable<ComponentType> {
  return loadable<ComponentType>(load, lazy);
}

const STAFF = ['admin', 'operator', 'viewer'] as const;

/** Every page, in the order of the navigation. */
export const PAGES: readonly PlaceOnTheMap[] = [
  {
    path: '/mine',
    title: 'My use',
    icon: UserRound,
    key: 'i',
    group: 'Mine',
    roles: ['key'],
    ...loaded(async () => ({ default: (await import('../pages/mine/mine-page.tsx')).MinePage })),
  },
  {
    path: '/',
    title: 'Overview',
    icon: Gauge,
    key: 'o',
    group: 'Observe',
    roles: STAFF,
    ...loaded(async () => ({
      default: (await import('../pages/overview/overview-page.tsx')).OverviewPage,
    })),
    ask: (queries) => {
      void queries.prefetchQuery(readOverview(LIVE_WINDOW_SECONDS));
      void queries.prefetchQuery(listProviderStates());
    },
  },
  {
    path: '/requests',
    title: 'Requests',
    icon: ScrollText,
    key: 'r',
    group: 'Observe',
    roles: STAFF,
    ...loaded(async () => ({
      default: (await import('../pages/requests/requests-page.tsx')).RequestsPage,
    })),
  },
  {
    path: '/usage',
    title: 'Usage',
    icon: ChartColumn,
    key: 'u',
    group: 'Observe',
    roles: STAFF,
    ...loaded(async () => ({ default: (await import('../pages/usage/usage-page.tsx')).UsagePage })),
  },
  {
    path: '/models',
    title: 'Models',
    icon: Boxes,
    key: 'm',
    group: 'Route',
    roles: STAFF,
    ...loaded(async () => ({ default: (await import('../pages/models/models-page.tsx')).ModelsPage })),
  },
  {
    path: '/providers',
    title: 'Providers',
    icon: Plug,
    key: 'p',
    group: 'Route',
    roles: STAFF,
    ...loaded(async () => ({
      default: (await import('../pages/providers/providers-page.tsx')).ProvidersPage,
    })),
  },
  {
    path: '/explain',
    title: 'Explain',
    icon: BookOpenCheck,
    key: 'e',
    group: 'Route',
    roles: STAFF,
    ...loaded(async () => ({ default: (await import('../pages/explain/explain-page.tsx')).ExplainPage })),
  },
  {
    path: '/playground',
    title: 'Playground',
    icon: MessagesSquare,
    key: 'y',
    group: 'Route',
    roles: ['admin', 'operator', 'key'],
    ...loaded(async () => ({
      default: (await import('../pages/playground/playground-page.tsx')).PlaygroundPage,
    })),
  },
  {
    path: '/keys',
    title: 'Keys & teams',
    icon: KeyRound,
    key: 'k',
    group: 'Access',
    roles: STAFF,
    ...loaded(async () => ({ default: (await import('../pages/keys/keys-page.tsx')).KeysPage })),
  },
  {
    path: '/config',
    title: 'Configuration',
    icon: FileCog,
    key: 'c',
    group: 'System',
    roles: STAFF,
    ...loaded(async () => ({ default: (await import('../pages/config/config-page.tsx')).ConfigPage })),
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: Settings,
    key: 's',
    group: 'System',
    roles: [...STAFF, 'key'],
    ...loaded(async () => ({
      default: (await import('../pages/settings/settings-page.tsx')).SettingsPage,
    })),
  },
];

/** The page at an address below the console's; undefined: there is none. */
function pageAt(address: string): PlaceOnTheMap | undefined {
  return PAGES.find(({ path }) => path === (address || '/'));
}

/** Loads the page at an address, before it is known who is signed in. The page itself shows a failure to load. */
export async function loadAhead(address: string): Promise<void> {
  await pageAt(address)
    ?.load()
    .catch(() => undefined);
}

/** Asks for what the page at an address shows first, before its script is there. */
export function askAhead(address: string, { session, gateway }: SignedIn, queries: QueryClient): void {
  const page = pageAt(address);
  if (page === undefined || !page.roles.includes(session.role) || location.search !== '') return;
  page.ask?.(queries);
  if (gateway.mode === 'demo' && page.path === '/') void queries.prefetchQuery(readDemo());
}

/** The pages that a role may see. */
export function pagesFor(role: Role): readonly PlaceOnTheMap[] {
  return PAGES.filter(({ roles }) => roles.includes(role));
}
