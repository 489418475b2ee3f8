import { useQuery } from '@tanstack/react-query';
import { Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readDemo } from '../../api/queries.ts';
import { useAct } from '../../ui/use-act.ts';
import type { DemoState } from '../../api/resources.ts';
import { sentences } from '../../lib/sentences.ts';
import { NativeSelect } from '../../ui/native-select.tsx';
import { ProviderBadge } from '../../ui/state-badge.tsx';
import { Switch } from '../../ui/toggle.tsx';
import { useProviderStates } from './use-provider-states.ts';

const RATES = ['1', '3', '10', '30'];

/** The switches of the demo: traffic, and what breaks a provider. */
export function DemoPanel(): ReactNode {
  const { t } = useTranslation();
  const { data } = useQuery(readDemo());
  const act = useAct({ refresh: ['demo'] });
  if (!data) return null;
  const { is_on: isOn, requests_per_second: rate } = data.traffic;
  const setTraffic = (traffic: DemoState['traffic']): void =>
    act.mutate({ method: 'PUT', path: '/demo/traffic', body: traffic });
  return (
    <section className="demo" aria-label={t('Demo')}>
      <div className="demo-about">
        <Zap aria-hidden />
        <div className="grow">
          <h2>{t('This is a demo')}</h2>
          <p className="muted">
            {sentences(
              t('Break a provider and watch requests route around it. Nothing leaves this machine.'),
              t('The model demo-unreliable always fails on simulator-a first, to show a fallback.'),
            )}
          </p>
        </div>
        <div className="row">
          <Switch
            label={t('Traffic')}
            isOn={isOn}
            onChange={(next) => setTraffic({ is_on: next, requests_per_second: rate })}
          />
          <NativeSelect
            label={t('Requests per second')}
            value={String(rate)}
            options={[...new Set([...RATES, String(rate)])].map((value) => ({
              value,
              label: t('{{rate}} per second', { rate: value }),
            }))}
            onChange={(value) => setTraffic({ is_on: true, requests_per_second: Number(value) })}
          />
        </div>
      </div>
      <ul className="demo-providers">
        {data.providers.map((provider) => (
          <Breaker key={provider.name} provider={provider} faults={data.faults} />
        ))}
      </ul>
    </section>
  );
}

interface BreakerProps {
  readonly provider: DemoState['providers'][number];
  readonly faults: DemoState['faults'];
}

function Breaker({ provider: { name, fault }, faults }: BreakerProps): ReactNode {
  const { t } = useTranslation();
  const [kind, setKind] = useState(fault ?? faults[0]?.id ?? '500');
  const act = useAct({ refresh: ['demo'] });
  const status = useProviderStates().states?.find((one) => one.name === name);
  const set = (next: string | null): void =>
    act.mutate({ method: 'PUT', path: `/demo/providers/${encodeURIComponent(name)}`, body: { fault: next } });
  return (
    <li className={`demo-provider ${fault === null ? '' : 'is-broken'}`}>
      <span className="row">
        <span className="strong truncate grow" title={name}>
          {name}
        </span>
        {status && <ProviderBadge status={status} />}
      </span>
      <span className="row demo-fault">
        <Switch
          danger
          label={t('Break it')}
          isOn={fault !== null}
          onChange={(isOn) => set(isOn ? kind : null)}
        />
        <NativeSelect
          label={t('How {{name}} breaks', { name })}
          value={fault ?? kind}
          options={faults.map(({ id, title }) => ({ value: id, label: t(title) }))}
          onChange={(next) => {
            setKind(next);
            if (fault !== null) set(next);
          }}
        />
      </span>
    </li>
  );
}
