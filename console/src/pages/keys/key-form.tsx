import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listModels } from '../../api/queries.ts';
import type { MasterKey } from '../../api/resources.ts';
import { useMay } from '../../session/session.ts';
import { type Draft, SaveDialog } from '../save-dialog.tsx';
import { Field, Input } from '../../ui/field.tsx';
import { EditForm } from '../edit-form.tsx';
import { NameList } from '../../ui/name-list.tsx';
import { Pick } from '../../ui/pick.tsx';
import { fromLocalInput, toLocalInput } from '../../lib/local-input.ts';
import type { Secret } from './tab-props.ts';
import { LimitFields } from './limit-fields.tsx';
import type { Limit } from './limit-text.ts';
import { useTeamNames, useUserNames } from './use-owners.ts';

interface KeyFormProps {
  readonly masterKey: MasterKey | undefined;
  readonly version: number | undefined;
  readonly onClose: () => void;
  readonly onSecret: (secret: Secret) => void;
}

interface Form {
  readonly id: string;
  readonly team: string;
  readonly user: string;
  readonly models: readonly string[];
  readonly expires: string;
  readonly rate: string;
  readonly burst: string;
  readonly limits: readonly Limit[];
}

function formOf(key: MasterKey | undefined): Form {
  return {
    id: key?.id ?? '',
    team: key?.team ?? '',
    user: key?.user ?? '',
    models: key?.allowed_models ?? [],
    expires: toLocalInput(key?.expires_at),
    rate: String(key?.rate_limit?.requests_per_second ?? ''),
    burst: String(key?.rate_limit?.burst_size ?? ''),
    limits: key?.limits ?? [],
  };
}

/** Makes a key, or changes what it may do. */
export function KeyForm({ masterKey, version, onClose, onSecret }: KeyFormProps): ReactNode {
  const { t } = useTranslation();
  const { edit } = useMay();
  const [form, setForm] = useState(() => formOf(masterKey));
  const [draft, setDraft] = useState<Draft>();
  const set = (part: Partial<Form>): void => setForm({ ...form, ...part });
  const saved = (answer: unknown): void => {
    onClose();
    const { id, key } = answer as { id: string; key?: string };
    if (key !== undefined) onSecret({ id, key });
  };
  const review = (): void =>
    setDraft({
      kind: 'master_keys',
      path: '/master-keys',
      id: form.id,
      isNew: masterKey === undefined,
      version,
      fields: fieldsOf(form, masterKey),
    });
  return (
    <EditForm
      title={masterKey ? masterKey.id : t('New key')}
      submit={masterKey || !edit ? t('Review the change') : t('Review and create')}
      canSubmit={form.id !== ''}
      entered={form}
      onSubmit={review}
      onClose={onClose}
    >
      <Fields form={form} set={set} isNew={masterKey === undefined} />
      {draft && <SaveDialog draft={draft} onClose={() => setDraft(undefined)} onSaved={saved} />}
    </EditForm>
  );
}

interface FieldsProps {
  readonly form: Form;
  readonly set: (part: Partial<Form>) => void;
  readonly isNew: boolean;
}

function Fields({ form, set, isNew }: FieldsProps): ReactNode {
  const { t } = useTranslation();
  const models = useQuery(listModels());
  const teams = useTeamNames();
  const users = useUserNames();
  return (
    <div className="stack wide">
      {isNew && (
        <Field label={t('Name')} note={t('A label for people. The gateway generates the secret.')}>
          <Input mono value={form.id} onValue={(id) => set({ id })} placeholder="search-prod" />
        </Field>
      )}
      {teams && (
        <div className="fields">
          <Field label={t('Team')}>
            <Pick
              label={t('Team')}
              none={t('none')}
              value={form.team}
              values={teams}
              onChange={(team) => set({ team })}
            />
          </Field>
          <Field label={t('User')}>
            <Pick
              label={t('User')}
              none={t('none')}
              value={form.user}
              values={users ?? []}
              onChange={(user) => set({ user })}
            />
          </Field>
        </div>
      )}
      <NameList
        label={t('Models')}
        none={t('all models')}
        chosen={form.models}
        values={models.data?.models.map(({ id }) => id) ?? []}
        onChange={(chosen) => set({ models: chosen })}
      />
      <LimitFields limits={form.limits} onChange={(limits) => set({ limits })} />
      <div className="fields">
        <Field label={t('Requests per second')} note={t('Checked before the body is read.')}>
          <Input
            type="number"
            min={0}
            step="any"
            placeholder={t('no limit')}
            value={form.rate}
            onValue={(rate) => set({ rate })}
          />
        </Field>
        <Field label={t('Burst')} note={t('How many may arrive at once. Empty: those of one second.')}>
          <Input type="number" min={0} value={form.burst} onValue={(burst) => set({ burst })} />
        </Field>
        <Field label={t('Expires')} note={t('In your time zone. Empty: never.')}>
          <Input type="datetime-local" value={form.expires} onValue={(expires) => set({ expires })} />
        </Field>
      </div>
    </div>
  );
}

function fieldsOf(form: Form, key: MasterKey | undefined): Record<string, unknown> {
  const optional = (value: string, before: unknown): unknown =>
    value === '' ? (before ? null : undefined) : value;
  const rateLimit =
    form.rate === ''
      ? null
      : {
          requests_per_second: Number(form.rate),
          ...(form.burst !== '' && { burst_size: Number(form.burst) }),
        };
  return {
    ...(key === undefined && { id: form.id }),
    ...((form.models.length > 0 || (key?.allowed_models ?? []).length > 0) && {
      allowed_models: form.models,
    }),
    ...((key?.rate_limit || rateLimit !== null) && { rate_limit: rateLimit }),
    team: optional(form.team, key?.team),
    user: optional(form.user, key?.user),
    expires_at: optional(fromLocalInput(form.expires), key?.expires_at),
    ...((form.limits.length > 0 || (key?.limits ?? []).length > 0) && { limits: form.limits }),
  };
}
