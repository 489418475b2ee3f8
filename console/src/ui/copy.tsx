import { Check, Copy as CopyIcon } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './button.tsx';
import { sayFailed } from './toast.tsx';

interface CopyProps {
  readonly text: string;
  /** On the button; left out: an icon alone. */
  readonly label?: string;
}

/** Puts a text into the clipboard. */
export function Copy({ text, label }: CopyProps): ReactNode {
  const { t } = useTranslation();
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await putIntoClipboard(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      sayFailed(t('The browser does not let this page use the clipboard'));
    }
  };
  const icon = isDone ? Check : CopyIcon;
  const onClick = (): void => void copy();
  if (label !== undefined) {
    return (
      <Button icon={icon} onClick={onClick} small>
        {isDone ? t('Copied') : label}
      </Button>
    );
  }
  return <IconButton label={isDone ? t('Copied') : t('Copy')} icon={icon} onClick={onClick} small />;
}

/** Over plain HTTP on another host, browsers have no clipboard for a page but the one of a selected text. */
async function putIntoClipboard(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const from = document.activeElement;
  const area = Object.assign(document.createElement('textarea'), {
    value: text,
    className: 'visually-hidden',
  });
  // A dialog keeps the focus within itself.
  (from?.parentElement ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  if (from instanceof HTMLElement) from.focus();
  if (!isDone) throw new Error('the clipboard cannot be written');
}

/** A text in a fixed pitch, with a button that copies it. */
export function CodeBlock({ text, label }: { text: string; label: string }): ReactNode {
  return (
    <div className="code">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <Copy text={text} />
    </div>
  );
}
