import { CirclePause, CirclePlay, FlaskConical, Plug, ScrollText, SunMedium } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useAct } from '../../ui/use-act.ts';
import { useMay } from '../../session/session.ts';
import { count, duration, percent } from '../../lib/format.ts';
import { Menu } from '../../ui/menu.tsx';
import type { MenuEntry } from '../../ui/menu-props.ts';
import { StateBadge } from '../../ui/state-badge.tsx';
import { useTestProvider } from '../providers/use-test-provider.ts';
import { providerOf, type TierRoute } from './tiers.ts';

/** One route, live; its actions are behind it. */
export function RouteChip({ model, route }: { model: string; route: TierRoute }): ReactNode {
  const { t } = useTranslation();
  const { configured, live, share } = route;
  const provider = providerOf(configured);
  const state = live?.state ?? 'disabled';
  const chip = (
    <button type="button" className={`chip is-${state}`}>
      <span className="row">
        <span className="strong truncate grow" title={provider}>
          {provider}
        </span>
        <StateBadge state={state} cooldown={live?.cooldown} />
      </span>
      <span className="muted small truncate mono" title={configured.model ?? model}>
        {configured.model ?? model}
      </span>
      <span className="chip-share" aria-hidden>
        <span className="meter">
          <span className="meter-fill" style={{ width: `${(share ?? 0) * 100}%` }} />
        </span>
      </span>
      <span className="chip-facts num small">
        <span title={t('of the first attempts go here now')}>
          {percent(share)} <span className="muted">{t('share')}</span>
        </span>
        <span>
          {count(live?.in_flight)} <span className="muted">{t('in flight')}</span>
        </span>
        <span title={t('average of the last answers')}>
          {duration(live?.latency_ms)} <span className="muted">{t('first byte')}</span>
        </span>
      </span>
    </button>
  );
  return <Menu align="start" trigger={chip} entries={useRouteActions(route)} />;
}

function useRouteActions({ configured, live }: TierRoute): readonly MenuEntry[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const { act: mayAct } = useMay();
  const act = useAct({ refresh: ['routes', 'provider-states'] });
  const provider = providerOf(configured);
  const test = useTestProvider();
  const run =
    (verb: string, done: string): (() => void) =>
    () =>
      live && act.mutate({ path: `/routes/${live.id}/${verb}`, done });
  const name = `${provider}/${configured.model ?? ''}`;
  const actions: MenuEntry[] =
    mayAct && live
      ? [
          live.is_draining
            ? {
                label: t('Resume'),
                icon: CirclePlay,
                onSelect: run('resume', t('{{name}} takes requests again', { name })),
              }
            : {
                label: t('Drain'),
                icon: CirclePause,
                onSelect: run('drain', t('{{name}} gets no new requests', { name })),
              },
          {
            label: t('Clear the cooldown'),
            icon: SunMedium,
            disabled: live.cooldown === null,
            onSelect: run('clear-cooldown', t('{{name}} is available again', { name })),
          },
          { label: t('Test'), icon: FlaskConical, onSelect: () => test(provider, configured.model) },
        ]
      : [];
  return [
    ...actions,
    {
      label: t('Open the provider'),
      icon: Plug,
      isFirstOfGroup: actions.length > 0,
      onSelect: () => navigate(`/providers?id=${encodeURIComponent(provider)}`),
    },
    {
      label: t('Its requests'),
      icon: ScrollText,
      onSelect: () => navigate(`/requests?provider=${encodeURIComponent(provider)}`),
    },
  ];
}
