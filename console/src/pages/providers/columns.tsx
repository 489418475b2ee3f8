import type { TFunction } from 'i18next';
import type { Provider } from '../../api/resources.ts';
import type { ProviderStatus } from '../../api/types.ts';
import { compact, count, duration, NONE, percent } from '../../lib/format.ts';
import type { Column } from '../../ui/sort-header.tsx';
import { HEALTHY_FROM, isUnused, ProviderBadge, StateBadge } from '../../ui/state-badge.tsx';

export interface ProviderRow {
  readonly provider: Provider;
  /** Undefined: the gateway has not told yet. */
  readonly status: ProviderStatus | undefined;
}

/** The columns of the table of providers. */
export function providerColumns(t: TFunction): readonly Column<ProviderRow>[] {
  return [
    {
      id: 'name',
      title: t('Provider'),
      sortBy: ({ provider }) => provider.id,
      className: 'truncate strong',
      cell: ({ provider }) => <span title={provider.id}>{provider.id}</span>,
    },
    {
      id: 'state',
      title: t('State'),
      sortBy: ({ status }) => (status && isUnused(status) ? 'unused' : status?.state),
      cell: ({ provider, status }) =>
        !provider.is_enabled ? (
          <StateBadge state="disabled" />
        ) : status ? (
          <ProviderBadge status={status} />
        ) : (
          NONE
        ),
    },
    {
      id: 'type',
      isMinor: true,
      title: t('API'),
      sortBy: ({ provider }) => provider.provider_type,
      cell: ({ provider }) => provider.provider_type,
    },
    {
      id: 'address',
      isMinor: true,
      title: t('Address'),
      className: 'truncate muted',
      cell: ({ provider }) => <span title={provider.api_base}>{provider.api_base ?? NONE}</span>,
    },
    {
      id: 'routes',
      isMinor: true,
      title: t('Routes'),
      isNumber: true,
      sortBy: ({ status }) => status?.routes,
      cell: ({ status }) => (status ? `${status.routes_available}/${status.routes}` : NONE),
    },
    {
      id: 'flight',
      isMinor: true,
      title: t('In flight'),
      isNumber: true,
      sortBy: ({ status }) => status?.in_flight,
      cell: ({ status }) => count(status?.in_flight),
    },
    {
      id: 'requests',
      isMinor: true,
      title: t('Requests, 5 min'),
      isNumber: true,
      sortBy: ({ status }) => status?.requests_5m,
      cell: ({ status }) => <span title={count(status?.requests_5m)}>{compact(status?.requests_5m)}</span>,
    },
    {
      id: 'success',
      title: t('Success'),
      isNumber: true,
      sortBy: ({ status }) => status?.success_rate_5m,
      cell: ({ status }) => (
        <span className={(status?.success_rate_5m ?? 1) < HEALTHY_FROM ? 'is-red' : ''}>
          {percent(status?.success_rate_5m)}
        </span>
      ),
    },
    {
      id: 'p95',
      title: 'p95',
      isNumber: true,
      sortBy: ({ status }) => status?.p95_ms_5m,
      cell: ({ status }) => duration(status?.p95_ms_5m),
    },
  ];
}
