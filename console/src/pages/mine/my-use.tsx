import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client.ts';
import { compact, money, moneyMark } from '../../lib/format.ts';
import { Card } from '../../ui/card.tsx';
import { Chart, Legend } from '../../ui/chart.tsx';
import { Skeleton } from '../../ui/states.tsx';
import { daysBetween, type SpendRow, stacksOf } from '../usage/spend.ts';

const DAYS = 30;

/** The cost of a key's last days by model. */
export function MyUse(): ReactNode {
  const { t } = useTranslation();
  const use = useQuery({
    queryKey: ['own', 'usage'],
    queryFn: ({ signal }) =>
      call<{ usage?: readonly SpendRow[]; spend?: readonly SpendRow[] }>('/v1/key/usage', {
        query: {
          group_by: 'day,model',
          since: new Date(Date.now() - DAYS * 86_400_000).toISOString().slice(0, 10),
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        },
        signal,
      }),
    retry: false,
    staleTime: 60_000,
  });
  const { periods, stacks, measure } = useMemo(() => {
    const rows = (use.data?.spend ?? use.data?.usage ?? []).map((row) => ({
      ...row,
      period: row.period ?? (row['day'] as string | undefined) ?? '',
    }));
    const since = new Date(Date.now() - DAYS * 86_400_000).toISOString();
    const periods = daysBetween(since, new Date().toISOString());
    // Without prices, tokens tell more.
    const measure = rows.some(({ cost }) => Number(cost) > 0) ? 'cost' : 'tokens';
    return { measure, ...stacksOf(rows, { by: 'model', measure, other: t('all others'), periods }) };
  }, [use.data, t]);
  if (use.error) return null;
  const lines = stacks.map(({ group, values }, at) => ({
    label: group,
    color: at,
    kind: 'bars' as const,
    values,
  }));
  const title = measure === 'cost' ? t('Cost, last 30 days') : t('Tokens, last 30 days');
  return (
    <Card title={title} actions={<Legend lines={lines} />}>
      {use.data ? (
        <Chart
          label={title}
          stacked
          times={periods.map((period) => Date.parse(`${period.slice(0, 10)}T00:00`) / 1000)}
          format={measure === 'cost' ? money : compact}
          formatMark={measure === 'cost' ? moneyMark : (value) => compact(value)}
          lines={lines}
        />
      ) : (
        <Skeleton height="180px" />
      )}
    </Card>
  );
}
