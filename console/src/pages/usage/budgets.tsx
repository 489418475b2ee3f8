import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LimitUse } from '../../api/resources.ts';
import { dateTime } from '../../lib/format.ts';
import { Card } from '../../ui/card.tsx';
import { kindOf, UsageMeter } from '../../ui/usage-meter.tsx';
import { useKeys } from '../keys/use-keys.ts';
import { useTeams, useUsers } from '../keys/use-owners.ts';

const SHOWN = 8;

interface Budget {
  readonly owner: string;
  readonly use: LimitUse;
}

/** The budgets that are nearest to their end, and when each will be used up. */
export function Budgets(): ReactNode {
  const { t } = useTranslation();
  const { keys = [] } = useKeys();
  const teams = useTeams().data?.teams ?? [];
  const users = useUsers().data?.users ?? [];
  const budgets: Budget[] = [...teams, ...users, ...keys]
    .flatMap(({ usage = [], ...owner }) => usage.map((use) => ({ owner: nameOf(owner), use })))
    .filter(({ use }) => kindOf(use) === 'cost' && use.amount > 0)
    .toSorted((one, other) => other.use.used / other.use.amount - one.use.used / one.use.amount)
    .slice(0, SHOWN);
  return (
    <Card title={t('Budgets')}>
      {budgets.length === 0 ? (
        <p className="muted small">{t('No key, team or user has a spending limit.')}</p>
      ) : (
        <ul className="stack">
          {budgets.map(({ owner, use }) => (
            <li key={`${owner} ${use.counter ?? use.id ?? ''}`} className="stack tight">
              <span className="strong truncate">{owner}</span>
              <UsageMeter use={use} />
              <BurnDown use={use} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** A key may have another name than its id. */
function nameOf({ id, name }: { readonly id: string; readonly name?: unknown }): string {
  return typeof name === 'string' ? name : id;
}

/** By the use since the window began; of a window without an end nothing is said. */
function BurnDown({ use }: { use: LimitUse }): ReactNode {
  const { t } = useTranslation();
  const endMs = use.resets_at ? Date.parse(use.resets_at) : undefined;
  const isMonth = (use.id ?? '').includes('month');
  if (endMs === undefined || !isMonth || use.used <= 0 || use.used >= use.amount) return null;
  const start = new Date(endMs);
  start.setMonth(start.getMonth() - 1);
  const elapsedMs = Date.now() - start.getTime();
  const usedUpMs = start.getTime() + (elapsedMs * use.amount) / use.used;
  if (usedUpMs >= endMs) return <p className="small muted">{t('At this rate, the budget lasts.')}</p>;
  return (
    <p className="small is-amber">
      {t('At this rate, the budget runs out on {{day}}.', { day: dateTime(usedUpMs) })}
    </p>
  );
}
