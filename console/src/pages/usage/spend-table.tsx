import type { TFunction } from 'i18next';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { compact, count, NONE, percent } from '../../lib/format.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/sort-header.tsx';
import { Money } from '../../ui/values.tsx';
import { groupOf, type SpendReport } from './spend.ts';

interface Sum {
  readonly group: string;
  readonly cost: number;
  readonly requests: number;
  readonly failures: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  /** The cost that the response cache saved. */
  readonly saved: number;
}

interface SpendTableProps {
  readonly report: SpendReport;
  readonly by: string;
  readonly title: string;
}

/** The sums of each group over the whole time. */
export function SpendTable({ report, by, title }: SpendTableProps): ReactNode {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const rows = useMemo(() => sumsOf(report, by), [report, by]);
  const total = Number(report.total.cost);
  const hasCache = Number(report.total.saved ?? 0) > 0;
  const columns = useMemo(() => columnsOf(t, { title, total, hasCache }), [t, title, total, hasCache]);
  const canOpen = ['model', 'provider', 'key', 'team'].includes(by);
  return (
    <DataTable
      label={title}
      rows={rows}
      columns={columns}
      keyOf={({ group }) => group}
      {...(canOpen && {
        onOpen: ({ group }: Sum) => navigate(`/requests?${by}=${encodeURIComponent(group)}`),
      })}
    />
  );
}

interface ColumnOptions {
  readonly title: string;
  /** The cost of all groups. */
  readonly total: number;
  /** Whether the response cache saved anything. */
  readonly hasCache: boolean;
}

function columnsOf(t: TFunction, { title, total, hasCache }: ColumnOptions): readonly Column<Sum>[] {
  return [
    {
      id: 'group',
      title,
      className: 'truncate strong',
      sortBy: ({ group }) => group,
      cell: ({ group }) =>
        group === NONE ? (
          <span className="muted">{t('without a name')}</span>
        ) : (
          <span title={group}>{group}</span>
        ),
    },
    {
      id: 'cost',
      title: t('Cost'),
      isNumber: true,
      sortBy: ({ cost }) => cost,
      cell: ({ cost }) => <Money value={cost} />,
    },
    {
      id: 'share',
      title: t('Share'),
      isNumber: true,
      sortBy: ({ cost }) => cost,
      cell: ({ cost }) => percent(total === 0 ? 0 : cost / total),
    },
    {
      id: 'requests',
      title: t('Requests'),
      isNumber: true,
      sortBy: ({ requests }) => requests,
      cell: ({ requests }) => count(requests),
    },
    {
      id: 'failures',
      isMinor: true,
      title: t('Error rate'),
      isNumber: true,
      sortBy: ({ failures }) => failures,
      cell: ({ failures, requests }) => (
        <span title={count(failures)}>{percent(requests === 0 ? null : failures / requests)}</span>
      ),
    },
    {
      id: 'input',
      isMinor: true,
      title: t('Prompt tokens'),
      isNumber: true,
      sortBy: ({ input }) => input,
      cell: ({ input }) => <span title={count(input)}>{compact(input)}</span>,
    },
    {
      id: 'cached',
      isMinor: true,
      title: t('Cached'),
      isNumber: true,
      sortBy: ({ cached }) => cached,
      cell: ({ cached }) => <span title={count(cached)}>{compact(cached)}</span>,
    },
    {
      id: 'output',
      isMinor: true,
      title: t('Answer tokens'),
      isNumber: true,
      sortBy: ({ output }) => output,
      cell: ({ output }) => <span title={count(output)}>{compact(output)}</span>,
    },
    ...(hasCache ? [savedColumn(t)] : []),
  ];
}

function savedColumn(t: TFunction): Column<Sum> {
  return {
    id: 'saved',
    title: t('Saved by the cache'),
    isNumber: true,
    sortBy: ({ saved }) => saved,
    cell: ({ saved }) => <Money value={saved} />,
  };
}

function sumsOf({ spend }: SpendReport, by: string): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of spend) {
    const group = groupOf(row, by);
    const sum = sums.get(group);
    sums.set(group, {
      group,
      cost: (sum?.cost ?? 0) + Number(row.cost),
      requests: (sum?.requests ?? 0) + row.requests,
      failures: (sum?.failures ?? 0) + row.failures,
      input: (sum?.input ?? 0) + row.input_tokens,
      cached: (sum?.cached ?? 0) + row.cached_tokens,
      output: (sum?.output ?? 0) + row.output_tokens,
      saved: (sum?.saved ?? 0) + Number(row.saved ?? 0),
    });
  }
  return [...sums.values()].toSorted((one, other) => other.cost - one.cost || other.requests - one.requests);
}
