import type { LucideIcon } from 'lucide-react';
import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';

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

export interface MenuProps {
  readonly trigger: ReactElement<{
    onClick?: () => void;
    'aria-haspopup'?: 'menu';
    'aria-expanded'?: boolean;
  }>;
  readonly entries: readonly MenuEntry[];
  readonly side?: 'top' | 'bottom';
  readonly align?: 'start' | 'end';
}

const Popup = lazy(async () => ({ default: (await import('./menu-popup.tsx')).MenuPopup }));

/** A list of actions behind a button, loaded when it is first opened. */
export function Menu(props: MenuProps): ReactNode {
  const [isWanted, setWanted] = useState(false);
  const closed = cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onClick: () => setWanted(true),
  });
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <Popup {...props} />
    </Suspense>
  );
}
