import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { admin } from '../../api/client.ts';
import type { LimitUse } from '../../api/resources.ts';
import { nearDateTime, utc } from '../../lib/format.ts';
import { useSession } from '../../session/session.ts';
import { Card } from '../../ui/card.tsx';
import { Failed, Skeleton } from '../../ui/states.tsx';
import { UsageMeter } from '../../ui/usage-meter.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { useTeams, useUsers } from '../keys/use-owners.ts';
import { burnDownOf } from './burn-down.ts';

const SHOWN = 6;

/** The budgets of which most is used, and when each will be used up. */
export function Budgets(): ReactNode {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['limits', 'cost'],
    queryFn: ({ signal }) =>
      admin<{ readonly limits: readonly LimitUse[] }>('/limits', {
        query: { kind: 'cost', sort: 'used', limit: SHOWN },
        signal,
      }),
    refetchInterval: 30_000,
  });
  const sinceOf = useBeginnings();
  return (
    <Card title={t('Budgets')}>
      {data === undefined && error !== null ? (
        <Failed error={error} />
      ) : data === undefined ? (
        <Skeleton height="4rem" />
      ) : data.limits.length === 0 ? (
        <p className="muted small">{t('No key, team or user has a spending limit.')}</p>
      ) : (
        <ul className="stack">
          {data.limits.map((use) => (
            <li key={use.counter} className="stack tight">
              <UsageMeter use={use} owner={<Owner use={use} />} />
              <BurnDownText use={use} sinceMs={sinceOf(use)} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** When the owner of a limit was created, which is when a budget in total began to count. A configuration file does not say when. */
function useBeginnings(): (use: LimitUse) => number | undefined {
  const { gateway } = useSession();
  const { keys } = useKeys();
  const teams = useTeams().data?.teams;
  const users = useUsers().data?.users;
  return ({ scope, scope_id: id }) => {
    const owners = scope === 'key' ? keys : scope === 'team' ? teams : scope === 'user' ? users : undefined;
    const created = owners?.find((owner) => owner.id === id)?.created_at;
    return created === undefined || gateway.mode === 'file' ? undefined : Date.parse(created);
  };
}

const TABS: Readonly<Record<string, string>> = { key: '', team: '&tab=teams', user: '&tab=users' };

/** Names the owner of a budget, and links to it. */
function Owner({ use: { scope = '', name, scope_id: id } }: { use: LimitUse }): ReactNode {
  const { t } = useTranslation();
  const tab = TABS[scope];
  if (tab === undefined || id === undefined)
    return <span title={name}>{name === undefined || name === '' ? t('All requests') : name}</span>;
  return (
    <Link href={`/keys?id=${encodeURIComponent(id)}${tab}`} title={name}>
      {name}
    </Link>
  );
}

function BurnDownText({ use, sinceMs }: { use: LimitUse; sinceMs: number | undefined }): ReactNode {
  const { t } = useTranslation();
  const burnDown = burnDownOf(use, Date.now(), sinceMs);
  switch (burnDown.kind) {
    case 'used-up':
      return <p className="small is-red">{t('Used up.')}</p>;
    case 'lasts':
      return <p className="small muted">{t('At this rate, the budget lasts.')}</p>;
    case 'ends':
      return (
        <p className="small is-amber" title={utc(burnDown.atMs)}>
          {t('At this rate, it is used up by {{when}}.', { when: nearDateTime(burnDown.atMs) })}
        </p>
      );
    case 'refills':
      return <p className="small muted">{t('Refills continuously.')}</p>;
    case 'unknown':
      return null;
  }
}
