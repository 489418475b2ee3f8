import { cloneElement, lazy, type ReactNode, Suspense, useState } from 'react';
import type { MenuProps } from './menu-props.ts';

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
