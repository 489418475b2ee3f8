import { CirclePlay, Download, FilterX, Pause, ScrollText } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { queryText } from '../../api/client.ts';
import { useLive } from '../../api/live.ts';
import { count } from '../../lib/format.ts';
import type { Params } from '../../lib/params.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { ColumnMenu, useHiddenColumns } from './column-menu.tsx';
import { requestColumns } from './columns.tsx';
import { FilterBar } from './filter-bar.tsx';
import { hasFilter, queryOf, withoutFilters } from './filters.ts';
import { RequestDrawer } from './request-drawer.tsx';
import { useRequests } from './use-requests.ts';

/** Every request, the newest first, and those that end while one looks. */
export function RequestsPage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useParams();
  const [hidden, setHidden] = useHiddenColumns();
  const isTail = params['tail'] !== 'off';
  const { rows, pages } = useRequests(params, isTail);
  const columns = useMemo(() => requestColumns(t), [t]);
  const open = (id: string): void => setParams({ id });
  const selected = params['id'];
  const at = rows.findIndex(({ request_id: id }) => id === selected);
  return (
    <Page
      title={t('Requests')}
      actions={<Actions {...{ columns, hidden, setHidden, isTail, params, setParams }} />}
    >
      <FilterBar params={params} onChange={setParams} />
      {pages.error && !pages.data ? (
        <Failed error={pages.error} onRetry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <SkeletonLines lines={12} />
      ) : (
        <DataTable
          label={t('Requests')}
          rows={rows}
          columns={columns}
          hidden={hidden}
          keyOf={(row) => row.request_id}
          selected={selected}
          onOpen={(row) => open(row.request_id)}
          maxHeight="calc(100dvh - 13rem)"
          onEnd={() => {
            if (pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage();
          }}
          isNew={(row) => isTail && Date.now() - Date.parse(row.time) < 1500}
          empty={<NothingFound params={params} canSearchOn={pages.hasNextPage} />}
        />
      )}
      <Foot rows={rows.length} pages={pages} />
      {selected !== undefined && (
        <RequestDrawer
          id={selected}
          onClose={() => setParams({ id: '' })}
          newer={rows[at - 1]?.request_id}
          older={at < 0 ? undefined : rows[at + 1]?.request_id}
          onOpen={open}
        />
      )}
    </Page>
  );
}

interface ActionsProps {
  readonly columns: ReturnType<typeof requestColumns>;
  readonly hidden: readonly string[];
  readonly setHidden: (hidden: readonly string[]) => void;
  readonly isTail: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly setParams: (change: Readonly<Record<string, string>>) => void;
}

function Actions({ columns, hidden, setHidden, isTail, params, setParams }: ActionsProps): ReactNode {
  const { t } = useTranslation();
  const isLive = useLive(({ state }) => state) === 'live';
  const csv = `/admin/v1/requests${queryText({ ...queryOf(params, Date.now()), format: 'csv' })}`;
  return (
    <>
      {hasFilter(params) && (
        <Button look="quiet" icon={FilterX} onClick={() => setParams(withoutFilters)}>
          {t('Clear filters')}
        </Button>
      )}
      <Button
        icon={isTail ? Pause : CirclePlay}
        aria-pressed={isTail}
        onClick={() => setParams({ tail: isTail ? 'off' : '' })}
      >
        {isTail ? t('Pause') : t('Follow')}
        {isTail && <span className={`dot ${isLive ? 'is-good' : 'is-warning'}`} />}
      </Button>
      <ColumnMenu columns={columns} hidden={hidden} onChange={setHidden} />
      <a className="button" href={csv} download="requests.csv">
        <Download aria-hidden /> CSV
      </a>
    </>
  );
}

interface NothingFoundProps {
  readonly params: Params;
  readonly canSearchOn: boolean;
}

function NothingFound({ params, canSearchOn }: NothingFoundProps): ReactNode {
  const { t } = useTranslation();
  if (!hasFilter(params)) {
    return (
      <Empty icon={ScrollText} title={t('No request yet')} text={t('Requests appear here as they end.')} />
    );
  }
  const isInTime = params['range'] !== undefined || params['since'] !== undefined;
  const text = canSearchOn
    ? t('Remove a filter, or search further back.')
    : isInTime
      ? t('Remove a filter, or choose a longer time.')
      : t('Remove a filter.');
  return <Empty icon={ScrollText} title={t('No request matches these filters')} text={text} />;
}

interface FootProps {
  readonly rows: number;
  readonly pages: ReturnType<typeof useRequests>['pages'];
}

function Foot({ rows, pages }: FootProps): ReactNode {
  const { t } = useTranslation();
  const until = pages.data?.pages.at(-1)?.searched_until;
  return (
    <div className="row small muted">
      <span className="num" role="status">
        {rows > 0 && t('{{text}} requests loaded', { count: rows, text: count(rows) })}
      </span>
      {until && (
        <span>
          {t('Searched back to')} <When time={until} />
        </span>
      )}
      {pages.hasNextPage && (
        <Button small busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {until ? t('Search further back') : t('Load more')}
        </Button>
      )}
    </div>
  );
}
