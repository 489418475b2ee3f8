import { ExternalLink } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Provider } from '../../api/resources.ts';
import { useMay, useSession } from '../../session/session.ts';
import { type Draft, SaveDialog } from '../save-dialog.tsx';
import { Field, Input } from '../../ui/field.tsx';
import { EditForm } from '../edit-form.tsx';
import { Select } from '../../ui/select.tsx';
import { Notice } from '../../ui/states.tsx';
import { Switch } from '../../ui/toggle.tsx';
import { DraftTest } from './draft-test.tsx';
import { PRESETS, PROVIDER_TYPES, type Preset } from './presets.ts';
import { PriceFields, type Prices } from './price-fields.tsx';
import { TimeoutFields } from './timeout-fields.tsx';

interface ProviderFormProps {
  readonly provider: Provider | undefined;
  readonly version: number;
  readonly onClose: () => void;
}

interface Form {
  readonly id: string;
  readonly type: string;
  readonly base: string;
  readonly key: string;
  readonly weight: string;
  readonly isEnabled: boolean;
  readonly timeouts: Readonly<Record<string, number>>;
  readonly prices: Prices;
}

function formOf(provider: Provider | undefined): Form {
  return {
    id: provider?.id ?? '',
    type: provider?.provider_type ?? 'openai',
    base: provider?.api_base ?? '',
    key: '',
    weight: String(provider?.weight ?? 1),
    isEnabled: provider?.is_enabled ?? true,
    timeouts: (provider?.['timeouts'] as Readonly<Record<string, number>> | undefined) ?? {},
    prices: {
      isFree: provider?.['free'] === true,
      list: typeof provider?.['price_provider'] === 'string' ? provider['price_provider'] : '',
    },
  };
}

/** Edits a provider. Its credential can be replaced but never read. */
export function ProviderForm({ provider, version, onClose }: ProviderFormProps): ReactNode {
  const { t } = useTranslation();
  const { act } = useMay();
  const [form, setForm] = useState(() => formOf(provider));
  const [preset, setPreset] = useState<Preset>();
  const [draft, setDraft] = useState<Draft>();
  const set = (part: Partial<Form>): void => setForm({ ...form, ...part });
  const choose = (chosen: Preset): void => {
    setPreset(chosen);
    set({ id: chosen.id, type: chosen.type, base: chosen.base });
  };
  const review = (): void =>
    setDraft({
      kind: 'providers',
      path: '/providers',
      id: form.id,
      isNew: provider === undefined,
      version,
      fields: fieldsOf(form, provider),
    });
  return (
    <EditForm
      title={provider?.id ?? t('New provider')}
      submit={t('Review the change')}
      canSubmit={form.id !== ''}
      entered={form}
      onSubmit={review}
      onClose={onClose}
    >
      <div className="stack">
        {provider === undefined && <Presets chosen={preset} onChoose={choose} />}
        <Fields form={form} set={set} provider={provider} preset={preset} />
        <TimeoutFields timeouts={form.timeouts} onChange={(timeouts) => set({ timeouts })} />
        <PriceFields prices={form.prices} onChange={(prices) => set({ prices })} />
        {act && <DraftTest key={form.id + form.base} id={form.id} fields={testedFields(form)} />}
      </div>
      {draft && <SaveDialog draft={draft} onClose={() => setDraft(undefined)} onSaved={onClose} />}
    </EditForm>
  );
}

/** A field that stays as it was is not written, so that the review shows only what changes. */
function fieldsOf(form: Form, provider: Provider | undefined): Record<string, unknown> {
  const before = formOf(provider);
  return {
    ...(provider === undefined && { id: form.id }),
    ...((provider === undefined || form.type !== before.type) && { provider_type: form.type }),
    api_base: form.base === '' ? null : form.base,
    ...(form.key !== '' && { api_key: form.key }),
    ...(form.weight !== before.weight && { weight: Number(form.weight === '' ? 1 : form.weight) }),
    ...(form.isEnabled !== before.isEnabled && { is_enabled: form.isEnabled }),
    timeouts: Object.keys(form.timeouts).length === 0 ? null : form.timeouts,
    ...priceFields(form, provider),
  };
}

