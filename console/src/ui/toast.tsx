import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';

const manager = Toast.createToastManager();

/** Says in a corner that something is done. */
export function say(title: string, description?: string): void {
  manager.add({ title, description, type: 'good', timeout: 5000 });
}

/** Says in a corner that something failed; it stays until it is closed. */
export function sayFailed(title: string, description?: string): void {
  manager.add({ title, description, type: 'bad', timeout: 0, priority: 'high' });
}

/** The corner. */
export function Toasts(): ReactNode {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List(): ReactNode {
  const { t } = useTranslation();
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast">
      {toast.type === 'bad' ? (
        <CircleAlert className="is-bad" aria-hidden />
      ) : (
        <CircleCheck className="is-good" aria-hidden />
      )}
      <Toast.Content className="toast-content">
        <Toast.Title className="strong" render={<p />} />
        <Toast.Description className="muted" />
      </Toast.Content>
      <Toast.Close render={<IconButton label={t('Close')} icon={X} small />} />
    </Toast.Root>
  ));
}
