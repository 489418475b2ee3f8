import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import type { SessionRow } from '../../api/resources.ts';
import { useSession } from '../../session/session.ts';
import { useAct } from '../../ui/use-act.ts';
import { NONE } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';

/** Everybody who is signed in. */
export function SessionList(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const act = useAct({ refresh: ['sessions'] });
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => admin<{ sessions: readonly SessionRow[] }>('/sessions', { signal }),
    retry: false,
  });
  if (sessions.error) return <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (!sessions.data) return <SkeletonLines />;
  return (
    <DataTable
      label={t('Sessions')}
      rows={sessions.data.sessions}
      keyOf={({ id }) => id}
      empty={
        <Empty
          title={t('No one is signed in')}
          {...(gateway.mode === 'demo' && { text: t('The demo asks nobody to sign in.') })}
        />
      }
      columns={[
        {
          id: 'name',
          title: t('Name'),
          className: 'truncate strong',
          sortBy: ({ name }) => name,
          cell: ({ name, is_current: isCurrent }) => (
            <span className="row tight">
              {name} {isCurrent && <span className="badge is-note">{t('this one')}</span>}
            </span>
          ),
        },
        {
          id: 'role',
          title: t('Role'),
          className: 'nowrap',
          sortBy: ({ role }) => role,
          cell: ({ role }) => t(`role ${role}`),
        },
        { id: 'address', title: t('From'), isMinor: true, cell: ({ address }) => address ?? NONE },
        {
          id: 'since',
          title: t('Since'),
          isMinor: true,
          sortBy: (one) => one.created_at,
          cell: (one) => <When time={one.created_at} />,
        },
        {
          id: 'until',
          title: t('Until'),
          sortBy: (one) => one.expires_at,
          cell: (one) => <When time={one.expires_at} />,
        },
        {
          id: 'actions',
          title: t('Actions'),
          hideTitle: true,
          cell: ({ id, is_current: isCurrent }) =>
            !isCurrent && (
              <Button
                small
                look="danger"
                onClick={() =>
                  act.mutate({
                    method: 'DELETE',
                    path: `/sessions/${encodeURIComponent(id)}`,
                    done: t('The session has ended'),
                  })
                }
              >
                {t('End')}
              </Button>
            ),
        },
      ]}
    />
  );
}
