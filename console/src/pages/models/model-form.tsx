import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { listModels, listProviders } from '../../api/queries.ts';
import type { Model, ModelRoute } from '../../api/resources.ts';
import { type Draft, SaveDialog } from '../save-dialog.tsx';
import { Button } from '../../ui/button.tsx';
import { Field, Input } from '../../ui/field.tsx';
import { EditForm } from '../edit-form.tsx';
import { Notice } from '../../ui/states.tsx';
import { Switch } from '../../ui/toggle.tsx';
import { FallbackList } from './fallback-list.tsx';
import { RouteTiers } from './route-tiers.tsx';

interface ModelFormProps {
  /** Undefined: a new one. */
  readonly model: Model | undefined;
  readonly version: number;
  readonly onClose: () => void;
}

/** Edits a model; the change is shown before it is saved. */
export function ModelForm({ model, version, onClose }: ModelFormProps): ReactNode {
  const { t } = useTranslation();
  const [id, setId] = useState(model?.id ?? '');
  const [isEnabled, setEnabled] = useState(model?.is_enabled ?? true);
  const [routes, setRoutes] = useState<readonly ModelRoute[]>(model?.routes ?? [{ provider: '' }]);
  const [fallbacks, setFallbacks] = useState<readonly string[]>(model?.fallbacks ?? []);
  const [draft, setDraft] = useState<Draft>();
  const models = useQuery(listModels());
  const review = (): void =>
    setDraft({
      kind: 'models',
      path: '/models',
      id,
      isNew: model === undefined,
      version,
      fields: {
        ...(model === undefined && { id }),
        // A field that stays at its default is no change.
        ...(isEnabled !== (model?.is_enabled ?? true) && { is_enabled: isEnabled }),
        routes,
        ...((fallbacks.length > 0 || (model?.fallbacks ?? []).length > 0) && { fallbacks }),
      },
    });
  return (
    <EditForm
      title={model ? model.id : t('New model')}
      submit={t('Review the change')}
      canSubmit={id !== '' && routes.length > 0}
      entered={[id, isEnabled, routes, fallbacks]}
      onSubmit={review}
      onClose={onClose}
    >
      <div className="stack wide">
        {model === undefined && (
          <Field label={t('Name')} note={t('The name that clients request.')}>
            <Input value={id} onValue={setId} mono placeholder="fast" />
          </Field>
        )}
        <Switch label={t('Enabled')} isOn={isEnabled} onChange={setEnabled} />
        <RouteSection routes={routes} modelName={id} onChange={setRoutes} />
        <FallbackList
          fallbacks={fallbacks}
          models={models.data?.models.map((one) => one.id).filter((name) => name !== id) ?? []}
          onChange={setFallbacks}
        />
      </div>
      {draft && <SaveDialog draft={draft} onClose={() => setDraft(undefined)} onSaved={onClose} />}
    </EditForm>
  );
}

/** Leads to what has to come first. */
function NoProvider(): ReactNode {
  const { t } = useTranslation();
  return (
    <Notice look="note">
      <span className="grow">{t('No provider yet')}</span>
      <Link href="/providers?new=1">{t('Add a provider')}</Link>
    </Notice>
  );
}

interface RouteSectionProps {
  readonly routes: readonly ModelRoute[];
  readonly modelName: string;
  readonly onChange: (routes: readonly ModelRoute[]) => void;
}

function RouteSection({ routes, modelName, onChange }: RouteSectionProps): ReactNode {
  const { t } = useTranslation();
  const providers = useQuery(listProviders());
  const last = Math.max(1, ...routes.map(({ priority }) => priority ?? 1));
  const add = (priority: number): void => onChange([...routes, { provider: '', priority }]);
  return (
    <section className="stack tight">
      <h3>{t('Routes')}</h3>
      <p className="muted small">
        {t(
          'Lower priorities are tried first; routes of one priority share requests by weight. Drag a route to another priority, or type its number.',
        )}
      </p>
      {providers.data?.providers.length === 0 && <NoProvider />}
      <RouteTiers
        routes={routes}
        providers={providers.data?.providers.map((one) => one.id) ?? []}
        modelName={modelName}
        onChange={onChange}
      />
      <div className="row">
        <Button icon={Plus} onClick={() => add(last)}>
          {t('Add a route')}
        </Button>
        <Button look="quiet" icon={Plus} onClick={() => add(last + 1)}>
          {t('With the next priority')}
        </Button>
      </div>
    </section>
  );
}
