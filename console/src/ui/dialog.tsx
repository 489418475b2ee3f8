import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, classes, IconButton } from './button.tsx';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly wide?: boolean;
  /** Only its own buttons close it, since it shows its content once. */
  readonly isFirm?: boolean;
  readonly foot?: ReactNode;
  /** Makes it a form, which Enter submits. */
  readonly onSubmit?: () => void;
  readonly children?: ReactNode;
}

/** A window in the middle of the page, above everything else. */
export function Dialog(props: DialogProps): ReactNode {
  const { open, onClose, title, description, wide, isFirm = false, foot, onSubmit, children } = props;
  const { t } = useTranslation();
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(isOpen) => !isOpen && !isFirm && onClose()}>
      <Base.Portal>
        {/* Over a drawer, too, whose buttons would look as if they worked. */}
        <Base.Backdrop className="backdrop is-above" forceRender />
        <Base.Popup
          ref={popup}
          initialFocus={() => firstField(popup.current)}
          className={classes('dialog', wide && 'is-wide')}
        >
          <Content onSubmit={onSubmit}>
            <div className="dialog-head">
              <div>
                <Base.Title>{title}</Base.Title>
                {description !== undefined && (
                  <Base.Description className="muted">{description}</Base.Description>
                )}
              </div>
              {!isFirm && <Base.Close render={<IconButton label={t('Close')} icon={X} small />} />}
            </div>
            <div className="dialog-body">{children}</div>
            {foot !== undefined && <div className="dialog-foot">{foot}</div>}
          </Content>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ContentProps {
  readonly onSubmit: (() => void) | undefined;
  readonly children: ReactNode;
}

function Content({ onSubmit, children }: ContentProps): ReactNode {
  if (onSubmit === undefined) return children;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // A form that this one has opened is below it for React, but not in the page.
    if (event.target === event.currentTarget) onSubmit();
  };
  return (
    <form className="contents" noValidate onSubmit={submit}>
      {children}
    </form>
  );
}

/** The field to begin with; without one the window itself, not its button to close. */
function firstField(popup: HTMLElement | null): HTMLElement | null {
  return popup?.querySelector('input.input, textarea.input') ?? popup;
}

export interface DrawerProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly foot?: ReactNode;
  /** Makes it a form, which Enter submits. */
  readonly onSubmit?: () => void;
  readonly children: ReactNode;
}

/** A panel at the right edge. */
export function Drawer(props: DrawerProps): ReactNode {
  const { open, onClose, title, actions, foot, onSubmit, children } = props;
  const { t } = useTranslation();
  const popup = useRef<HTMLDivElement>(null);
  // Nothing has opened it that could have the focus again, so the page gets it.
  const [isFromAddress] = useState(() => document.activeElement === document.body);
  return (
    <Base.Root open={open} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup
          ref={popup}
          initialFocus={() => firstField(popup.current)}
          finalFocus={() => (isFromAddress ? document.getElementById('content') : true)}
          className="drawer"
        >
          <Content onSubmit={onSubmit}>
            <div className="drawer-head">
              <Base.Title className="grow">{title}</Base.Title>
              {actions !== undefined && <div className="drawer-actions">{actions}</div>}
              <Base.Close render={<IconButton label={t('Close')} icon={X} keys="Esc" />} />
            </div>
            {/* A region that scrolls has to be reachable by keyboard. */}
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <div className="drawer-body" tabIndex={0} role="group" aria-label={t('Details')}>
              {children}
            </div>
            {foot !== undefined && <div className="drawer-foot">{foot}</div>}
          </Content>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export interface DeleteDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  /** Has to be typed. */
  readonly name: string;
  readonly title: string;
  readonly consequence: ReactNode;
  readonly busy: boolean;
  readonly problem?: ReactNode;
  readonly onDelete: () => void;
}

/** Asks for the name of what is to be deleted. */
export function DeleteDialog(props: DeleteDialogProps): ReactNode {
  const { open, onClose, name, title, consequence, busy, problem, onDelete } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const id = useId();
  const close = (): void => {
    setTyped('');
    onClose();
  };
  const foot = (
    <>
      <Button onClick={close}>{t('Cancel')}</Button>
      <Button look="danger-solid" type="submit" disabled={typed !== name} busy={busy}>
        {t('Delete')}
      </Button>
    </>
  );
  return (
    <Dialog open={open} onClose={close} title={title} foot={foot} onSubmit={onDelete}>
      <div className="stack">
        <p>{consequence}</p>
        <div className="field">
          <label htmlFor={id} className="field-label">
            <span>{t('Type "{{name}}" to confirm', { name })}</span>
          </label>
          <input
            id={id}
            className="input is-mono"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        {problem}
      </div>
    </Dialog>
  );
}
