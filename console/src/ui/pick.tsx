import { Combobox } from '@base-ui/react/combobox';
import { Check, ChevronDown } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { classes } from './button.tsx';

interface PickProps {
  readonly label: string;
  /** Empty: none is chosen. */
  readonly value: string;
  readonly values: readonly string[];
  /** The label of the choice of no value. Without it, the user has to choose a value. */
  readonly none?: string;
  readonly onChange: (value: string) => void;
  /** A word in front of the value. */
  readonly prefix?: string;
  readonly auto?: boolean;
  readonly isSet?: boolean;
  readonly id?: string;
}

/** A choice among many names, with a search. The list shows the first 200 that fit. */
export function Pick({
  label,
  value,
  values,
  none,
  onChange,
  prefix,
  auto,
  isSet,
  id,
}: PickProps): ReactNode {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const all = none === undefined ? values : ['', ...values];
  return (
    <Combobox.Root
      items={all}
      value={value}
      limit={200}
      itemToStringLabel={(one: string) => (one === '' ? (none ?? '') : one)}
      inputValue={search}
      onInputValueChange={setSearch}
      onOpenChange={() => setSearch('')}
      onValueChange={(chosen: string | null) => onChange(chosen ?? '')}
    >
      <Combobox.Trigger
        className={classes('select', auto && 'is-auto', isSet && 'is-set')}
        aria-label={label}
        {...(id !== undefined && { id })}
      >
        {prefix !== undefined && <span className="muted select-prefix">{prefix}</span>}
        <span>{value === '' ? (none ?? t('Choose …')) : value}</span>
        <ChevronDown aria-hidden />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner className="positioner" sideOffset={4} align="start">
          <Combobox.Popup className="popup" aria-label={label}>
            <Combobox.Input className="input" placeholder={t('Search …')} aria-label={t('Search …')} />
            <Combobox.Empty>
              <div className="item-empty">{t('No matches.')}</div>
            </Combobox.Empty>
            <Combobox.List>
              {(one: string) => (
                <Combobox.Item key={one} value={one} className="item">
                  <span className="truncate">{one === '' ? none : one}</span>
                  <Combobox.ItemIndicator className="item-check">
                    <Check aria-hidden />
                  </Combobox.ItemIndicator>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
