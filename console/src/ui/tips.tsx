import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import type { ShownTip } from './tip-bubble.tsx';

const Bubble = lazy(async () => ({ default: (await import('./tip-bubble.tsx')).TipBubble }));

const HOVER_MS = 350;
/** Long enough to move the pointer onto the text. */
const LEAVE_MS = 120;

/** Shows the text of one `Tip` at a time, for the whole page. The bubble is loaded when the first one is wanted. */
export function Tips(): ReactNode {
  const [shown, setShown] = useState<ShownTip>();
  useEffect(() => watch(setShown), []);
  if (shown === undefined) return null;
  return (
    <Suspense fallback={null}>
      <Bubble {...shown} />
    </Suspense>
  );
}

/** Tells which tip is to be shown, until the returned function is called. */
function watch(show: (tip: ShownTip | undefined) => void): () => void {
  const listening = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted: Element | undefined;
  let visible: Element | undefined;
  const change = (element: Element | undefined, delayMs: number): void => {
    if (element === wanted) return;
    wanted = element;
    clearTimeout(timer);
    timer = setTimeout(() => {
      visible = element?.isConnected ? element : undefined;
      show(visible && tipOf(visible));
    }, delayMs);
  };
  const listen = <K extends keyof DocumentEventMap>(
    type: K,
    listener: (event: DocumentEventMap[K]) => void,
  ): void => document.addEventListener(type, listener, { signal: listening.signal });

  listen('pointerover', ({ target, pointerType }) => {
    if (pointerType === 'touch' || !(target instanceof Element)) return;
    const element = target.closest('[data-tip]') ?? undefined;
    // The bubble belongs to the element that it explains.
    if (target.closest('.tooltip') !== null) change(visible, 0);
    else change(element, element === undefined ? LEAVE_MS : HOVER_MS);
  });
  listen('focusin', ({ target }) => {
    if (target instanceof Element && target.matches(':focus-visible'))
      change(target.closest('[data-tip]') ?? undefined, 0);
  });
  listen('focusout', () => change(undefined, 0));
  listen('pointerdown', () => change(undefined, 0));
  listen('keydown', ({ key }) => {
    if (key === 'Escape') change(undefined, 0);
  });
  return () => {
    listening.abort();
    clearTimeout(timer);
  };
}

function tipOf(element: Element): ShownTip {
  return {
    element,
    text: element.getAttribute('data-tip') ?? '',
    keys: element.getAttribute('data-tip-keys') ?? undefined,
  };
}
