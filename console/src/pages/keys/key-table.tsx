import type { TFunction } from 'i18next';
import { KeyRound } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MasterKey } from '../../api/resources.ts';
import { count, NONE } from '../../lib/format.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import type { Column } from '../../ui/sort-header.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { TightestMeter } from '../../ui/usage-meter.tsx';
import { When } from '../../ui/values.tsx';
import { KeyDrawer } from './key-drawer.tsx';
import { KeyForm } from './key-form.tsx';
import { KeyStatus, statusOf } from './key-status.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import type { Secret, TabProps } from './tab-props.ts';
import { useKeys } from './use-keys.ts';

const LAST_USE = ['used'];
const NONE_HIDDEN: readonly string[] = [];

/** Every key; it sorts and searches among ten thousand. */
export function KeyTable({ params, setParams, add }: TabProps): ReactNode {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const [secret, setSecret] = useState<Secret>();
  const { keys, isComplete, total, version, error, refetch } = useKeys();
  const columns = useMemo(() => columnsOf(t), [t]);
  const rows = useMemo(() => keys?.filter((key) => matches(key, search)), [keys, search]);
  // A dash would say that nobody uses them.
  const hasLastUse = keys?.some((key) => key.last_used_at !== undefined);
  const find = (id: string | undefined): MasterKey | undefined => keys?.find((key) => key.id === id);
  const [opened, edited] = [find(params['id']), find(params['edit'])];
  const isSearching = search !== '' && !isComplete && !error;
  const shown = search === '' ? (total ?? 0) : (rows?.length ?? 0);
  const isForm =
    edited !== undefined || (params['new'] !== undefined && (params['tab'] ?? 'keys') === 'keys');
  if (error && !keys) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!rows) return <SkeletonLines />;
  return (
    <div className="stack">
      <div className="filters">
        <SearchBox label={t('Key, team, user')} value={search} onValue={setSearch} />
        <span className="muted small num" role="status">
          {isSearching ? t('Searching …') : t('{{text}} keys', { text: count(shown), count: shown })}
        </span>
      </div>
      <DataTable
        label={t('Keys')}
        rows={rows}
        columns={columns}
        keyOf={({ id }) => id}
        hidden={hasLastUse ? NONE_HIDDEN : LAST_USE}
        onOpen={({ id }) => setParams({ id })}
        maxHeight="calc(100dvh - 15rem)"
        empty={
          <Empty
            icon={KeyRound}
            title={search === '' ? t('No key yet') : isSearching ? t('Searching …') : t('No matches.')}
            text={search === '' ? t('Programs need a key to use this gateway.') : undefined}
          >
            {search === '' && add}
          </Empty>
        }
      />
      {opened && !edited && (
        <KeyDrawer
          masterKey={opened}
          version={version}
          onClose={() => setParams({ id: '' })}
          onEdit={() => setParams({ edit: opened.id })}
          onSecret={setSecret}
        />
      )}
      {isForm && (
        <KeyForm
          masterKey={edited}
          version={version}
          onClose={() => setParams({ edit: '', new: '' })}
          onSecret={setSecret}
        />
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </div>
  );
}

function matches({ id, name, team, user }: MasterKey, search: string): boolean {
  return `${id} ${name ?? ''} ${team ?? ''} ${user ?? ''}`.toLowerCase().includes(search.toLowerCase());
}

function columnsOf(t: TFunction): readonly Column<MasterKey>[] {
  return [
    {
      id: 'name',
      title: t('Key'),
      sortBy: ({ id }) => id,
      className: 'truncate strong',
      cell: ({ id, name }) => (
        <span title={id}>
          {name ?? id}
          {name !== undefined && name !== id && <span className="muted small"> {id}</span>}
        </span>
      ),
    },
    { id: 'status', title: t('State'), sortBy: statusOf, cell: (key) => <KeyStatus masterKey={key} /> },
    {
      id: 'team',
      isMinor: true,
      title: t('Team'),
      className: 'truncate',
      sortBy: ({ team }) => team,
      cell: ({ team }) => team ?? NONE,
    },
    {
      id: 'user',
      isMinor: true,
      title: t('User'),
      className: 'truncate',
      sortBy: ({ user }) => user,
      cell: ({ user }) => user ?? NONE,
    },
    {
      id: 'secret',
      isMinor: true,
      title: t('Secret'),
      className: 'mono muted nowrap',
      cell: (key) => key.key_preview,
    },
    {
      id: 'models',
      isMinor: true,
      title: t('Models'),
      className: 'truncate',
      sortBy: ({ allowed_models: models }) => models.length,
      cell: ({ allowed_models: models }) =>
        models.length === 0 ? t('all') : <span title={models.join(', ')}>{models.join(', ')}</span>,
    },
    {
      id: 'budget',
      title: t('Tightest limit'),
      sortBy: ({ usage }) => Math.max(-1, ...(usage ?? []).map(({ used, amount }) => (used ?? 0) / amount)),
      cell: ({ usage }) => <TightestMeter usage={usage} />,
    },
    {
      id: 'used',
      isMinor: true,
      title: t('Last used'),
      sortBy: (key) => key.last_used_at,
      cell: (key) => <When time={key.last_used_at} relative />,
    },
  ];
}
