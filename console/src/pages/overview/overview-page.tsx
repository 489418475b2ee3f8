import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { LIVE_WINDOW_SECONDS, readOverview, readSeries } from '../../api/queries.ts';
import { useSession } from '../../session/session.ts';
import { RANGES, rangeOf } from '../../lib/ranges.ts';
import { useParams } from '../../lib/url-state.ts';
import { Page } from '../../ui/page.tsx';
import { Failed, Notice, Outdated, Skeleton } from '../../ui/states.tsx';
import { Segments } from '../../ui/toggle.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Feed } from './feed.tsx';
import { Figures } from './figures.tsx';
import { DemoPanel } from './demo-panel.tsx';
import { ProviderTiles } from './provider-tiles.tsx';
import { LiveCharts, StoredCharts } from './traffic-charts.tsx';
import { useLiveGateways } from './use-live-gateways.ts';

/** How the gateway does, at a glance. */
export function OverviewPage(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const [params, setParams] = useParams();
  const isLive = (params['range'] ?? 'live') === 'live';
  const range = rangeOf(params['range'], '15m');
  const overview = useQuery(readOverview(isLive ? LIVE_WINDOW_SECONDS : range.seconds));
  const series = useQuery({
    ...readSeries({ since: isoAgo(range.seconds) }, 30_000),
    queryKey: ['series', 'overview', range.id],
    enabled: !isLive,
  });
  const choice = (
    <Segments
      label={t('Time range')}
      value={isLive ? 'live' : range.id}
      options={[
        { value: 'live', label: t('Live') },
        ...RANGES.map(({ id, label }) => ({ value: id, label })),
      ]}
      onChange={(id) => setParams({ range: id === 'live' ? '' : id })}
    />
  );
  if (overview.error && !overview.data) {
    return (
      <Page title={t('Overview')}>
        <Failed error={overview.error} onRetry={() => void overview.refetch()} />
      </Page>
    );
  }
  const isNew = overview.data?.providers === 0 || overview.data?.models === 0;
  return (
    <Page title={t('Overview')} actions={choice}>
      {gateway.mode === 'demo' && <DemoPanel />}
      <Outdated error={overview.error} />
      {isNew && <FirstSteps overview={overview.data} />}
      {overview.data ? (
        <Figures overview={overview.data} isLive={isLive} range={range.id} />
      ) : (
        <Skeleton height="6.5rem" />
      )}
      <div className="overview-columns">
        <div className="stack">
          {isLive && <WhichGateway />}
          {isLive ? <LiveCharts /> : <StoredCharts series={series.data} error={series.error} />}
          <ProviderTiles />
        </div>
        <Feed />
      </div>
    </Page>
  );
}

/** Says that the live numbers are of one gateway, where several share a database. */
function WhichGateway(): ReactNode {
  const { t } = useTranslation();
  const live = useLiveGateways() ?? 1;
  if (live < 2) return null;
  return (
    <Notice look="note">
      <span className="grow">
        {t(
          'Live figures and charts show this gateway alone. Spending, the last 5 min and the time ranges add up all {{count}} gateways.',
          { count: live },
        )}
      </span>
      <Link href="/settings?tab=gateways">{t('Gateways')}</Link>
    </Notice>
  );
}

function isoAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}
