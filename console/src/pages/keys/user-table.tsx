import { UserRound } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { NONE } from '../../lib/format.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { TightestMeter } from '../../ui/usage-meter.tsx';
import type { TabProps } from './tab-props.ts';
import { limitText } from './limit-text.ts';
import { OwnerForm } from './owner-form.tsx';
import { type User, useUsers } from './use-owners.ts';

/** Users: people or programs whose use is counted over all keys. */
export function UserTable({ params, setParams, add }: TabProps): ReactNode {
  const { t } = useTranslation();
  const users = useUsers();
  const columns = useMemo(
    () => [
      {
        id: 'name',
        title: t('User'),
        className: 'truncate strong',
        sortBy: ({ id }: User) => id,
        cell: ({ id }: User) => id,
      },
      {
        id: 'email',
        isMinor: true,
        title: t('Email'),
        className: 'truncate',
        cell: ({ email }: User) => email ?? NONE,
      },
      {
        id: 'limits',
        isMinor: true,
        title: t('Limits'),
        className: 'truncate',
        cell: ({ limits = [] }: User) =>
          limits.length === 0 ? t('none') : limits.map((limit) => limitText(limit, t)).join(' · '),
      },
      { id: 'use', title: t('Tightest limit'), cell: ({ usage }: User) => <TightestMeter usage={usage} /> },
    ],
    [t],
  );
  if (users.error) return <Failed error={users.error} />;
  if (!users.data) return <SkeletonLines />;
  const opened = users.data.users.find(({ id }) => id === params['id']);
  return (
    <>
      <DataTable
        label={t('Users')}
        rows={users.data.users}
        columns={columns}
        keyOf={({ id }) => id}
        onOpen={({ id }) => setParams({ id })}
        empty={
          <Empty
            icon={UserRound}
            title={t('No user yet')}
            text={t('A user combines the usage of a person or program across all keys.')}
          >
            {add}
          </Empty>
        }
      />
      {(opened || params['new'] !== undefined) && (
        <OwnerForm
          kind="users"
          owner={opened}
          version={users.data.version}
          parents={[]}
          onClose={() => setParams({ id: '', new: '' })}
        />
      )}
    </>
  );
}