/** A field that was empty and stays so is not written. */
function priceFields(
  { prices: { isFree, list } }: Form,
  provider: Provider | undefined,
): Record<string, unknown> {
  const before = formOf(provider).prices;
  return {
    ...(isFree !== before.isFree && { free: isFree }),
    ...(list !== before.list && { price_provider: list === '' ? null : list }),
  };
}

/** The fields that decide whether a provider answers. Its id is beside them. */
function testedFields(form: Form): Record<string, unknown> {
  const { id: _, ...fields } = fieldsOf(form, undefined);
  return fields;
}

function Presets({
  chosen,
  onChoose,
}: {
  chosen: Preset | undefined;
  onChoose: (preset: Preset) => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <section className="stack tight">
      <h3>{t('Known providers')}</h3>
      <div className="presets">
        {PRESETS.map((preset) => (
          <button
            key={preset.id}
            type="button"
            className="button"
            aria-pressed={preset === chosen}
            onClick={() => onChoose(preset)}
          >
            {preset.title}
          </button>
        ))}
      </div>
    </section>
  );
}

interface FieldsProps {
  readonly form: Form;
  readonly set: (part: Partial<Form>) => void;
  readonly provider: Provider | undefined;
  readonly preset: Preset | undefined;
}

function Fields({ form, set, provider, preset }: FieldsProps): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const keyNote = gateway.mode === 'file' ? undefined : t('Stored encrypted. It cannot be read back.');
  const isMoved =
    provider !== undefined && form.base !== (provider.api_base ?? '') && provider.credential_kind !== null;
  return (
    <>
      {provider === undefined && (
        <Field
          label={t('Name')}
          note={t('Its name in routes, metrics and logs. It cannot be changed later.')}
        >
          <Input mono value={form.id} onValue={(id) => set({ id })} placeholder="openai" />
        </Field>
      )}
      <div className="fields">
        <Field label={t('API')}>
          <Select
            label={t('API')}
            value={form.type}
            options={[...new Set([...PROVIDER_TYPES, form.type])].map((value) => ({ value, label: value }))}
            onChange={(type) => set({ type })}
          />
        </Field>
        <Field label={t('Weight')} note={t('Its share among providers of one priority.')}>
          <Input type="number" min={0} step="any" value={form.weight} onValue={(weight) => set({ weight })} />
        </Field>
      </div>
      <Field
        label={t('Address')}
        note={
          preset?.isTemplate
            ? t('Replace the part in capitals with your own value.')
            : t('Up to and including /v1.')
        }
      >
        <Input
          mono
          value={form.base}
          onValue={(base) => set({ base })}
          placeholder="https://api.openai.com/v1"
        />
      </Field>
      <Field
        label={t('API key')}
        hint={
          preset?.keysAt && (
            <a href={preset.keysAt} target="_blank" rel="noopener noreferrer">
              {t('Get one')} <ExternalLink className="inline-icon" aria-hidden />
            </a>
          )
        }
        note={
          provider?.api_key_preview
            ? t('Currently {{preview}}. Leave empty to keep it.', { preview: provider.api_key_preview })
            : keyNote
        }
      >
        <Input
          type="password"
          autoComplete="new-password"
          mono
          value={form.key}
          onValue={(key) => set({ key })}
        />
      </Field>
      {isMoved && form.key === '' && (
        <Notice look="warning">
          <span>
            {t(
              'A new address requires the credential again, so that nobody can redirect it to another host.',
            )}
          </span>
        </Notice>
      )}
      <Switch label={t('Enabled')} isOn={form.isEnabled} onChange={(isEnabled) => set({ isEnabled })} />
    </>
  );
}
