import type { ReactNode } from 'react';
import type { Option } from './select.tsx';

interface NativeSelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}

/** The browser's own choice, for the first page, which is to be small. */
export function NativeSelect({ label, value, options, onChange }: NativeSelectProps): ReactNode {
  return (
    <select
      className="select is-auto is-native"
      aria-label={label}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
