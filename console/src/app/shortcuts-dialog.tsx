import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { COMMAND_KEY } from '../lib/shortcut.ts';
import { Dialog } from '../ui/dialog.tsx';
import { pagesFor } from './pages.ts';
import { useSession } from '../session/session.ts';

/** Every key that does something. */
export function ShortcutsDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { session } = useSession();
  const everywhere: readonly (readonly [string, string])[] = [
    [`${COMMAND_KEY} K`, t('Search pages, models, providers, keys, teams and requests')],
    ['/', t('Search on this page')],
    ['↑ ↓', t('Move in a table')],
    ['Enter', t('Open the row')],
    ['Esc', t('Close')],
    ['?', t('This list')],
  ];
  const pages = pagesFor(session.role).map(({ key, title }) => [`g ${key}`, t(title)] as const);
  return (
    <Dialog open={open} onClose={onClose} title={t('Keyboard shortcuts')}>
      <div className="fields">
        <Keys title={t('Everywhere')} keys={everywhere} />
        <Keys title={t('Pages')} keys={pages} />
      </div>
    </Dialog>
  );
}

interface KeysProps {
  readonly title: string;
  readonly keys: readonly (readonly [string, string])[];
}

function Keys({ title, keys }: KeysProps): ReactNode {
  return (
    <section className="stack tight">
      <h3>{title}</h3>
      <ul className="stack tight">
        {keys.map(([key, text]) => (
          <li key={key} className="row">
            <span className="grow">{text}</span>
            <span className="row tight">
              {key.split(' ').map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
