import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';

export function SettingsPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <Page title={t('Settings')}>
      <Empty title={t('This page is being built')} />
    </Page>
  );
}
