import { Menu as Base } from '@base-ui/react/menu';
import type { ReactNode } from 'react';
import { classes } from './button.tsx';
import type { MenuEntry, MenuProps } from './menu-props.ts';

/** The part of a menu that is loaded when it is first wanted; it begins open. */
export function MenuPopup({ trigger, entries, side = 'bottom', align = 'end' }: MenuProps): ReactNode {
  return (
    <Base.Root defaultOpen>
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
