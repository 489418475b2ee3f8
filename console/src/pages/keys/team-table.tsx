import type { TFunction } from 'i18next';
import { Users } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Team } from '../../api/resources.ts';
import { NONE } from '../../lib/format.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/sort-header.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { TightestMeter } from '../../ui/usage-meter.tsx';
import type { TabProps } from './tab-props.ts';
import { limitText } from './limit-text.ts';
import { OwnerForm } from './owner-form.tsx';
import { useTeams } from './use-owners.ts';

/** Teams: keys whose use is counted together. */
export function TeamTable({ params, setParams, add }: TabProps): ReactNode {
  const { t } = useTranslation();
  const teams = useTeams();
  const columns = useMemo(() => columnsOf(t), [t]);
  if (teams.error) return <Failed error={teams.error} />;
  if (!teams.data) return <SkeletonLines />;
  const opened = teams.data.teams.find(({ id }) => id === params['id']);
  return (
    <>
      <DataTable
        label={t('Teams')}
        rows={teams.data.teams}
        columns={columns}
        keyOf={({ id }) => id}
        onOpen={({ id }) => setParams({ id })}
        empty={
          <Empty icon={Users} title={t('No team yet')} text={t('A team combines the usage of its keys.')}>
            {add}
          </Empty>
        }
      />
      {(opened || params['new'] !== undefined) && (
        <OwnerForm
          kind="teams"
          owner={opened}
          version={teams.data.version}
          parents={teams.data.teams.map(({ id }) => id)}
          onClose={() => setParams({ id: '', new: '' })}
        />
      )}
    </>
  );
}

function columnsOf(t: TFunction): readonly Column<Team>[] {
  return [
    {
      id: 'name',
      title: t('Team'),
      className: 'truncate strong',
      sortBy: ({ id }) => id,
      cell: ({ id }) => id,
    },
    {
      id: 'parent',
      isMinor: true,
      title: t('Belongs to'),
      className: 'truncate',
      sortBy: ({ parent }) => parent,
      cell: ({ parent }) => parent ?? NONE,
    },
    {
      id: 'limits',
      isMinor: true,
      title: t('Limits'),
      className: 'truncate',
      cell: ({ limits = [] }) =>
        limits.length === 0 ? t('none') : limits.map((limit) => limitText(limit, t)).join(' · '),
    },
    { id: 'use', title: t('Tightest limit'), cell: ({ usage }) => <TightestMeter usage={usage} /> },
    {
      id: 'tags',
      isMinor: true,
      title: t('Tags'),
      className: 'truncate muted',
      cell: ({ tags = {} }) =>
        Object.entries(tags)
          .map(([name, value]) => `${name}=${value}`)
          .join(', ') || NONE,
    },
  ];
}
