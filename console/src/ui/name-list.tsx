import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import { Pick } from './pick.tsx';

interface NameListProps {
  readonly label: string;
  readonly chosen: readonly string[];
  readonly values: readonly string[];
  /** Said when none is chosen. */
  readonly none: string;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Several names, chosen one by one. */
export function NameList({ label, chosen, values, none, onChange }: NameListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="stack tight">
      <span className="field-label">{label}</span>
      <div className="row tight">
        {chosen.length === 0 && <span className="muted">{none}</span>}
        {chosen.map((name) => (
          <span key={name} className="badge">
            <span className="truncate">{name}</span>
            <IconButton
              small
              className="badge-button"
              label={t('Remove {{name}}', { name })}
              icon={X}
              onClick={() => onChange(chosen.filter((one) => one !== name))}
            />
          </span>
        ))}
        <Pick
          auto
          label={t('Add to {{label}}', { label })}
          none={t('Add …')}
          value=""
          values={values.filter((name) => !chosen.includes(name))}
          onChange={(name) => name !== '' && onChange([...chosen, name])}
        />
      </div>
    </div>
  );
}
