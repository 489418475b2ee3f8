import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button.tsx';
import { Dialog, Drawer } from './dialog.tsx';

export interface FormDrawerProps {
  readonly title: string;
  readonly actions?: ReactNode;
  /** On the button that submits. */
  readonly submit: string;
  readonly canSubmit: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  /** The values of the fields. Once they have changed, Esc and the cross ask before they discard them. */
  readonly entered: unknown;
  readonly children: ReactNode;
}

/** A form at the right edge. Enter submits it. */
export function FormDrawer(props: FormDrawerProps): ReactNode {
  const { title, actions, submit, canSubmit, onSubmit, onClose, entered, children } = props;
  const { t } = useTranslation();
  const now = JSON.stringify(entered);
  const before = useRef(now);
  const [isAsking, setAsking] = useState(false);
  const foot = (
    <>
      <Button onClick={onClose}>{t('Cancel')}</Button>
      <Button look="primary" type="submit" disabled={!canSubmit}>
        {submit}
      </Button>
    </>
  );
  return (
    <Drawer
      open
      onClose={() => (now === before.current ? onClose() : setAsking(true))}
      onSubmit={onSubmit}
      title={title}
      actions={actions}
      foot={foot}
    >
      {children}
      <Dialog
        open={isAsking}
        onClose={() => setAsking(false)}
        title={t('Discard what you entered?')}
        foot={
          <>
            <Button onClick={() => setAsking(false)}>{t('Keep editing')}</Button>
            <Button look="danger-solid" onClick={onClose}>
              {t('Discard')}
            </Button>
          </>
        }
      >
        <p>{t('It is not saved.')}</p>
      </Dialog>
    </Drawer>
  );
}
