import { Plus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { LIMIT_KINDS, PERIODS } from '../../../../src/config/schema/limit-words.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Input } from '../../ui/field.tsx';
import { Select } from '../../ui/select.tsx';
import { kindOfLimit, type Limit, type LimitKind } from './limit-text.ts';

interface LimitFieldsProps {
  readonly limits: readonly Limit[];
  readonly onChange: (limits: readonly Limit[]) => void;
}

/** A list of limits, all of which hold. Settings of a limit that have no field here stay as they are. */
export function LimitFields({ limits, onChange }: LimitFieldsProps): ReactNode {
  const { t } = useTranslation();
  const set = (at: number, limit: Limit): void =>
    onChange(limits.map((one, index) => (index === at ? limit : one)));
  return (
    <section className="stack tight">
      <h3>{t('Limits')}</h3>
      {limits.map((limit, at) => (
        <LimitRow
          // oxlint-disable-next-line react/no-array-index-key -- a limit has no other identity
          key={at}
          limit={limit}
          onChange={(next) => set(at, next)}
          onRemove={() => onChange(limits.filter((_, index) => index !== at))}
        />
      ))}
      <div className="row">
        <Button small icon={Plus} onClick={() => onChange([...limits, { cost: 50, per: 'month' }])}>
          {t('Budget')}
        </Button>
        <Button small icon={Plus} onClick={() => onChange([...limits, { tokens: 100_000, per: 'minute' }])}>
          {t('Tokens per minute')}
        </Button>
        <Button small icon={Plus} onClick={() => onChange([...limits, { requests: 60, per: 'minute' }])}>
          {t('Requests per minute')}
        </Button>
      </div>
    </section>
  );
}

interface LimitRowProps {
  readonly limit: Limit;
  readonly onChange: (limit: Limit) => void;
  readonly onRemove: () => void;
}

function LimitRow({ limit, onChange, onRemove }: LimitRowProps): ReactNode {
  const { t } = useTranslation();
  const kind = kindOfLimit(limit);
  const { [kind]: amount, ...others } = limit;
  const texts: Readonly<Record<LimitKind, string>> = {
    cost: t('Dollars'),
    tokens: t('Tokens'),
    input_tokens: t('Prompt tokens'),
    output_tokens: t('Answer tokens'),
    requests: t('Requests'),
    concurrent: t('Concurrent requests'),
  };
  const per = typeof others['per'] === 'string' ? others['per'] : 'month';
  return (
    <div className="limit-row">
      <Input
        aria-label={t('Amount')}
        value={typeof amount === 'number' || typeof amount === 'string' ? String(amount) : ''}
        onValue={(text) => onChange({ ...limit, [kind]: /^[\d.]+$/.test(text) ? Number(text) : text })}
      />
      <Select
        label={t('What is counted')}
        value={kind}
        options={LIMIT_KINDS.map((value) => ({ value, label: texts[value] }))}
        onChange={(next) => {
          const { per: _, ...rest } = others;
          onChange(
            next === 'concurrent' ? { ...rest, concurrent: amount } : { ...rest, per, [next]: amount },
          );
        }}
      />
      {kind === 'concurrent' ? (
        <span />
      ) : (
        <Select
          label={t('Period')}
          value={per}
          options={PERIODS.map((value) => ({ value, label: t(`a ${value}`) }))}
          onChange={(value) => onChange({ ...limit, per: value })}
        />
      )}
      <Select
        label={t('When it is used up')}
        value={limit['on_exceed'] === 'warn' ? 'warn' : 'refuse'}
        options={[
          { value: 'refuse', label: t('refuse') },
          { value: 'warn', label: t('warn only') },
        ]}
        onChange={(value) => {
          const { on_exceed: _, ...rest } = limit;
          onChange(value === 'warn' ? { ...rest, on_exceed: 'warn' } : rest);
        }}
      />
      <IconButton small label={t('Remove the limit')} icon={Trash2} onClick={onRemove} />
    </div>
  );
}
