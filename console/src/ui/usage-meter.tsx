import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LimitUse } from '../api/resources.ts';
import { compact, count, money, percent } from '../lib/format.ts';
import { When } from './values.tsx';

/** An amount of what a limit counts. */
export function amountText(kind: string | undefined, amount: number): string {
  return kind === 'cost' ? money(amount) : compact(amount);
}

/** The kind of a limit; its id begins with it. */
export function kindOf({ kind, id }: LimitUse): string {
  return kind ?? id?.split('/')[0] ?? 'requests';
}

/** The used share of a limit, as a bar. */
export function UsageMeter({ use }: { use: LimitUse }): ReactNode {
  const { t } = useTranslation();
  const kind = kindOf(use);
  const share = use.amount > 0 ? use.used / use.amount : 1;
  const look = share >= 1 ? 'is-bad' : share >= 0.8 ? 'is-warning' : '';
  return (
    <div className="use">
      <div className="row small">
        <span className="strong">{use.id ?? kind}</span>
        <span className="num push">
          {amountText(kind, use.used)} <span className="muted">{t('of')}</span> {amountText(kind, use.amount)}
        </span>
      </div>
      <div
        className="meter"
        role="meter"
        aria-label={use.id ?? kind}
        aria-valuenow={Math.round(Math.min(share, 1) * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className={`meter-fill ${look}`} style={{ width: `${Math.min(share, 1) * 100}%` }} />
      </div>
      <div className="row small muted">
        <span className="num">{percent(share)}</span>
        {use.held !== undefined && use.held > 0 && (
          <span>{t('{{text}} held for requests under way', { text: amountText(kind, use.held) })}</span>
        )}
        {use.resets_at && (
          <span className="push">
            {t('begins anew')} <When time={use.resets_at} relative />
          </span>
        )}
      </div>
    </div>
  );
}

/** The limit that is used up most, as a short bar for a table. */
export function TightestMeter({ usage }: { usage: readonly LimitUse[] | undefined }): ReactNode {
  const tightest = (usage ?? []).toSorted((one, other) => shareOf(other) - shareOf(one))[0];
  if (tightest === undefined) return <span className="muted">–</span>;
  const share = shareOf(tightest);
  const look = share >= 1 ? 'is-bad' : share >= 0.8 ? 'is-warning' : '';
  const kind = kindOf(tightest);
  return (
    <span
      className="short-use"
      title={`${tightest.id ?? kind}: ${count(tightest.used)} / ${count(tightest.amount)}`}
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

function shareOf({ used, amount }: LimitUse): number {
  return amount > 0 ? used / amount : 1;
}
