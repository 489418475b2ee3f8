import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';

export function KeysPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <Page title={t('Keys')}>
      <Empty title={t('This page is being built')} />
    </Page>
  );
}
