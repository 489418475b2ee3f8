import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import type { Message } from './toast-message.ts';

const manager = Toast.createToastManager();

/** The corner with its messages; loaded with the first of them. */
export function ToastCorner({ messages }: { messages: readonly Message[] }): ReactNode {
  const shown = useRef(0);
  useEffect(() => {
    for (const { title, description, isBad } of messages.slice(shown.current)) {
      manager.add({
        title,
        description,
        type: isBad ? 'bad' : 'good',
        timeout: isBad ? 0 : 5000,
        priority: isBad ? 'high' : 'low',
      });
    }
    shown.current = messages.length;
  }, [messages]);
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
