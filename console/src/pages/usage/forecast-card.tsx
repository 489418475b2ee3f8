import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { admin } from '../../api/client.ts';
import { Card } from '../../ui/card.tsx';
import { Fact, Facts, Money } from '../../ui/values.tsx';
import type { Forecast } from './spend.ts';

/** The forecast cost of this month, from the use of the last days. */
export function ForecastCard(): ReactNode {
  const { t } = useTranslation();
  const forecast = useQuery({
    queryKey: ['forecast'],
    queryFn: ({ signal }) =>
      admin<Forecast>('/spend/forecast', {
        query: { timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
        signal,
      }),
    retry: false,
    staleTime: 60_000,
  });
  if (!forecast.data) return null;
  const { spent, daily_average: average, days, forecast: expected } = forecast.data;
  return (
    <Card title={t('This month')}>
      <div className="stack">
        <Facts>
          <Fact label={t('Spent so far')}>
            <Money value={spent} />
          </Fact>
          <Fact label={t('Daily average')}>
            <Money value={days === 0 ? null : average} />
          </Fact>
          <Fact label={t('Expected by month end')}>
            <Money value={expected} />
          </Fact>
        </Facts>
        <p className="small muted">
          {days === 0
            ? t('A forecast needs at least one full day of usage.')
            : t('Based on the average of the last {{count}} full days.', { count: days })}
        </p>
      </div>
    </Card>
  );
}
