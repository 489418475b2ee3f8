import { ArrowDown, CircleSlash } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ExplainedTier, Explanation } from '../../api/resources.ts';
import { percent } from '../../lib/format.ts';
import { classes } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Notice } from '../../ui/states.tsx';

/** The order in which the routes would be tried. */
export function Plan({ explanation }: { explanation: Explanation }): ReactNode {
  const { t } = useTranslation();
  const {
    refusal,
    tiers,
    skipped = [],
    left_out: leftOut,
    strategy,
    served_as: servedAs,
    model,
  } = explanation;
  return (
    <>
      {refusal && (
        <Notice look="bad">
          <span>
            {t('The gateway would refuse it:')} <strong className="num">{refusal.status}</strong>{' '}
            <code>{refusal.code}</code> {refusal.message}
          </span>
        </Notice>
      )}
      <p className="muted">
        {servedAs !== null && servedAs !== model && `${t('Served as {{model}}.', { model: servedAs })} `}
        {strategy !== null && `${t('Strategy: {{strategy}}.', { strategy })} `}
        {explanation.max_attempts !== null &&
          t('At most {{count}} attempts.', { count: explanation.max_attempts })}
      </p>
      <ol className="plan">
        {tiers.map((tier, at) => (
          <Tier key={`${tier.level} ${tier.model} ${tier.priority}`} tier={tier} isFirst={at === 0} />
        ))}
      </ol>
      {skipped.length > 0 && (
        <Card title={t('Skipped now')}>
          <ul className="stack tight">
            {skipped.map(({ route, provider, model: upstream, why }) => (
              <li key={route} className="row">
                <CircleSlash aria-hidden className="is-amber" />
                <span className="strong">{provider}</span>
                <span className="muted mono small">{upstream}</span>
                <span>{why}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {leftOut.length > 0 && (
        <Card title={t('Left out')}>
          <ul className="stack tight">
            {leftOut.map(({ what, why }) => (
              <li key={`${what} ${why}`}>
                <span className="strong">{what}</span> <span className="muted">{why}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

function Tier({ tier, isFirst }: { tier: ExplainedTier; isFirst: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <li className={classes('plan-tier', !tier.is_reached && 'is-unreached')}>
      {!isFirst && (
        <span className="plan-arrow muted small">
          <ArrowDown aria-hidden /> {t('if that fails')}
        </span>
      )}
      <section className="card">
        <div className="card-head">
          <h2>
            {tier.model}{' '}
            <span className="muted">· {t('priority {{priority}}', { priority: tier.priority })}</span>
          </h2>
          <span className="muted small push">
            {tier.is_reached
              ? t('from attempt {{number}}', { number: tier.from_attempt })
              : t('never reached: the attempts run out first')}
          </span>
        </div>
        <ul className="plan-routes">
          {tier.routes.map((route) => (
            <li key={route.id} className="plan-route">
              <span className="num strong plan-odds">{percent(route.probability)}</span>
              <span className="meter">
                <span className="meter-fill" style={{ width: `${route.probability * 100}%` }} />
              </span>
              <span className="grow plan-target">
                <Link href={`/providers?id=${encodeURIComponent(route.provider)}`}>{route.provider}</Link>
                <span className="muted mono small">{route.model}</span>
              </span>
              {route.why !== undefined && <span className="muted small">{route.why}</span>}
              <StateBadge state={route.state} />
            </li>
          ))}
        </ul>
      </section>
    </li>
  );
}
