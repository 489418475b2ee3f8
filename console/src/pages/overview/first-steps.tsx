import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Overview } from '../../api/types.ts';
import { Card } from '../../ui/card.tsx';

/** The way from an empty gateway to the first request. */
export function FirstSteps({ overview }: { overview: Overview | undefined }): ReactNode {
  const { t } = useTranslation();
  const steps = [
    { text: t('Add a provider'), href: '/providers?new=1', isDone: (overview?.providers ?? 0) > 0 },
    { text: t('Add a model that it serves'), href: '/models?new=1', isDone: (overview?.models ?? 0) > 0 },
    { text: t('Create a key for your program'), href: '/keys?new=1', isDone: (overview?.keys ?? 0) > 0 },
    { text: t('Ask something in the playground'), href: '/playground', isDone: false },
  ];
  return (
    <Card title={t('First steps')}>
      <ol className="steps">
        {steps.map(({ text, href, isDone }, at) => (
          <li key={href} className="row">
            <span className={`badge ${isDone ? 'is-good' : ''}`}>
              {isDone ? <Check aria-hidden /> : at + 1}
            </span>
            <Link href={href}>{text}</Link>
          </li>
        ))}
      </ol>
    </Card>
  );
}
