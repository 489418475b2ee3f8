import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PERIODS } from '../../../src/config/schema/limit-words.ts';
import type { LimitUse } from '../api/resources.ts';
import { compact, count, money, percent } from '../lib/format.ts';
import { When } from './values.tsx';

/** An amount of what a limit counts. null: not known. */
export function amountText(kind: string | undefined, amount: number | null): string {
  return kind === 'cost' ? money(amount) : compact(amount);
}

/** The kind of a limit; its id begins with it. */
export function kindOf({ kind, id }: LimitUse): string {
  return kind ?? id?.split('/')[0] ?? 'requests';
}

/** The name of a limit, such as `Spending a month`. An id that the configuration gave stands beside it. */
export function limitName(use: LimitUse, t: TFunction): string {
  const [, per, ...rest] = (use.id ?? '').split('/');
  const kinds: Readonly<Record<string, string>> = {
    cost: t('Spending'),
    tokens: t('Tokens'),
    input_tokens: t('Prompt tokens'),
    output_tokens: t('Answer tokens'),
    requests: t('Requests'),
    concurrent: t('Requests at a time'),
  };
  const kind = kindOf(use);
  const period = typeof use.per === 'string' ? use.per : per;
  const isGenerated = use.id === undefined || use.id === kind || use.id.startsWith(`${kind}/`);
  const own = isGenerated ? rest.join('/') : (use.id ?? '');
  const what = kinds[kind] ?? kind;
  const title =
    period === undefined || kind === 'concurrent'
      ? what
      : t('{{what}} {{period}}', { what, period: periodText(period, t) });
  return own === '' ? title : `${title} · ${own}`;
}

/** `per month`, `in total`; a period of another form stays as it is. */
export function periodText(period: string, t: TFunction): string {
  return PERIODS.some((known) => known === period)
    ? t(`a ${period}`, { defaultValue: `a ${period}` })
    : period;
}

/** The used share of a limit, as a bar. */
export function UsageMeter({ use, owner }: { use: LimitUse; owner?: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const kind = kindOf(use);
  const name = limitName(use, t);
  const share = shareOf(use);
  const look = share >= 1 ? 'is-bad' : share >= 0.8 ? 'is-warning' : '';
  return (
    <div className="use">
      <div className="row small">
        {owner !== undefined && <span className="strong truncate use-owner">{owner}</span>}
        <span className={owner === undefined ? 'strong' : 'muted'}>{name}</span>
        <span className="num push">
          {amountText(kind, use.used)} <span className="muted">{t('of')}</span> {amountText(kind, use.amount)}
        </span>
      </div>
      <div
        className="meter"
        role="meter"
        aria-label={name}
        aria-valuenow={Math.round(Math.min(share, 1) * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className={`meter-fill ${look}`} style={{ width: `${Math.min(share, 1) * 100}%` }} />
      </div>
      <div className="row small muted">
        <span className="num">{percent(use.used === null ? null : share)}</span>
        {(use.held ?? 0) > 0 && (
          <span>
            {t('{{text}} reserved for requests in flight', { text: amountText(kind, use.held ?? 0) })}
          </span>
        )}
        {use.resets_at && (
          <span className="push">
            {t('resets ')}
            <When time={use.resets_at} relative />
          </span>
        )}
      </div>
    </div>
  );
}

/** The limit that is used up most, as a short bar for a table. */
export function TightestMeter({ usage }: { usage: readonly LimitUse[] | undefined }): ReactNode {
  const { t } = useTranslation();
  const tightest = (usage ?? []).toSorted((one, other) => shareOf(other) - shareOf(one))[0];
  if (tightest === undefined) return <span className="muted">–</span>;
  const share = shareOf(tightest);
  const look = share >= 1 ? 'is-bad' : share >= 0.8 ? 'is-warning' : '';
  const kind = kindOf(tightest);
  return (
    <span
      className="short-use"
      title={`${limitName(tightest, t)}: ${count(tightest.used)} / ${count(tightest.amount)}`}
    >
      <span className="meter">
        <span className={`meter-fill ${look}`} style={{ width: `${Math.min(share, 1) * 100}%` }} />
      </span>
      <span className="num small">
        {amountText(kind, tightest.used)} / {amountText(kind, tightest.amount)}
      </span>
    </span>
  );
}

/** The used share of a limit. An unknown one is drawn as 0. */
function shareOf({ used, amount }: LimitUse): number {
  if (used === null) return 0;
  return amount > 0 ? used / amount : 1;
}
