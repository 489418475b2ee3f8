import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../session/session.ts';
import { FormDrawer, type FormDrawerProps } from '../ui/form-drawer.tsx';
import { Notice } from '../ui/states.tsx';

/** The form of a part of the configuration. It tells somebody who may only view that they cannot save it. */
export function EditForm({ children, canSubmit, ...props }: FormDrawerProps): ReactNode {
  const { t } = useTranslation();
  const { act } = useMay();
  return (
    <FormDrawer {...props} canSubmit={canSubmit && act}>
      {!act && (
        <Notice look="note">
          <span>{t('Your role can view this but not change it. An operator can save it.')}</span>
        </Notice>
      )}
      {children}
    </FormDrawer>
  );
}
