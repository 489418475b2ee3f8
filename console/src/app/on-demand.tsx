import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';

interface OverlayProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

const [loadPalette, loadShortcuts] = [() => import('./palette.tsx'), () => import('./shortcuts-dialog.tsx')];
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }));
const Shortcuts = lazy(async () => ({ default: (await loadShortcuts()).ShortcutsDialog }));

/** Loads what opens over any page, so that it opens while the gateway is away, too. */
export function loadOverlays(): void {
  for (const load of [loadPalette, loadShortcuts]) load().catch(() => undefined);
}

/** The command palette, loaded when it is first opened. */
export function LazyPalette(props: OverlayProps): ReactNode {
  return <OnDemand overlay={Palette} {...props} />;
}

/** The list of shortcuts, loaded when it is first opened. */
export function LazyShortcuts(props: OverlayProps): ReactNode {
  return <OnDemand overlay={Shortcuts} {...props} />;
}

function OnDemand({
  overlay: Overlay,
  ...props
}: OverlayProps & { readonly overlay: ComponentType<OverlayProps> }): ReactNode {
  if (!props.open) return null;
  return (
    <Suspense fallback={null}>
      <Overlay {...props} />
    </Suspense>
  );
}
