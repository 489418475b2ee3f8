import { Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LimitUse } from '../../api/resources.ts';
import { useAct } from '../../ui/use-act.ts';
import { type Draft, SaveDialog } from '../save-dialog.tsx';
import { useMay } from '../../session/session.ts';
import { IconButton } from '../../ui/button.tsx';
import { DeleteDialog } from '../../ui/dialog.tsx';
import { Field, Input } from '../../ui/field.tsx';
import { EditForm } from '../edit-form.tsx';
import { Pick } from '../../ui/pick.tsx';
import { ProblemNotice } from '../../ui/states.tsx';
import { UsageMeter } from '../../ui/usage-meter.tsx';
import { LimitFields } from './limit-fields.tsx';
import type { Limit } from './limit-text.ts';

interface Owner {
  readonly id: string;
  readonly parent?: string | null;
  readonly email?: string | null;
  readonly limits?: readonly Limit[];
  readonly usage?: readonly LimitUse[];
}

interface OwnerFormProps {
  readonly kind: 'teams' | 'users';
  readonly owner: Owner | undefined;
  readonly version: number;
  /** The teams that it may belong to. */
  readonly parents: readonly string[];
  readonly onClose: () => void;
}

/** A team or a user: what is used of its limits, and the limits. */
export function OwnerForm({ kind, owner, version, parents, onClose }: OwnerFormProps): ReactNode {
  const { t } = useTranslation();
  const { edit } = useMay();
  const [id, setId] = useState(owner?.id ?? '');
  const [parent, setParent] = useState(owner?.parent ?? '');
  const [email, setEmail] = useState(owner?.email ?? '');
  const [limits, setLimits] = useState<readonly Limit[]>(owner?.limits ?? []);
  const [draft, setDraft] = useState<Draft>();
  const own =
    kind === 'teams' ? { parent: parent === '' ? null : parent } : { email: email === '' ? null : email };
  const fields = { ...(owner === undefined && { id }), ...own, limits };
  const review = (): void =>
    setDraft({
      kind: kind as 'teams',
      path: `/${kind}`,
      id,
      isNew: owner === undefined,
      fields,
      version,
    });
  const title = owner?.id ?? (kind === 'teams' ? t('New team') : t('New user'));
  return (
    <EditForm
      title={title}
      submit={t('Review the change')}
      canSubmit={id !== ''}
      entered={[id, parent, email, limits]}
      onSubmit={review}
      onClose={onClose}
      actions={owner && edit && <Remove kind={kind} id={owner.id} onRemoved={onClose} />}
    >
      <div className="stack wide">
        {owner?.usage?.map((use) => (
          <UsageMeter key={use.counter ?? use.id} use={use} />
        ))}
        {owner === undefined && (
          <Field label={t('Name')}>
            <Input mono value={id} onValue={setId} />
          </Field>
        )}
        {kind === 'teams' ? (
          <Field label={t('Belongs to')} note={t('The limits of that team apply as well.')}>
            <Pick
              label={t('Belongs to')}
              none={t('none')}
              value={parent}
              values={parents.filter((name) => name !== id)}
              onChange={setParent}
            />
          </Field>
        ) : (
          <Field label={t('Email')}>
            <Input type="email" value={email} onValue={setEmail} />
          </Field>
        )}
        <LimitFields limits={limits} onChange={setLimits} />
      </div>
      {draft && <SaveDialog draft={draft} onClose={() => setDraft(undefined)} onSaved={onClose} />}
    </EditForm>
  );
}

interface RemoveProps {
  readonly kind: 'teams' | 'users';
  readonly id: string;
  readonly onRemoved: () => void;
}

function Remove({ kind, id, onRemoved }: RemoveProps): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const remove = useAct({ refresh: [kind], isQuiet: true });
  return (
    <>
      <IconButton label={t('Delete')} icon={Trash2} onClick={() => setOpen(true)} />
      <DeleteDialog
        open={isOpen}
        onClose={() => setOpen(false)}
        name={id}
        title={kind === 'teams' ? t('Delete the team?') : t('Delete the user?')}
        consequence={t('It must have no keys left. Its past usage stays in the reports.')}
        busy={remove.isPending}
        problem={<ProblemNotice error={remove.error} />}
        onDelete={() =>
          remove.mutate(
            {
              method: 'DELETE',
              path: `/${kind}/${encodeURIComponent(id)}`,
              done: t('{{name}} is deleted', { name: id }),
            },
            { onSuccess: onRemoved },
          )
        }
      />
    </>
  );
}
