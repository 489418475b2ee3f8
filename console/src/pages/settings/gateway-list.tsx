import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../api/live.ts';
import { listNodes } from '../../api/queries.ts';
import type { Nodes } from '../../api/types.ts';
import { useSession } from '../../session/session.ts';
import { count, duration, money, percent } from '../../lib/format.ts';
import { Card } from '../../ui/card.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/sort-header.tsx';
import { Failed, Notice, SkeletonLines } from '../../ui/states.tsx';
import { Fact, Facts, When } from '../../ui/values.tsx';

/** The gateways on the database, what this one has leased of shared limits, and what its cache did. */
export function GatewayList(): ReactNode {
  const { data, error, refetch } = useQuery(listNodes());
  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonLines />;
  return (
    <div className="stack">
      <ThisGateway cache={data.cache} />
      {data.nodes.length > 0 && <NodeTable nodes={data.nodes} />}
      {data.leases && <Leases leases={data.leases} />}
    </div>
  );
}

function ThisGateway({ cache: { hits, joined, misses, bypassed } }: Pick<Nodes, 'cache'>): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const startedAt = useLive(({ hello }) => hello?.started_at);
  const asked = hits + joined + misses;
  return (
    <Card title={t('This gateway')}>
      <Facts>
        <Fact label={t('Version')}>{gateway.version}</Fact>
        <Fact label={t('Started')}>
          <When time={startedAt} relative />
        </Fact>
        <Fact label={t('Cache hits')}>
          {asked + bypassed === 0 ? (
            <span className="muted">{t('no cache in use')}</span>
          ) : (
            <>
              {percent(asked === 0 ? null : (hits + joined) / asked)}{' '}
              <span className="muted small">
                {t('{{hits}} of {{all}} requests', { hits: count(hits + joined), all: count(asked) })}
              </span>
            </>
          )}
        </Fact>
      </Facts>
    </Card>
  );
}

function NodeTable({ nodes }: Pick<Nodes, 'nodes'>): ReactNode {
  const { t } = useTranslation();
  const looks = { live: 'is-good', silent: 'is-warning', gone: 'is-idle' } as const;
  const texts = { live: t('Running'), silent: t('Silent'), gone: t('Gone') } as const;
  const columns: readonly Column<Nodes['nodes'][number]>[] = [
    {
      id: 'id',
      title: t('Gateway'),
      className: 'truncate',
      cell: ({ id, host, is_this: isThis }) => (
        <>
          <span className="row tight">
            <span className={host === null ? 'mono truncate' : 'truncate'} title={host ?? id}>
              {host ?? id}
            </span>
            {isThis && <span className="badge is-note">{t('this one')}</span>}
          </span>
          {host !== null && <span className="mono small muted">{id}</span>}
        </>
      ),
    },
    {
      id: 'state',
      title: t('State'),
      cell: ({ state }) => <span className={`badge ${looks[state]}`}>{texts[state]}</span>,
    },
    { id: 'version', title: t('Version'), isMinor: true, cell: ({ version }) => version },
    { id: 'started', title: t('Started'), isMinor: true, cell: (node) => <When time={node.started_at} /> },
    { id: 'seen', title: t('Last seen'), cell: (node) => <When time={node.last_seen_at} relative /> },
    { id: 'starts', title: t('Starts'), isNumber: true, isMinor: true, cell: ({ starts }) => count(starts) },
  ];
  return (
    <Card title={t('Gateways on this database')} flush>
      <DataTable label={t('Gateways')} rows={nodes} columns={columns} keyOf={({ id }) => id} />
    </Card>
  );
}

function Leases({ leases }: { leases: NonNullable<Nodes['leases']> }): ReactNode {
  const { t } = useTranslation();
  const columns: readonly Column<(typeof leases.claims)[number]>[] = [
    {
      id: 'counter',
      title: t('Limit'),
      cell: ({ counter }) => <span className="mono">{counter}</span>,
    },
    {
      id: 'amount',
      title: t('Leased by this gateway'),
      isNumber: true,
      cell: ({ counter, amount }) => (counter.includes('/cost') ? money(amount) : count(amount)),
    },
  ];
  return (
    <Card title={t('Shared limits')} flush>
      <div className="card-part stack">
        {!leases.is_up && (
          <Notice look="bad">
            <span>
              {t('The store of shared limits does not answer. This gateway admits what it has leased.')}
            </span>
          </Notice>
        )}
        <Facts>
          <Fact label={t('Store')}>{leases.is_up ? t('answers') : t('does not answer')}</Fact>
          <Fact label={t('Round trip')}>{duration(leases.round_trip_ms)}</Fact>
          <Fact label={t('Requests that waited for a lease')}>{count(leases.waits)}</Fact>
        </Facts>
      </div>
      {leases.claims.length > 0 && (
        <DataTable
          label={t('Shared limits')}
          rows={leases.claims}
          columns={columns}
          keyOf={({ counter }) => counter}
        />
      )}
    </Card>
  );
}
