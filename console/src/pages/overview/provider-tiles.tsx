import { useQuery } from '@tanstack/react-query';
import { Plug } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { readSeries } from '../../api/queries.ts';
import type { ProviderStatus } from '../../api/types.ts';
import { failureText } from '../../lib/failure-text.ts';
import { compact, count, duration, percent } from '../../lib/format.ts';
import { Card } from '../../ui/card.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { HEALTHY_FROM, isPartlyCooling, isUnused, ProviderBadge } from '../../ui/state-badge.tsx';
import { Empty, Failed, Skeleton } from '../../ui/states.tsx';
import { useProviderStates } from './use-provider-states.ts';

const ORDER = { cooling: 0, on_trial: 1, draining: 2, healthy: 3, unused: 4, disabled: 5 };

function placeOf(status: ProviderStatus): number {
  return ORDER[isUnused(status) ? 'unused' : status.state];
}

/** A line of fewer of the 60 minutes would be a stroke in a corner. */
const LEAST_POINTS = 15;

/** One tile for each provider, those with trouble first. */
export function ProviderTiles(): ReactNode {
  const { t } = useTranslation();
  const heading = useId();
  const { states, error } = useProviderStates();
  const series = useQuery({
    ...readSeries({ since: new Date(Date.now() - 3_600_000).toISOString(), group_by: 'provider' }, 30_000),
    queryKey: ['series', 'tiles'],
  });
  if (error && !states) return <Failed error={error} />;
  if (!states) return <Skeleton height="10rem" />;
  if (states.length === 0) {
    return (
      <Card title={t('Providers')}>
        <Empty
          icon={Plug}
          title={t('No provider yet')}
          text={t('A provider is an account at OpenAI, Anthropic, …')}
        />
      </Card>
    );
  }
  const latencies = new Map(series.data?.series.map((one) => [one.group, one.latency_p50_ms]));
  const sorted = states.toSorted((one, other) => placeOf(one) - placeOf(other));
  return (
    <section className="stack tight" aria-labelledby={heading}>
      <h2 id={heading}>
        {t('Providers')} <span className="muted small">{t('in the last 5 min')}</span>
      </h2>
      <div className="tiles">
        {sorted.map((status) => (
          <Tile key={status.name} status={status} latency={latencies.get(status.name) ?? []} />
        ))}
      </div>
    </section>
  );
}

interface TileProps {
  readonly status: ProviderStatus;
  readonly latency: readonly (number | null)[];
}

function Tile({ status, latency }: TileProps): ReactNode {
  const { t } = useTranslation();
  const { name, state, success_rate_5m: success } = status;
  const isBad = success !== null && success < HEALTHY_FROM;
  return (
    <Link
      href={`/providers?id=${encodeURIComponent(name)}`}
      className={`tile is-${isPartlyCooling(status) ? 'partly' : isUnused(status) ? 'unused' : state}`}
    >
      <span className="row">
        <span className="strong truncate grow" title={name}>
          {name}
        </span>
        <ProviderBadge status={status} />
      </span>
      <span className="tile-facts num">
        <span>
          <span className="muted small">{t('Success')}</span>
          <span className={isBad ? 'is-red' : ''}>{percent(success)}</span>
        </span>
        <span>
          <span className="muted small">p95</span>
          <span>{duration(status.p95_ms_5m)}</span>
        </span>
        <span>
          <span className="muted small">{t('Requests')}</span>
          <span>{compact(status.requests_5m)}</span>
        </span>
        <span>
          <span className="muted small">{t('In flight')}</span>
          <span>{count(status.in_flight)}</span>
        </span>
      </span>
      {state === 'cooling' && status.last_error !== null ? (
        <span className="small is-red truncate tile-line" title={status.last_error}>
          {failureText(status.last_error, t)}
        </span>
      ) : (
        latency.filter((value) => value !== null).length > LEAST_POINTS && (
          <span className="tile-line muted" title={t('Latency, last hour')}>
            <Sparkline values={latency} height={24} />
          </span>
        )
      )}
    </Link>
  );
}
