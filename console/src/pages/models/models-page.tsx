import { useQuery } from '@tanstack/react-query';
import { Boxes, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listModels } from '../../api/queries.ts';
import type { Model } from '../../api/resources.ts';
import { useMay } from '../../session/session.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { Page } from '../../ui/page.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { ModelForm } from './model-form.tsx';
import { ModelRow } from './model-row.tsx';
import { useRoutes } from './use-routes.ts';

/** Every model with its routes, as they are now. */
export function ModelsPage(): ReactNode {
  const { t } = useTranslation();
  const { act } = useMay();
  const [params, setParams] = useParams();
  const [search, setSearch] = useState('');
  const models = useQuery(listModels());
  const { routes } = useRoutes();
  const all = models.data?.models ?? [];
  const shown = all.filter((model) => matches(model, search));
  const edited = params['edit'] === undefined ? undefined : all.find(({ id }) => id === params['edit']);
  const isForm = params['new'] !== undefined || edited !== undefined;
  const add = (
    <Button look="primary" icon={Plus} onClick={() => setParams({ new: '1' })}>
      {t('New model')}
    </Button>
  );
  return (
    <Page title={t('Models')} actions={act && add}>
      {models.error && !models.data ? (
        <Failed error={models.error} onRetry={() => void models.refetch()} />
      ) : !models.data ? (
        <SkeletonLines />
      ) : all.length === 0 ? (
        <Empty
          icon={Boxes}
          title={t('No model yet')}
          text={t('A model is a name that clients ask for, and the routes that serve it.')}
        >
          {act && add}
        </Empty>
      ) : (
        <>
          <div className="filters">
            <SearchBox label={t('Model, provider')} value={search} onValue={setSearch} />
            <span className="muted small num">{t('{{count}} models', { count: shown.length })}</span>
          </div>
          {shown.length === 0 && <Empty icon={Boxes} title={t('No matches.')} />}
          <div className="model-list" hidden={shown.length === 0}>
            {shown.map((model) => (
              <ModelRow
                key={model.id}
                model={model}
                routes={routes ?? []}
                isSelected={params['id'] === model.id}
                onEdit={() => setParams({ edit: model.id })}
              />
            ))}
          </div>
        </>
      )}
      {isForm && models.data && (
        <ModelForm
          key={edited?.id ?? ''}
          model={edited}
          version={models.data.version}
          onClose={() => setParams({ edit: '', new: '' })}
        />
      )}
    </Page>
  );
}

/** Whether the name of a model, or anything about its routes, contains the text. */
function matches({ id, routes }: Model, search: string): boolean {
  return `${id} ${JSON.stringify(routes)}`.toLowerCase().includes(search.toLowerCase());
}
