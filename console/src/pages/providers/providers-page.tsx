import { useQuery } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listProviders } from '../../api/queries.ts';
import type { Provider } from '../../api/resources.ts';
import { useMay, useSession } from '../../session/session.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Page } from '../../ui/page.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import { Empty, Failed, SkeletonLines } from '../../ui/states.tsx';
import { DemoPanel } from '../overview/demo-panel.tsx';
import { useProviderStates } from '../overview/use-provider-states.ts';
import { providerColumns, type ProviderRow } from './columns.tsx';
import { ProviderDrawer } from './provider-drawer.tsx';
import { ProviderForm } from './provider-form.tsx';

/** The upstream accounts, and how each does. */
export function ProvidersPage(): ReactNode {
  const { t } = useTranslation();
  const { act } = useMay();
  const { gateway } = useSession();
  const [params, setParams] = useParams();
  const [search, setSearch] = useState('');
  const providers = useQuery(listProviders());
  const { states } = useProviderStates();
  const columns = useMemo(() => providerColumns(t), [t]);
  const rows = useMemo(
    () =>
      rowsOf(providers.data?.providers ?? [], states ?? []).filter(({ provider }) =>
        matches(provider, search),
      ),
    [providers.data, states, search],
  );
  const opened = rows.find(({ provider }) => provider.id === params['id']);
  const edited = providers.data?.providers.find(({ id }) => id === params['edit']);
  const add = (
    <Button look="primary" icon={Plus} onClick={() => setParams({ new: '1' })}>
      {t('New provider')}
    </Button>
  );
  const empty = (
    <Empty icon={Plug} title={search === '' ? t('No provider yet') : t('No matches.')}>
      {search === '' && act && add}
    </Empty>
  );
  return (
    <Page title={t('Providers')} actions={act && add}>
      {gateway.mode === 'demo' && <DemoPanel />}
      <div className="filters">
        <SearchBox label={t('Provider, address')} value={search} onValue={setSearch} />
        {providers.data && (
          <span className="muted small num">{t('{{count}} providers', { count: rows.length })}</span>
        )}
      </div>
      {providers.error && !providers.data ? (
        <Failed error={providers.error} onRetry={() => void providers.refetch()} />
      ) : !providers.data ? (
        <SkeletonLines />
      ) : (
        <DataTable
          label={t('Providers')}
          rows={rows}
          columns={columns}
          keyOf={({ provider }) => provider.id}
          onOpen={({ provider }) => setParams({ id: provider.id })}
          empty={empty}
        />
      )}
      {opened && !edited && (
        <ProviderDrawer
          row={opened}
          onClose={() => setParams({ id: '' })}
          onEdit={() => setParams({ edit: opened.provider.id })}
        />
      )}
      {(edited || params['new'] !== undefined) && providers.data && (
        <ProviderForm
          provider={edited}
          version={providers.data.version}
          onClose={() => setParams({ new: '', edit: '' })}
        />
      )}
    </Page>
  );
}

function rowsOf(
  providers: readonly Provider[],
  states: NonNullable<ReturnType<typeof useProviderStates>['states']>,
): ProviderRow[] {
  return providers.map((provider) => ({ provider, status: states.find(({ name }) => name === provider.id) }));
}

function matches({ id, api_base: base, provider_type: type }: Provider, search: string): boolean {
  return `${id} ${base ?? ''} ${type}`.toLowerCase().includes(search.toLowerCase());
}
