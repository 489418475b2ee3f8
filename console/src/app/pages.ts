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
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { Role } from '../api/resources.ts';

export interface PlaceOnTheMap {
  readonly path: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** The second key after `g`. */
  readonly key: string;
  readonly group: 'Observe' | 'Route' | 'Access' | 'System' | 'Mine';
  readonly roles: readonly Role[];
  readonly page: LazyExoticComponent<ComponentType>;
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
    page: lazy(async () => ({ default: (await import('../pages/mine/mine-page.tsx')).MinePage })),
  },
  {
    path: '/',
    title: 'Overview',
    icon: Gauge,
    key: 'o',
    group: 'Observe',
    roles: STAFF,
    page: lazy(async () => ({ default: (await import('../pages/overview/overview-page.tsx')).OverviewPage })),
  },
  {
    path: '/requests',
    title: 'Requests',
    icon: ScrollText,
    key: 'r',
    group: 'Observe',
    roles: STAFF,
    page: lazy(async () => ({ default: (await import('../pages/requests/requests-page.tsx')).RequestsPage })),
  },
  {
    path: '/usage',
    title: 'Usage',
    icon: ChartColumn,
    key: 'u',
    group: 'Observe',
    roles: STAFF,
    page: lazy(async () => ({ default: (await import('../pages/usage/usage-page.tsx')).UsagePage })),
  },
  {
    path: '/models',
    title: 'Models',
    icon: Boxes,
    key: 'm',
    group: 'Route',
    roles: STAFF,
    page: lazy(async () => ({ default: (await import('../pages/models/models-page.tsx')).ModelsPage })),
  },
  {
    path: '/providers',
    title: 'Providers',
    icon: Plug,
    key: 'p',
    group: 'Route',
    roles: STAFF,
    page: lazy(async () => ({
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
    page: lazy(async () => ({ default: (await import('../pages/explain/explain-page.tsx')).ExplainPage })),
  },
  {
    path: '/playground',
    title: 'Playground',
    icon: MessagesSquare,
    key: 'y',
    group: 'Route',
    roles: ['admin', 'operator', 'key'],
    page: lazy(async () => ({
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
    page: lazy(async () => ({ default: (await import('../pages/keys/keys-page.tsx')).KeysPage })),
  },
  {
    path: '/config',
    title: 'Configuration',
    icon: FileCog,
    key: 'c',
    group: 'System',
    roles: STAFF,
    page: lazy(async () => ({ default: (await import('../pages/config/config-page.tsx')).ConfigPage })),
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: Settings,
    key: 's',
    group: 'System',
    roles: [...STAFF, 'key'],
    page: lazy(async () => ({ default: (await import('../pages/settings/settings-page.tsx')).SettingsPage })),
  },
];

/** The pages that a role may see. */
export function pagesFor(role: Role): readonly PlaceOnTheMap[] {
  return PAGES.filter(({ roles }) => roles.includes(role));
}
