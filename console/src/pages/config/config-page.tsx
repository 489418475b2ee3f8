import { Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useSession } from '../../session/session.ts';
import { useParams } from '../../lib/url-state.ts';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Button } from '../../ui/button.tsx';
import { EditTab } from './edit-tab.tsx';
import { HistoryTab } from './history-tab.tsx';
import { ImportTab } from './import-tab.tsx';
import { useExport } from './use-export.ts';

/** The whole configuration: as a text, its revisions, and where it can come from. */
export function ConfigPage(): ReactNode {
  const { t } = useTranslation();
  const { gateway } = useSession();
  const { administer } = useMay();
  const [params, setParams] = useParams();
  const hasHistory = gateway.mode !== 'file';
  const tabs = [
    { id: 'edit', label: 'YAML', content: <EditTab /> },
    ...(hasHistory
      ? [
          {
            id: 'history',
            label: t('Revisions'),
            content: <HistoryTab params={params} setParams={setParams} />,
          },
        ]
      : []),
    ...(hasHistory && administer ? [{ id: 'import', label: t('Import'), content: <ImportTab /> }] : []),
  ];
  const asked = params['version'] === undefined ? params['tab'] : 'history';
  const tab = tabs.find(({ id }) => id === asked)?.id ?? 'edit';
  return (
    <Page title={t('Configuration')} actions={<Export />}>
      <Tabs value={tab} onChange={(id) => setParams({ tab: id, version: '', compare: '' })} tabs={tabs} />
    </Page>
  );
}

function Export(): ReactNode {
  const { t } = useTranslation();
  const { data } = useExport();
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([data?.yaml ?? ''], { type: 'application/yaml' }));
    const link = Object.assign(document.createElement('a'), { href: url, download: 'llm-proxy.yaml' });
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Button icon={Download} disabled={!data} onClick={save}>
      {t('Export')}
    </Button>
  );
}
