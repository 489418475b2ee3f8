import { useMutation, useQuery } from '@tanstack/react-query';
import { FlaskConical, Pencil, ScrollText, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { readSeries } from '../../api/queries.ts';
import { useAct } from '../../ui/use-act.ts';
import { useMay } from '../../session/session.ts';
import { count, duration, NONE, percent } from '../../lib/format.ts';
import { failureText } from '../../lib/failure-text.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Chart, Legend } from '../../ui/chart.tsx';
import { DeleteDialog, Drawer } from '../../ui/dialog.tsx';
import { ProviderBadge, StateBadge } from '../../ui/state-badge.tsx';
import { Notice, ProblemNotice, Skeleton } from '../../ui/states.tsx';
import { Fact, Facts, When } from '../../ui/values.tsx';
import type { ProviderRow } from './columns.tsx';
import { TestResult } from './test-result.tsx';
import { testProvider } from './use-test-provider.ts';

interface ProviderDrawerProps {
  readonly row: ProviderRow;
  readonly onClose: () => void;
  readonly onEdit: () => void;
}

/** One provider: its state, its last hour, a test. */
export function ProviderDrawer({ row, onClose, onEdit }: ProviderDrawerProps): ReactNode {
  const { t } = useTranslation();
  const { act, edit } = useMay();
  const { provider, status } = row;
  const actions = (
    <>
      <Link className="button is-quiet" href={`/requests?provider=${encodeURIComponent(provider.id)}`}>
        <ScrollText aria-hidden /> {t('Requests')}
      </Link>
      {act && (
        <Button icon={Pencil} onClick={onEdit}>
          {t('Edit')}
        </Button>
      )}
      {edit && <Remove id={provider.id} onRemoved={onClose} />}
    </>
  );
  return (
    <Drawer open onClose={onClose} title={provider.id} actions={actions}>
      <div className="stack">
        <div className="row">
          {!provider.is_enabled ? (
            <StateBadge state="disabled" />
          ) : (
            status && <ProviderBadge status={status} />
          )}
          <span className="muted">{provider.provider_type}</span>
        </div>
        {status?.last_error && (
          <Notice look={status.state === 'cooling' ? 'bad' : 'warning'}>
            <span className="grow">
              {t('Last failure: {{text}}', { text: failureText(status.last_error, t) })}
            </span>
            <When time={status.last_error_at} relative />
          </Notice>
        )}
        <Facts>
          <Fact wide label={t('Address')}>
            {provider.api_base ?? NONE}
          </Fact>
          <Fact label={t('Credential')}>
            {provider.api_key_preview ?? provider.credential_kind ?? t('none')}
          </Fact>
          <Fact label={t('Weight')}>{provider.weight}</Fact>
          <Fact label={t('Routes available')}>
            {status ? `${status.routes_available} / ${status.routes}` : NONE}
          </Fact>
          <Fact label={t('In flight')}>{count(status?.in_flight)}</Fact>
          <Fact label={t('Success, 5 min')}>{percent(status?.success_rate_5m)}</Fact>
          <Fact label={t('p95, 5 min')}>{duration(status?.p95_ms_5m)}</Fact>
        </Facts>
        <LastHour provider={provider.id} />
        {act && <Test provider={provider.id} />}
      </div>
    </Drawer>
  );
}

function LastHour({ provider }: { provider: string }): ReactNode {
  const { t } = useTranslation();
  const series = useQuery({
    ...readSeries({ provider, since: new Date(Date.now() - 3_600_000).toISOString() }, 30_000),
    queryKey: ['series', 'provider', provider],
  });
  const all = series.data?.series[0];
  const lines = [
    { label: 'p95', color: 2, values: all?.latency_p95_ms ?? [] },
    { label: 'p50', color: 1, values: all?.latency_p50_ms ?? [] },
  ];
  return (
    <Card title={t('Latency, last hour')} actions={<Legend lines={lines} />}>
      {series.data ? (
        <Chart
          label={t('Latency, last hour')}
          times={series.data.times.map((time) => Date.parse(time) / 1000)}
          format={duration}
          height={150}
          lines={lines}
        />
      ) : series.error ? (
        <ProblemNotice error={series.error} />
      ) : (
        <Skeleton height="150px" />
      )}
    </Card>
  );
}

function Test({ provider }: { provider: string }): ReactNode {
  const { t } = useTranslation();
  const test = useMutation({ mutationFn: (completion: boolean) => testProvider(provider, { completion }) });
  const actions = (
    <>
      <Button small icon={FlaskConical} busy={test.isPending} onClick={() => test.mutate(false)}>
        {t('List its models')}
      </Button>
      <Button small look="quiet" disabled={test.isPending} onClick={() => test.mutate(true)}>
        {t('Request one token')}
      </Button>
    </>
  );
  return (
    <Card title={t('Test')} actions={actions}>
      {test.data ? (
        <TestResult test={test.data} provider={provider} />
      ) : (
        <p className="muted small">
          {t(
            'Listing models is free. Requesting one token costs a fraction of a cent and tests the whole path.',
          )}
        </p>
      )}
      <ProblemNotice error={test.error} />
    </Card>
  );
}

function Remove({ id, onRemoved }: { id: string; onRemoved: () => void }): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const remove = useAct({ refresh: ['providers', 'provider-states', 'routes'], isQuiet: true });
  return (
    <>
      <IconButton label={t('Delete')} icon={Trash2} onClick={() => setOpen(true)} />
      <DeleteDialog
        open={isOpen}
        onClose={() => setOpen(false)}
        name={id}
        title={t('Delete the provider?')}
        consequence={t('Its credential is deleted with it. A provider that a model needs cannot be deleted.')}
        busy={remove.isPending}
        problem={<ProblemNotice error={remove.error} />}
        onDelete={() =>
          remove.mutate(
            {
              method: 'DELETE',
              path: `/providers/${encodeURIComponent(id)}`,
              done: t('{{name}} is deleted', { name: id }),
            },
            { onSuccess: onRemoved },
          )
        }
      />
    </>
  );
}
