import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../session/session.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { KeyTable } from './key-table.tsx';
import { TeamTable } from './team-table.tsx';
import { UserTable } from './user-table.tsx';

/** The page of the keys, teams and users of the gateway, and their limits. */
export function KeysPage(): ReactNode {
  const { t } = useTranslation();
  const { act } = useMay();
  const [params, setParams] = useParams();
  const tab = params['tab'] ?? 'keys';
  const texts = { keys: t('New key'), teams: t('New team'), users: t('New user') };
  const add = act && (
    <Button look="primary" icon={Plus} onClick={() => setParams({ new: '1', id: '', edit: '' })}>
      {texts[tab as keyof typeof texts] ?? texts.keys}
    </Button>
  );
  return (
    <Page title={t('Keys & teams')} actions={add}>
      <Tabs
        value={tab}
        onChange={(id) => setParams({ tab: id === 'keys' ? '' : id, id: '', new: '', edit: '' })}
        tabs={[
          { id: 'keys', label: t('Keys'), content: <KeyTable {...{ params, setParams, add }} /> },
          { id: 'teams', label: t('Teams'), content: <TeamTable {...{ params, setParams, add }} /> },
          { id: 'users', label: t('Users'), content: <UserTable {...{ params, setParams, add }} /> },
        ]}
      />
    </Page>
  );
}
