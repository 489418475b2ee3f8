import { Switch as Base } from '@base-ui/react/switch';
import { Toggle as BaseToggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type ReactNode, useId } from 'react';
import { classes } from './button.tsx';
import type { Option } from './select.tsx';

interface SwitchProps {
  readonly label: ReactNode;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  /** The label is for screen readers alone. */
  readonly hideLabel?: boolean;
}

/** A switch with its label. */
export function Switch({ label, isOn, onChange, disabled, danger, hideLabel }: SwitchProps): ReactNode {
  const id = useId();
  return (
    <span className="switch-row">
      <Base.Root
        id={id}
        nativeButton
        render={<button type="button" />}
        className={classes('switch', danger && 'is-danger')}
        checked={isOn}
        disabled={disabled ?? false}
        onCheckedChange={onChange}
      >
        <Base.Thumb className="switch-thumb" />
      </Base.Root>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : ''}>
        {label}
      </label>
    </span>
  );
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly onChange: (value: T) => void;
}

/** A choice among few that are all visible. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>): ReactNode {
  return (
    <ToggleGroup
      className="segments"
      aria-label={label}
      value={[value]}
      onValueChange={([chosen]: T[]) => chosen !== undefined && onChange(chosen)}
    >
      {options.map((option) => (
        <BaseToggle key={option.value} value={option.value} className="segment">
          {option.label}
        </BaseToggle>
      ))}
    </ToggleGroup>
  );
}
