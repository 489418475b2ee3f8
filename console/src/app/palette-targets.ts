import type { TFunction } from 'i18next';
import { Plus, Users, type LucideIcon } from 'lucide-react';
import { pagesFor } from './pages.ts';
import type { SignedIn } from '../api/resources.ts';

/** Something that the command palette leads to. */
export interface Target {
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly path: string;
  readonly hint?: string;
}

/** The views within pages, by the page's path. */
const TABS: Readonly<Record<string, readonly (readonly [tab: string, title: string])[]>> = {
  '/keys': [
    ['teams', 'Teams'],
    ['users', 'Users'],
  ],
  '/config': [
    ['history', 'Revisions'],
    ['import', 'Import'],
  ],
  '/settings': [
    ['gateways', 'Gateways'],
    ['accounts', 'Accounts'],
    ['sessions', 'Sessions'],
  ],
};

/** Tabs that only an admin has. */
const FOR_ADMINS = new Set(['accounts', 'sessions', 'import']);

/** The pages that somebody may see, and after them the views within them. */
export function placeTargets({ session: { role } }: SignedIn, t: TFunction): readonly Target[] {
  const pages = pagesFor(role);
  const places = pages.map(({ path, title, icon, key }) => ({
    id: `page ${path}`,
    label: t(title),
    icon,
    path,
    hint: `g ${key}`,
  }));
  if (role === 'key') return places;
  const tabs = pages.flatMap(({ path, title, icon }) =>
    (TABS[path] ?? [])
      .filter(([tab]) => role === 'admin' || !FOR_ADMINS.has(tab))
      .map(([tab, name]) => ({
        id: `tab ${tab}`,
        label: `${t(title)} › ${t(name)}`,
        icon,
        path: `${path}?tab=${tab}`,
      })),
  );
  return [...places, ...tabs];
}

/** The forms that make something new. */
export function formTargets(t: TFunction): readonly Target[] {
  return [
    ['New key', '/keys?new=1'],
    ['New team', '/keys?tab=teams&new=1'],
    ['New user', '/keys?tab=users&new=1'],
    ['New model', '/models?new=1'],
    ['New provider', '/providers?new=1'],
  ].map(([title = '', path = '']) => ({ id: `form ${path}`, label: t(title), icon: Plus, path }));
}

/** Teams or users, by their names. */
export function ownerTargets(tab: 'teams' | 'users', names: readonly string[]): readonly Target[] {
  return names.map((name) => ({
    id: `${tab} ${name}`,
    label: name,
    icon: Users,
    path: `/keys?tab=${tab}&id=${encodeURIComponent(name)}`,
  }));
}
