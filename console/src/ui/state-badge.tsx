import {
  Circle,
  CirclePause,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleOff,
  CircleX,
  FlaskConical,
  Snowflake,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Ending, ENDINGS } from '../api/endings.ts';
import type { Cooldown, ProviderState, ProviderStatus, RouteState } from '../api/types.ts';
import { classes } from './button.tsx';
import { Countdown } from './values.tsx';

// Each state has a shape of its own, since colour alone does not tell everybody.
const STATES = {
  healthy: { look: 'good', icon: CircleCheck, text: 'Healthy' },
  available: { look: 'good', icon: CircleCheck, text: 'Available' },
  cooling: { look: 'bad', icon: Snowflake, text: 'Cooling' },
  on_trial: { look: 'warning', icon: FlaskConical, text: 'On trial' },
  probing: { look: 'warning', icon: CircleDot, text: 'Probing' },
  draining: { look: 'note', icon: CirclePause, text: 'Draining' },
  disabled: { look: 'idle', icon: CircleOff, text: 'Disabled' },
} as const;

interface StateBadgeProps {
  readonly state: RouteState | ProviderState;
  readonly cooldown?: Cooldown | null | undefined;
}

/** The state of a route or provider, with the rest of its cooldown. */
export function StateBadge({ state, cooldown }: StateBadgeProps): ReactNode {
  const { t } = useTranslation();
  const { look, icon: Icon, text } = STATES[state] ?? STATES.disabled;
  return (
    <span className={classes('badge', `is-${look}`)}>
      <Icon aria-hidden />
      {t(text)}
      {state === 'cooling' && cooldown && <Countdown until={cooldown.until} />}
    </span>
  );
}

type Standing = Pick<
  ProviderStatus,
  'state' | 'cooldown' | 'routes' | 'routes_available' | 'success_rate_5m'
>;

/** Whether some routes of a provider cool while others serve. */
export function isPartlyCooling({ state, routes_available: available }: Standing): boolean {
  return state === 'cooling' && available > 0;
}

/** Whether no route leads to an enabled provider. The gateway asks nothing of it, so its health is unknown. */
export function isUnused({ state, routes }: Standing): boolean {
  return state !== 'disabled' && routes === 0;
}

/** The least share of successes of a provider that is called healthy. */
export const HEALTHY_FROM = 0.9;

/** The state of a provider. It is in trouble as a whole only if none of its routes is available. */
export function ProviderBadge({ status }: { status: Standing }): ReactNode {
  const { t } = useTranslation();
  const { state, cooldown, routes, routes_available: available, success_rate_5m: success } = status;
  if (isUnused(status)) {
    return (
      <span className="badge is-idle">
        <CircleDashed aria-hidden />
        {t('No routes')}
      </span>
    );
  }
  // Requests go to it. Health is what their answers show.
  if (state === 'healthy' && (success === null || success < HEALTHY_FROM)) {
    return (
      <span
        className="badge is-idle"
        title={
          success === null ? t('No request in the last 5 min') : t('It gets requests, and many of them fail')
        }
      >
        <Circle aria-hidden />
        {t('Available')}
      </span>
    );
  }
  if (!isPartlyCooling(status)) return <StateBadge state={state} cooldown={cooldown} />;
  return (
    <span className="badge is-warning">
      <Snowflake aria-hidden />
      {t('{{cooling}} of {{all}} routes cooling', { cooling: routes - available, all: routes })}
    </span>
  );
}

/** How a request ended, as a sign and a word. Success is quiet, so that everything else stands out. */
export function EndingMark({ ending, status }: { ending: Ending; status: number }): ReactNode {
  const { t } = useTranslation();
  const { look, text } = ENDINGS[ending];
  // A provider's refusal that was delivered is complete, but nothing good.
  const isRejected = ending === 'complete' && status >= 400;
  const shown = isRejected ? 'warning' : look;
  return (
    <span className={classes('badge', shown === 'good' ? 'is-quiet' : `is-${shown}`)}>
      {shown === 'good' ? (
        <CircleCheck aria-hidden />
      ) : shown === 'idle' ? (
        <CircleOff aria-hidden />
      ) : (
        <CircleX aria-hidden />
      )}
      {isRejected ? t('Rejected') : t(text)}
    </span>
  );
}
