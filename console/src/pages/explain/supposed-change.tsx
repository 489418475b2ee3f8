import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listModels, listProviders } from '../../api/queries.ts';
import type { SupposedChange } from '../../api/resources.ts';
import { Field, TextArea } from '../../ui/field.tsx';
import { Pick } from '../../ui/pick.tsx';
import { Segments, Switch } from '../../ui/toggle.tsx';

type Kind = 'none' | SupposedChange['kind'];

/** The fields of a resource that decide where a request goes. */
const FIELDS: Readonly<Record<SupposedChange['kind'], readonly string[]>> = {
  models: ['is_enabled', 'routes', 'fallbacks', 'strategy'],
  providers: ['is_enabled', 'weight'],
};

interface SupposedChangeFormProps {
  /** Called with undefined where no change is supposed, or none that can be read. */
  readonly onChange: (change: SupposedChange | undefined) => void;
}

/** A change of a model or a provider that is tried out and not saved. */
export function SupposedChangeForm({ onChange }: SupposedChangeFormProps): ReactNode {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>('none');
  const [id, setId] = useState('');
  const [text, setText] = useState('');
  const [isDeleted, setDeleted] = useState(false);
  const resources = useResources(kind);
  const tell = (name: string, fields: string, isGone: boolean): void => {
    const read = isGone ? null : objectOf(fields);
    onChange(
      kind === 'none' || name === '' || read === undefined ? undefined : { kind, id: name, fields: read },
    );
  };
  const choose = (next: Kind): void => {
    setKind(next);
    setId('');
    onChange(undefined);
  };
  const pick = (name: string): void => {
    const resource = resources.find((one) => one.id === name);
    const fields = kind === 'none' || !resource ? '' : editable(resource, FIELDS[kind]);
    setId(name);
    setText(fields);
    setDeleted(false);
    tell(name, fields, false);
  };
  return (
    <div className="stack">
      <Field label={t('This change is saved')}>
        <Segments
          label={t('This change is saved')}
          value={kind}
          options={[
            { value: 'none', label: t('None') },
            { value: 'models', label: t('To a model') },
            { value: 'providers', label: t('To a provider') },
          ]}
          onChange={choose}
        />
      </Field>
      {kind !== 'none' && (
        <Field label={t('What changes')}>
          <Pick
            label={t('What changes')}
            value={id}
            values={resources.map((one) => one.id)}
            onChange={pick}
          />
        </Field>
      )}
      {kind !== 'none' && id !== '' && (
        <ChangedFields
          text={text}
          isDeleted={isDeleted}
          onText={(value) => {
            setText(value);
            tell(id, value, false);
          }}
          onDeleted={(isOn) => {
            setDeleted(isOn);
            tell(id, text, isOn);
          }}
        />
      )}
    </div>
  );
}

interface ChangedFieldsProps {
  readonly text: string;
  readonly isDeleted: boolean;
  readonly onText: (text: string) => void;
  readonly onDeleted: (isDeleted: boolean) => void;
}

function ChangedFields({ text, isDeleted, onText, onDeleted }: ChangedFieldsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Switch label={t('It is deleted')} isOn={isDeleted} onChange={onDeleted} />
      {!isDeleted && (
        <Field
          label={t('Its fields')}
          note={t('Nothing is saved. Fields that are left out stay as they are.')}
          problem={objectOf(text) === undefined ? t('This is not JSON.') : undefined}
        >
          <TextArea mono rows={9} value={text} onValue={onText} />
        </Field>
      )}
    </>
  );
}

type Resource = Readonly<Record<string, unknown>> & { readonly id: string };

function useResources(kind: Kind): readonly Resource[] {
  const models = useQuery({ ...listModels(), enabled: kind === 'models' });
  const providers = useQuery({ ...listProviders(), enabled: kind === 'providers' });
  return (
    (kind === 'models' ? models.data?.models : kind === 'providers' ? providers.data?.providers : []) ?? []
  );
}

function editable(resource: Resource, names: readonly string[]): string {
  const known = names.filter((name) => resource[name] !== undefined && resource[name] !== null);
  return JSON.stringify(Object.fromEntries(known.map((name) => [name, resource[name]])), undefined, 2);
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
