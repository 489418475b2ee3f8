import { LogOut } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useSession } from '../../session/session.ts';
import { useSignOut } from '../../session/sign-out.ts';
import { chooseTheme, type Theme, theme } from '../../lib/theme.ts';
import { type Language, language, LANGUAGES } from '../../lib/language.ts';
import { changeLanguage } from '../../i18n/set-up.ts';
import { useParams } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Page } from '../../ui/page.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Segments } from '../../ui/toggle.tsx';
import { Fact, Facts, When } from '../../ui/values.tsx';
import { AccountList } from './account-list.tsx';
import { GatewayList } from './gateway-list.tsx';
import { SessionList } from './session-list.tsx';

/** How the console looks here, and for an admin who may enter it. */
export function SettingsPage(): ReactNode {
  const { t } = useTranslation();
  const { administer } = useMay();
  const { session } = useSession();
  const [params, setParams] = useParams();
  const tabs = [
    { id: 'you', label: t('You'), content: <You /> },
    ...(session.role === 'key' ? [] : [{ id: 'gateways', label: t('Gateways'), content: <GatewayList /> }]),
    ...(administer
      ? [
          { id: 'accounts', label: t('Accounts'), content: <AccountList /> },
          { id: 'sessions', label: t('Sessions'), content: <SessionList /> },
        ]
      : []),
  ];
  const tab = tabs.find(({ id }) => id === params['tab'])?.id ?? 'you';
  return (
    <Page title={t('Settings')}>
      <Tabs tabs={tabs} value={tab} onChange={(id) => setParams({ tab: id })} />
    </Page>
  );
}

function You(): ReactNode {
  const { t } = useTranslation();
  const { session, gateway } = useSession();
  const signOut = useSignOut();
  const [chosen, setChosen] = useState<Theme>(theme());
  const [spoken, setSpoken] = useState<Language>(language());
  const themes: Readonly<Record<Theme, string>> = { system: t('System'), light: t('Light'), dark: t('Dark') };
  return (
    <div className="stack settings">
      <Card title={t('Appearance')}>
        <div className="stack">
          <div className="row">
            <span className="setting-name">{t('Theme')}</span>
            <Segments
              label={t('Theme')}
              value={chosen}
              options={Object.entries(themes).map(([value, label]) => ({ value: value as Theme, label }))}
              onChange={(value) => {
                setChosen(value);
                chooseTheme(value);
              }}
            />
          </div>
          <div className="row">
            <span className="setting-name">{t('Language')}</span>
            <Segments
              label={t('Language')}
              value={spoken}
              options={Object.entries(LANGUAGES).map(([value, label]) => ({
                value: value as Language,
                label,
              }))}
              onChange={(value) => {
                setSpoken(value);
                void changeLanguage(value);
              }}
            />
          </div>
        </div>
      </Card>
      <Card title={t('This session')}>
        <div className="stack">
          <Facts>
            <Fact label={t('Name')}>{session.name}</Fact>
            <Fact label={t('Role')}>{t(`role ${session.role}`)}</Fact>
            <Fact label={t('Ends')}>
              {session.expires_at === null ? t('never') : <When time={session.expires_at} relative />}
            </Fact>
            <Fact label={t('Gateway')}>{gateway.version}</Fact>
          </Facts>
          <div className="stack tight">
            <span className="small muted">{t('Address for clients')}</span>
            <CodeBlock label={t('Address for clients')} text={gateway.address} />
          </div>
          {session.kind !== 'demo' && (
            <div className="row">
              <Button icon={LogOut} onClick={() => void signOut()}>
                {t('Sign out')}
              </Button>
            </div>
          )}
        </div>
      </Card>
    </div>
  );
}
