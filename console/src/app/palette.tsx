import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { Boxes, KeyRound, type LucideIcon, Plug, ScrollText, Search } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { listKeys, listModels, listProviders } from '../api/queries.ts';
import { useTeamNames, useUserNames } from '../pages/keys/use-owners.ts';
import { formTargets, ownerTargets, placeTargets, type Target } from './palette-targets.ts';
import { useMay, useSession } from '../session/session.ts';

interface Group {
  readonly value: string;
  readonly items: readonly Target[];
}

const SHOWN_PER_GROUP = 10;

/** Jumps to any page, model, provider, key or request. */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [search, setSearch] = useState('');
  const groups = useTargets(search);
  const go = ({ path }: Target): void => {
    onClose();
    navigate(path);
  };
  return (
    <Dialog.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette" aria-label={t('Search')}>
          <Autocomplete.Root
            open
            inline
            items={groups}
            filter={null}
            autoHighlight="always"
            keepHighlight
            value={search}
            onValueChange={setSearch}
            itemToStringValue={(item: unknown) => (item as Target).label}
          >
            <div className="palette-input">
              <Search aria-hidden />
              <Autocomplete.Input
                aria-label={t('Search pages, models, providers, keys, teams and requests')}
                placeholder={t('Search pages, models, providers, keys, teams and requests')}
              />
              <kbd>Esc</kbd>
            </div>
            <div className="palette-list">
              <Autocomplete.Empty>
                <div className="item-empty">{t('No matches.')}</div>
              </Autocomplete.Empty>
              <Autocomplete.List>
                {(group: Group) => <Section key={group.value} group={group} onGo={go} />}
              </Autocomplete.List>
            </div>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Section({ group, onGo }: { group: Group; onGo: (target: Target) => void }): ReactNode {
  return (
    <Autocomplete.Group items={group.items}>
      <Autocomplete.GroupLabel className="group-label">{group.value}</Autocomplete.GroupLabel>
      <Autocomplete.Collection>
        {(target: Target) => (
          <Autocomplete.Item key={target.id} value={target} className="item" onClick={() => onGo(target)}>
            <target.icon aria-hidden />
            <span className="truncate">{target.label}</span>
            {target.hint !== undefined && <span className="muted small push nowrap">{target.hint}</span>}
          </Autocomplete.Item>
        )}
      </Autocomplete.Collection>
    </Autocomplete.Group>
  );
}

function useTargets(search: string): readonly Group[] {
  const { t } = useTranslation();
  const signedIn = useSession();
  const { edit } = useMay();
  const isStaff = signedIn.session.role !== 'key';
  const teams = useTeamNames(isStaff);
  const users = useUserNames(isStaff);
  const models = useQuery({ ...listModels(), enabled: isStaff });
  const providers = useQuery({ ...listProviders(), enabled: isStaff });
  const keys = useQuery({ ...listKeys(search), enabled: isStaff });
  return useMemo(() => {
    const named = (kind: string, path: string, icon: LucideIcon, names: readonly string[]): Target[] =>
      names.map((label) => ({
        id: `${kind} ${label}`,
        label,
        icon,
        path: `${path}?id=${encodeURIComponent(label)}`,
      }));
    const request: Target[] =
      search.trim().length >= 4 && isStaff
        ? [
            {
              id: 'request',
              label: t('Requests with "{{search}}"', { search: search.trim() }),
              icon: ScrollText,
              path: `/requests?search=${encodeURIComponent(search.trim())}`,
            },
          ]
        : [];
    const modelNames = models.data?.models.map(({ id }) => id) ?? [];
    const providerNames = providers.data?.providers.map(({ id }) => id) ?? [];
    const keyNames = keys.data?.master_keys.map(({ id }) => id) ?? [];
    return [
      { value: t('Pages'), items: fitting(placeTargets(signedIn, t), search) },
      { value: t('Models'), items: fitting(named('model', '/models', Boxes, modelNames), search) },
      { value: t('Providers'), items: fitting(named('provider', '/providers', Plug, providerNames), search) },
      { value: t('Keys'), items: fitting(named('key', '/keys', KeyRound, keyNames), search) },
      { value: t('Teams'), items: fitting(ownerTargets('teams', teams ?? []), search) },
      { value: t('Users'), items: fitting(ownerTargets('users', users ?? []), search) },
      { value: t('New'), items: edit ? fitting(formTargets(t), search) : [] },
      { value: t('Requests'), items: request },
    ].filter(({ items }) => items.length > 0);
  }, [search, t, signedIn, edit, isStaff, models.data, providers.data, keys.data, teams, users]);
}

function fitting(targets: readonly Target[], search: string): readonly Target[] {
  const words = search.toLowerCase().split(/\s+/);
  return targets
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .slice(0, SHOWN_PER_GROUP * (search === '' ? 1 : 2));
}
