import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChartColumn, Download } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { admin, queryText } from '../../api/client.ts';
import { compact, count, money, moneyMark, nearDateTime, NONE } from '../../lib/format.ts';
import { RANGES, rangeOf } from '../../lib/ranges.ts';
import { useParams } from '../../lib/url-state.ts';
import { Card } from '../../ui/card.tsx';
import { Chart, Legend } from '../../ui/chart.tsx';
import { Page } from '../../ui/page.tsx';
import { Select } from '../../ui/select.tsx';
import { Empty, Failed, Notice, Outdated, SkeletonLines } from '../../ui/states.tsx';
import { Segments } from '../../ui/toggle.tsx';
import { Fact, Facts, Money } from '../../ui/values.tsx';
import { Budgets } from './budgets.tsx';
import { isNotStored, NotStored } from './not-stored.tsx';
import { ForecastCard } from './forecast-card.tsx';
import { daysBetween, type Measure, MEASURES, type SpendReport, type SpendRow, stacksOf } from './spend.ts';
import { SpendTable } from './spend-table.tsx';
import { useGroupings } from './use-groupings.ts';

const DAY_SECONDS = 86_400;

/** The page of use, grouped by user, by model, and so on. */
export function UsagePage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useParams();
  const range = rangeOf(params['range'], '7d');
  const measure = MEASURES.find((one) => one === params['measure']) ?? 'cost';
  const by = params['by'] ?? 'model';
  const period = range.seconds <= DAY_SECONDS ? 'hour' : 'day';
  const groupings = useGroupings();
  const query = {
    since: since(range.seconds),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    team: params['team'],
    key: params['key'],
    model: params['model'],
    provider: params['provider'],
  };
  const report = useQuery({
    queryKey: ['spend', range.id, by, query.team, query.key, query.model, query.provider],
    queryFn: ({ signal }) =>
      admin<SpendReport>('/spend', { query: { ...query, group_by: `${period},${by}` }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  const texts: Readonly<Record<Measure, string>> = {
    cost: t('Cost'),
    tokens: t('Tokens'),
    requests: t('Requests'),
  };
  const csv = `/admin/v1/spend${queryText({ ...query, group_by: `${period},${by}`, format: 'csv' })}`;
  if (isNotStored(report.error)) {
    return (
      <Page title={t('Usage')}>
        <NotStored />
      </Page>
    );
  }
  const actions = <Actions range={range.id} csv={csv} onRange={(id) => setParams({ range: id })} />;
  return (
    <Page title={t('Usage')} actions={actions}>
      <div className="filters">
        <Segments
          label={t('Measure')}
          value={measure}
          options={MEASURES.map((value) => ({ value, label: texts[value] }))}
          onChange={(value) => setParams({ measure: value })}
        />
        <Select
          auto
          label={t('Grouped by')}
          value={by}
          options={groupings}
          onChange={(value) => setParams({ by: value })}
        />
      </div>
      {report.error && !report.data ? (
        <Failed error={report.error} onRetry={() => void report.refetch()} />
      ) : report.data ? (
        <>
          <Outdated error={report.error} />
          <Totals total={report.data.total} />
          <Stacked report={report.data} by={by} measure={measure} title={texts[measure]} />
          <div className="chart-pair">
            <ForecastCard />
            <Budgets />
          </div>
          {report.data.spend.length > 0 && (
            <SpendTable
              report={report.data}
              by={by}
              title={groupings.find(({ value }) => value === by)?.label ?? by}
            />
          )}
        </>
      ) : (
        <SkeletonLines />
      )}
    </Page>
  );
}

interface ActionsProps {
  readonly range: string;
  readonly csv: string;
  readonly onRange: (id: string) => void;
}

function Actions({ range, csv, onRange }: ActionsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Segments
        label={t('Time range')}
        value={range}
        options={RANGES.filter(({ seconds }) => seconds >= 3600).map(({ id, label }) => ({
          value: id,
          label,
        }))}
        onChange={onRange}
      />
      <a className="button" href={csv} download="spend.csv">
        <Download aria-hidden /> CSV
      </a>
    </>
  );
}

/** Whole minutes, so that the same question is not asked anew with every drawing. */
function since(seconds: number): string {
  const minute = 60_000;
  return new Date(Math.floor((Date.now() - seconds * 1000) / minute) * minute).toISOString();
}

function Totals({ total }: { total: SpendRow }): ReactNode {
  const { t } = useTranslation();
  return (
    <Card>
      <div className="totals">
        <Facts>
          <Fact label={t('Cost')}>
            <Money value={total.cost} />
          </Fact>
          <Fact label={t('Requests')}>{count(total.requests)}</Fact>
          <Fact label={t('Failures')}>{count(total.failures)}</Fact>
          <Fact label={t('Prompt tokens')}>{compact(total.input_tokens)}</Fact>
          <Fact label={t('Cached')}>{compact(total.cached_tokens)}</Fact>
          <Fact label={t('Answer tokens')}>{compact(total.output_tokens)}</Fact>
          {Number(total.saved ?? 0) > 0 && (
            <Fact label={t('Saved by the cache')}>
              <Money value={total.saved} />
            </Fact>
          )}
        </Facts>
        {total.unpriced_requests > 0 && (
          <Notice look="warning">
            <span>
              {t('{{text}} requests used models without a known price. The cost does not include them.', {
                count: total.unpriced_requests,
                text: count(total.unpriced_requests),
              })}
            </span>
          </Notice>
        )}
      </div>
    </Card>
  );
}

interface StackedProps {
  readonly report: SpendReport;
  readonly by: string;
  readonly measure: Measure;
  readonly title: string;
}

function Stacked({ report, by, measure, title }: StackedProps): ReactNode {
  const { t } = useTranslation();
  const { periods, stacks } = useMemo(() => {
    const isDaily = report.spend.some(({ period }) => period?.length === 10);
    const periods = isDaily ? daysBetween(report.since, report.until) : [];
    return stacksOf(report.spend, { by, measure, other: t('all others'), periods });
  }, [report, by, measure, t]);
  if (stacks.length === 0) {
    return (
      <Card title={title}>
        <Empty icon={ChartColumn} title={t('No usage in this period')} />
      </Card>
    );
  }
  const lines = stacks.map(({ group, isOther, values }, at) => ({
    label: group === NONE ? t('without a name') : group,
    color: isOther ? 7 : at,
    kind: 'bars' as const,
    values,
  }));
  // The first bar is often only a part of its day or hour.
  const since = t('since {{time}}', { time: nearDateTime(Date.parse(report.since)) });
  return (
    <Card
      title={
        <>
          {title} <span className="muted small">{since}</span>
        </>
      }
      actions={<Legend lines={lines} />}
    >
      <Chart
        label={title}
        stacked
        height={260}
        times={periods.map((period) => Date.parse(period.length === 10 ? `${period}T00:00` : period) / 1000)}
        format={measure === 'cost' ? money : compact}
        formatMark={measure === 'cost' ? moneyMark : (value) => compact(value)}
        lines={lines}
        emptyText={measure === 'cost' ? t('No cost in this period') : undefined}
      />
    </Card>
  );
}
