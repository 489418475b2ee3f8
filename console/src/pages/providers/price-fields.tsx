import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, Input } from '../../ui/field.tsx';
import { Switch } from '../../ui/toggle.tsx';

export interface Prices {
  readonly isFree: boolean;
  /** The provider of the catalogue whose prices apply; '': found by the address. */
  readonly list: string;
}

interface PriceFieldsProps {
  readonly prices: Prices;
  readonly onChange: (prices: Prices) => void;
}

/** The cost of requests to a provider. */
export function PriceFields({ prices, onChange }: PriceFieldsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <details className="more">
      <summary>{t('Prices')}</summary>
      <div className="stack">
        <Field
          label={t('Price list')}
          note={t('The provider of the catalogue whose prices apply. Empty: found by the address.')}
        >
          <Input
            mono
            placeholder="openai"
            value={prices.list}
            onValue={(list) => onChange({ ...prices, list })}
          />
        </Field>
        <Switch
          label={t('Free of charge, such as a server of your own')}
          isOn={prices.isFree}
          onChange={(isFree) => onChange({ ...prices, isFree })}
        />
      </div>
    </details>
  );
}
