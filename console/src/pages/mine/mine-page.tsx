import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client.ts';
import { readOffer } from '../../api/queries.ts';
import { Problem } from '../../api/problem.ts';
import type { LimitUse } from '../../api/resources.ts';
import type { RequestRow } from '../../api/types.ts';
import { useSession } from '../../session/session.ts';
import { NONE } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { UsageMeter } from '../../ui/usage-meter.tsx';
import { Fact, Facts, Money, When } from '../../ui/values.tsx';
import { Snippets } from '../keys/snippets.tsx';
import { requestColumns } from '../requests/columns.tsx';
import { MyUse } from './my-use.tsx';

interface OwnKey {
  readonly name: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly expires_at: string | null;
  readonly allowed_models: readonly string[];
  readonly limits: readonly LimitUse[];
  readonly spend?: { readonly today: number; readonly month: number };
}

/** The page for the holder of a key. It shows only their own use. */
export function MinePage(): ReactNode {
  const { t } = useTranslation();
  const own = useQuery({
    queryKey: ['own'],
    queryFn: ({ signal }) => call<OwnKey>('/v1/key', { signal }),
    refetchInterval: 15_000,
  });
  const offer = useQuery(readOffer());
  if (own.error && !own.data) {
    return (
      <Page title={t('My use')}>
        <Failed error={own.error} onRetry={() => void own.refetch()} />
      </Page>
    );
  }
  if (!own.data) return <SkeletonLines />;
  const { name, team, user, allowed_models: models, limits, spend } = own.data;
  const model = models.find((name) => !name.includes('*')) ?? offer.data?.models[0] ?? 'MODEL';
  return (
    <Page title={t('My use')} about={name}>
      <Card>
        <div className="totals">
          <Facts>
            <Fact label={t('Spent today')}>
              <Money value={spend?.today} />
            </Fact>
            <Fact label={t('This month')}>
              <Money value={spend?.month} />
            </Fact>
            <Fact label={t('Team')}>{team ?? NONE}</Fact>
            <Fact label={t('User')}>{user ?? NONE}</Fact>
            <Fact label={t('Models')}>{models.length === 0 ? t('all') : models.join(', ')}</Fact>
            <Fact label={t('Expires')}>
              {own.data.expires_at === null ? t('never') : <When time={own.data.expires_at} relative />}
            </Fact>
          </Facts>
        </div>
      </Card>
      <div className="chart-pair">
        <Card title={t('Limits')}>
          {limits.length === 0 ? (
            <p className="muted">{t('This key has no limits of its own.')}</p>
          ) : (
            <div className="stack">
              {limits.map((use) => (
                <UsageMeter key={`${use.scope ?? ''} ${use.id ?? ''}`} use={use} />
              ))}
            </div>
          )}
        </Card>
        <MyUse />
      </div>
      <Card title={t('Setup')}>
        <Snippets model={model} />
      </Card>
      <MyRequests />
    </Page>
  );
}

function MyRequests(): ReactNode {
  const { t } = useTranslation();
  const pages = useInfiniteQuery({
    queryKey: ['own', 'requests'],
    queryFn: ({ pageParam, signal }) =>
      call<OwnRequests>('/v1/key/requests', { query: { cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: OwnRequests) => last.next_cursor ?? undefined,
    retry: false,
  });
  const columns = useMemo(() => requestColumns(t), [t]);
  const rows = useMemo(
    () => pages.data?.pages.flatMap(({ requests }) => requests.map(rowOf)) ?? [],
    [pages.data],
  );
  return (
    <Card title={t('My requests')} flush>
      {pages.data ? (
        <DataTable
          label={t('My requests')}
          rows={rows}
          columns={columns}
          hidden={['key', 'team']}
          keyOf={(row) => row.request_id}
          maxHeight="32rem"
          empty={<Empty icon={ScrollText} title={t('No request yet')} />}
        />
      ) : isNotStored(pages.error) ? (
        <NotKept />
      ) : pages.error ? (
        <Failed error={pages.error} onRetry={() => void pages.refetch()} />
      ) : (
        <SkeletonLines />
      )}
      {pages.hasNextPage && (
        <div className="card-body">
          <Button small busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {t('Load more')}
          </Button>
        </div>
      )}
    </Card>
  );
}

function NotKept(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const text =
    gateway.mode === 'demo'
      ? t('The demo does not keep usage.')
      : t('Its operator has not turned on stored usage. Your requests work as usual.');
  return <Empty icon={ScrollText} title={t('This gateway does not store requests')} text={text} />;
}

/** A gateway with a configuration file stores no requests until a limit has a window of a day or longer. */
function isNotStored(error: unknown): boolean {
  return error instanceof Problem && error.code === 'use_unavailable' && error.message.includes('not stored');
}

/** A request as its own key's holder gets it. */
interface OwnRequest extends Omit<RequestRow, 'request_id' | 'total_tokens' | 'key' | 'attempts'> {
  readonly id: string;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
}

interface OwnRequests {
  readonly requests: readonly OwnRequest[];
  readonly next_cursor: string | null;
}

function rowOf({ id, input_tokens: input, output_tokens: output, ...rest }: OwnRequest): RequestRow {
  const tokens = input === null && output === null ? null : (input ?? 0) + (output ?? 0);
  return { ...rest, request_id: id, key: null, attempts: 1, total_tokens: tokens };
}
