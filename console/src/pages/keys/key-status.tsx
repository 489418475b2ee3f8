import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MasterKey } from '../../api/resources.ts';

export function statusOf(key: MasterKey): NonNullable<MasterKey['status']> {
  if (key.status) return key.status;
  if (!key.is_enabled) return 'disabled';
  if (key.expires_at && Date.parse(key.expires_at) < Date.now()) return 'expired';
  return key.previous_key_preview === null ? 'active' : 'rotating';
}

const LOOKS = { active: 'is-good', disabled: 'is-idle', expired: 'is-bad', rotating: 'is-note' } as const;

/** Whether a key works. */
export function KeyStatus({ masterKey }: { masterKey: MasterKey }): ReactNode {
  const { t } = useTranslation();
  const status = statusOf(masterKey);
  const texts = {
    active: t('Active'),
    disabled: t('Disabled'),
    expired: t('Expired'),
    rotating: t('Rotating'),
  };
  return <span className={`badge ${LOOKS[status]}`}>{texts[status]}</span>;
}
