import { useMutation } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ProblemNotice } from '../../ui/states.tsx';
import { TestLines } from './test-result.tsx';
import { testDraft } from './use-test-provider.ts';

interface DraftTestProps {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Tests what a form says before it is saved. */
export function DraftTest({ id, fields }: DraftTestProps): ReactNode {
  const { t } = useTranslation();
  const test = useMutation({ mutationFn: () => testDraft(id, fields) });
  return (
    <Card
      title={t('Test')}
      actions={
        <Button
          small
          icon={FlaskConical}
          busy={test.isPending}
          disabled={id === ''}
          onClick={() => test.mutate()}
        >
          {t('List its models')}
        </Button>
      }
    >
      {test.data ? (
        <TestLines test={test.data} />
      ) : (
        <p className="muted small">{t('Tries the address and the key before anything is saved.')}</p>
      )}
      <ProblemNotice error={test.error} />
    </Card>
  );
}
