import { Popover } from '@base-ui/react/popover';
import { Columns3 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readStored, store } from '../../lib/stored.ts';
import { Button } from '../../ui/button.tsx';

const STORED = 'llm-proxy/hidden-columns';
const HIDDEN_AT_FIRST = ['team', 'id'];

/** The hidden columns, which this browser remembers. */
export function useHiddenColumns(): [readonly string[], (hidden: readonly string[]) => void] {
  const [hidden, setHidden] = useState<readonly string[]>(
    () => readStored(STORED)?.split(',') ?? HIDDEN_AT_FIRST,
  );
  const change = (next: readonly string[]): void => {
    store(STORED, next.join(','));
    setHidden(next);
  };
  return [hidden, change];
}

interface ColumnMenuProps {
  readonly columns: readonly { readonly id: string; readonly title: string }[];
  readonly hidden: readonly string[];
  readonly onChange: (hidden: readonly string[]) => void;
}

/** Chooses which columns are visible. */
export function ColumnMenu({ columns, hidden, onChange }: ColumnMenuProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Popover.Root>
      <Popover.Trigger render={<Button icon={Columns3}>{t('Columns')}</Button>} />
      <Popover.Portal>
        <Popover.Positioner className="positioner" sideOffset={4} align="end">
          <Popover.Popup className="popup is-padded" aria-label={t('Columns')}>
            <ul className="stack tight">
              {columns.map(({ id, title }) => (
                <li key={id}>
                  <label className="switch-row">
                    <input
                      type="checkbox"
                      className="checkbox"
                      checked={!hidden.includes(id)}
                      onChange={({ target }) =>
                        onChange(target.checked ? hidden.filter((one) => one !== id) : [...hidden, id])
                      }
                    />
                    {title}
                  </label>
                </li>
              ))}
            </ul>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
