import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MasterKey } from '../../api/resources.ts';
import { useAct } from '../../ui/use-act.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Select } from '../../ui/select.tsx';
import { ProblemNotice } from '../../ui/states.tsx';
import type { Secret } from './tab-props.ts';

interface RotateDialogProps {
  readonly open: boolean;
  readonly masterKey: MasterKey;
  readonly onClose: () => void;
  readonly onSecret: (secret: Secret) => void;
}

/** Replaces a key's secret; the former one works for a while. */
export function RotateDialog({ open, masterKey: { id }, onClose, onSecret }: RotateDialogProps): ReactNode {
  const { t } = useTranslation();
  const [grace, setGrace] = useState('86400');
  const rotate = useAct<{ key: string }>({ refresh: ['keys'], isQuiet: true });
  const submit = (): void =>
    rotate.mutate(
      { path: `/master-keys/${encodeURIComponent(id)}/rotate`, body: { grace_seconds: Number(grace) } },
      {
        onSuccess: ({ key }) => {
          onClose();
          onSecret({ id, key });
        },
      },
    );
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t('Rotate {{name}}', { name: id })}
      foot={
        <>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button look="primary" busy={rotate.isPending} onClick={submit}>
            {t('Generate a new secret')}
          </Button>
        </>
      }
    >
      <div className="stack">
        <Field label={t('Keep the old secret valid for')}>
          <Select
            label={t('Keep the old secret valid for')}
            value={grace}
            onChange={setGrace}
            options={[
              { value: '0', label: t('not at all') },
              { value: '3600', label: t('one hour') },
              { value: '86400', label: t('one day') },
              { value: '604800', label: t('one week') },
            ]}
          />
        </Field>
        <ProblemNotice error={rotate.error} />
      </div>
    </Dialog>
  );
}
