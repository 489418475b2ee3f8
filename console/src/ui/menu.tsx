import { Menu as Base } from '@base-ui/react/menu';
import type { LucideIcon } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import { classes } from './button.tsx';

export interface MenuEntry {
  readonly label: string;
  readonly icon?: LucideIcon;
  readonly onSelect: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** A line above it. */
  readonly isFirstOfGroup?: boolean;
  readonly isChosen?: boolean;
}

interface MenuProps {
  readonly trigger: ReactElement;
  readonly entries: readonly MenuEntry[];
  readonly side?: 'top' | 'bottom';
  readonly align?: 'start' | 'end';
}

/** A list of actions behind a button. */
export function Menu({ trigger, entries, side = 'bottom', align = 'end' }: MenuProps): ReactNode {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className="positioner" sideOffset={4} side={side} align={align}>
          <Base.Popup className="popup">
            {entries.map((entry) => (
              <Entry key={entry.label} {...entry} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({
  label,
  icon: Icon,
  onSelect,
  danger,
  disabled,
  isFirstOfGroup,
  isChosen,
}: MenuEntry): ReactNode {
  return (
    <>
      {isFirstOfGroup && <Base.Separator className="separator" />}
      <Base.Item
        className={classes('item', danger && 'is-danger')}
        disabled={disabled ?? false}
        onClick={onSelect}
      >
        {Icon && <Icon aria-hidden />}
        <span>{label}</span>
        {isChosen && <span className="item-check">✓</span>}
      </Base.Item>
    </>
  );
}
