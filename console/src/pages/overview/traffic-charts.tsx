import type { TFunction } from 'i18next';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { addEarlier, useLive } from '../../api/live.ts';
import { readEarlier } from '../../api/queries.ts';
import { evenSeconds, type Second } from '../../api/seconds.ts';
import type { Series } from '../../api/types.ts';
import { compact, duration, span } from '../../lib/format.ts';
import { Card } from '../../ui/card.tsx';
import { Chart, Legend } from '../../ui/chart.tsx';
import type { ChartLine, ChartProps } from '../../ui/chart-line.ts';
import { Failed, Skeleton } from '../../ui/states.tsx';
import { useLiveGateways } from './use-live-gateways.ts';

const LIVE_SECONDS = 120;
const LEAST_SECONDS = 30;

/** The last seconds. Those before the page was opened come from the stored requests. */
function useRecentSeconds(): readonly Second[] {
  // The stream tells whatever ends after its beginning.
  const beginning = useLive(({ beganAt }) => beganAt);
  // Stored requests do not tell which gateway served them.
  const isAlone = useLiveGateways() === 1;
  const { data } = useQuery({
    ...readEarlier(LIVE_SECONDS, beginning ?? ''),
    enabled: isAlone && beginning !== undefined,
  });
  useEffect(() => {
    if (isAlone && data) addEarlier(data);
  }, [isAlone, data]);
  const seconds = useLive((live) => live.seconds);
  return useMemo(() => evenSeconds(seconds, LIVE_SECONDS), [seconds]);
}

/** The last minutes, as the live stream tells them. */
export function LiveCharts(): ReactNode {
  const { t } = useTranslation();
  const seconds = useRecentSeconds();
  const width = Math.min(LIVE_SECONDS, Math.max(LEAST_SECONDS, seconds.length));
  const times = seconds.map(({ atMs }) => atMs / 1000);
  const good = seconds.map(({ requests, failures }) => requests - failures);
  return (
    <div className="chart-pair">
      <ChartCard
        title={t('Requests per second')}
        times={times}
        seconds={width}
        isWhole
        stacked
        format={compact}
        lines={[
          { label: t('Failed'), color: 'bad', kind: 'bars', values: seconds.map(({ failures }) => failures) },
          { label: t('Succeeded'), color: 0, kind: 'bars', values: good },
        ]}
      />
      <ChartCard
        title={t('Latency')}
        about={t('of the last 10 s')}
        times={times}
        seconds={width}
        format={duration}
        lines={[
          { label: 'p95', color: 2, values: seconds.map(({ p95 }) => p95) },
          { label: 'p50', color: 1, values: seconds.map(({ p50 }) => p50) },
        ]}
      />
    </div>
  );
}

interface StoredChartsProps {
  readonly series: Series | undefined;
  readonly error: unknown;
}

/** A span of time, from what is stored. Marking a part of a chart leads to the requests of that time. */
export function StoredCharts({ series, error }: StoredChartsProps): ReactNode {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const all = series?.series[0];
  if (error !== null && error !== undefined && !all) return <Failed error={error} />;
  if (!series || !all) return <Skeleton height="17rem" />;
  const times = series.times.map((time) => Date.parse(time) / 1000);
  const onSelect = (from: number, to: number): void =>
    navigate(`/requests?since=${iso(from)}&until=${iso(to)}`);
  const shared = { times, onSelect };
  return (
    <div className="chart-pair">
      <ChartCard
        {...shared}
        title={t('Requests')}
        about={stepText(times, t)}
        format={compact}
        isWhole
        stacked
        lines={requestLines(all, t)}
      />
      <ChartCard
        {...shared}
        title={t('Latency')}
        format={duration}
        lines={[
          { label: 'p95', color: 2, values: all.latency_p95_ms },
          { label: 'p50', color: 1, values: all.latency_p50_ms },
          { label: t('first token p50'), color: 3, values: all.first_token_p50_ms },
        ]}
      />
    </div>
  );
}

function requestLines(all: Series['series'][number], t: (text: string) => string): ChartLine[] {
  return [
    { label: t('Failed'), color: 'bad', kind: 'bars', values: all.failures },
    {
      label: t('Succeeded'),
      color: 0,
      kind: 'bars',
      values: all.requests.map((requests, at) => requests - (all.failures[at] ?? 0)),
    },
  ];
}

/** The time that each bar counts: `per 10 min`. */
function stepText([first = 0, second = 0]: readonly number[], t: TFunction): string | undefined {
  return second > first ? t('per {{span}}', { span: span(second - first).replace(/^1 /, '') }) : undefined;
}

function iso(seconds: number): string {
  return encodeURIComponent(new Date(seconds * 1000).toISOString());
}

interface ChartCardProps extends Omit<ChartProps, 'label'> {
  readonly title: string;
  readonly about?: string | undefined;
}

function ChartCard({ title, about, ...chart }: ChartCardProps): ReactNode {
  const shown =
    about === undefined ? (
      title
    ) : (
      <>
        {title} <span className="muted small">{about}</span>
      </>
    );
  return (
    <Card title={shown} actions={<Legend lines={chart.lines} />}>
      <Chart {...chart} label={title} />
    </Card>
  );
}
