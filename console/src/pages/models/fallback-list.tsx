import { ArrowDown, ArrowUp, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/button.tsx';
import { Pick } from '../../ui/pick.tsx';

interface FallbackListProps {
  readonly fallbacks: readonly string[];
  readonly models: readonly string[];
  readonly onChange: (fallbacks: readonly string[]) => void;
}

/** The models that replace a model, in order. */
export function FallbackList({ fallbacks, models, onChange }: FallbackListProps): ReactNode {
  const { t } = useTranslation();
  const move = (at: number, by: number): void => {
    const next = [...fallbacks];
    next.splice(at + by, 0, ...next.splice(at, 1));
    onChange(next);
  };
  return (
    <section className="stack tight">
      <h3>{t('If all routes fail')}</h3>
      <p className="muted small">{t('These models take over, in this order.')}</p>
      <ol className="stack tight">
        {fallbacks.map((name, at) => (
          <li key={name} className="route-edit is-fallback">
            <span className="muted num">{at + 1}.</span>
            <span className="truncate grow">{name}</span>
            <IconButton
              small
              label={t('Up')}
              icon={ArrowUp}
              disabled={at === 0}
              onClick={() => move(at, -1)}
            />
            <IconButton
              small
              label={t('Down')}
              icon={ArrowDown}
              disabled={at === fallbacks.length - 1}
              onClick={() => move(at, 1)}
            />
            <IconButton
              small
              label={t('Remove')}
              icon={X}
              onClick={() => onChange(fallbacks.filter((one) => one !== name))}
            />
          </li>
        ))}
      </ol>
      <Pick
        label={t('Add a fallback model')}
        none={t('Add a fallback model')}
        value=""
        values={models.filter((name) => !fallbacks.includes(name))}
        onChange={(name) => name !== '' && onChange([...fallbacks, name])}
      />
    </section>
  );
}
