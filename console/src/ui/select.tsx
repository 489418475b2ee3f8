import { Select as Base } from '@base-ui/react/select';
import { Check, ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { classes } from './button.tsx';

export interface Option<T extends string = string> {
  readonly value: T;
  readonly label: string;
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly onChange: (value: T) => void;
  /** As wide as its content. */
  readonly auto?: boolean;
  /** Shown as a filter that is in force. */
  readonly isSet?: boolean;
  readonly disabled?: boolean;
  readonly id?: string;
}

/** A choice among few. */
export function Select<T extends string>(props: SelectProps<T>): ReactNode {
  const { label, value, options, onChange, auto, isSet, disabled, id } = props;
  return (
    <Base.Root
      items={options}
      value={value}
      disabled={disabled ?? false}
      onValueChange={(chosen: T | null) => chosen !== null && onChange(chosen)}
    >
      <Base.Trigger
        className={classes('select', auto && 'is-auto', isSet && 'is-set')}
        aria-label={label}
        {...(id !== undefined && { id })}
      >
        <Base.Value />
        <ChevronDown aria-hidden />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="positioner" sideOffset={4} alignItemWithTrigger={false} align="start">
          <Base.Popup className="popup">
            {options.map((option) => (
              <Base.Item key={option.value} value={option.value} className="item">
                <Base.ItemText className="truncate">{option.label}</Base.ItemText>
                <Base.ItemIndicator className="item-check">
                  <Check aria-hidden />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
