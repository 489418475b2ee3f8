import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { listModels } from '../../api/queries.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/states.tsx';
import type { Secret } from './tab-props.ts';
import { Snippets } from './snippets.tsx';

/** Shows a new secret this once, and how to use it. */
export function SecretDialog({ secret, onClose }: { secret: Secret; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const models = useQuery(listModels());
  const model = models.data?.models[0]?.id ?? 'MODEL';
  return (
    <Dialog
      open
      wide
      isFirm
      onClose={onClose}
      title={t('The secret of {{name}}', { name: secret.id })}
      foot={
        <Button look="primary" onClick={onClose}>
          {t('I have saved it')}
        </Button>
      }
    >
      <div className="stack">
        <Notice look="warning">
          <span>{t('Copy it now. It is not shown again, because the gateway stores only a hash.')}</span>
        </Notice>
        <CodeBlock label={t('Secret')} text={secret.key} />
        <Snippets secret={secret.key} model={model} />
      </div>
    </Dialog>
  );
}
