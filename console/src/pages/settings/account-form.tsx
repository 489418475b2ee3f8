import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../ui/use-act.ts';
import type { Account } from '../../api/resources.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field, Input } from '../../ui/field.tsx';
import { type Option, Select } from '../../ui/select.tsx';
import { ProblemNotice } from '../../ui/states.tsx';

/** The roles of accounts, in words. */
export function useRoles(): readonly Option<Account['role']>[] {
  const { t } = useTranslation();
  return [
    { value: 'viewer', label: t('role viewer') },
    { value: 'operator', label: t('role operator') },
    { value: 'admin', label: t('role admin') },
  ];
}

interface AccountFormProps {
  readonly onClose: () => void;
  readonly onSecret: (shown: { name: string; secret: string }) => void;
}

/** Makes an account, and shows its secret this once. */
export function AccountForm({ onClose, onSecret }: AccountFormProps): ReactNode {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Account['role']>('viewer');
  const create = useAct<{ secret: string }>({ refresh: ['accounts'], isQuiet: true });
  const abouts = {
    viewer: t('Can view everything except accounts, sessions and recorded bodies.'),
    operator: t('Can also drain and test routes, and edit models, providers, keys and teams.'),
    admin: t('Full access.'),
  };
  const submit = (): void =>
    create.mutate(
      { path: '/accounts', body: { name, role } },
      {
        onSuccess: ({ secret }) => {
          onClose();
          onSecret({ name, secret });
        },
      },
    );
  return (
    <Dialog
      open
      onClose={onClose}
      onSubmit={submit}
      title={t('New account')}
      foot={
        <>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button look="primary" disabled={name === ''} busy={create.isPending} type="submit">
            {t('Create')}
          </Button>
        </>
      }
    >
      <div className="stack">
        <Field label={t('Name')}>
          <Input value={name} onValue={setName} placeholder="alice" />
        </Field>
        <Field label={t('Role')} note={abouts[role]}>
          <Select label={t('Role')} value={role} options={useRoles()} onChange={setRole} />
        </Field>
        <ProblemNotice error={create.error} />
      </div>
    </Dialog>
  );
}
