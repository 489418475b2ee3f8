import { lazy, type ReactNode, Suspense } from 'react';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

/** The command palette, loaded when it is first opened. */
export function LazyPalette(props: { open: boolean; onClose: () => void }): ReactNode {
  if (!props.open) return null;
  return (
    <Suspense fallback={null}>
      <Palette {...props} />
    </Suspense>
  );
}
