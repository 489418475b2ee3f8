import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, Input } from '../../ui/field.tsx';

const TIMEOUTS = [
  'connect_timeout',
  'first_byte_timeout',
  'answer_timeout',
  'thinking_timeout',
  'idle_timeout',
  'request_timeout',
];

interface TimeoutFieldsProps {
  readonly timeouts: Readonly<Record<string, number>>;
  readonly onChange: (timeouts: Readonly<Record<string, number>>) => void;
}

/** The limits of time of a provider, in seconds; an empty field keeps the gateway's own. */
export function TimeoutFields({ timeouts, onChange }: TimeoutFieldsProps): ReactNode {
  const { t } = useTranslation();
  const set = (name: string, text: string): void => {
    const { [name]: _, ...others } = timeouts;
    onChange(text === '' ? others : { ...others, [name]: Number(text) });
  };
  return (
    <details className="more">
      <summary>{t('Timeouts')}</summary>
      <div className="fields">
        {TIMEOUTS.map((name) => (
          <Field key={name} label={<code>{name}</code>} hint={t('seconds')}>
            <Input
              type="number"
              min={0}
              placeholder={t("the gateway's own")}
              value={timeouts[name] === undefined ? '' : String(timeouts[name])}
              onValue={(text) => set(name, text)}
            />
          </Field>
        ))}
      </div>
    </details>
  );
}
