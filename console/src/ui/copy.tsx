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
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      // Over plain HTTP on another host, browsers have no clipboard for a page.
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
