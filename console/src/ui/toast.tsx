import { lazy, type ReactNode, Suspense, useSyncExternalStore } from 'react';
import type { Message } from './toast-message.ts';

let messages: readonly Message[] = [];
const listeners = new Set<() => void>();

function add(message: Message): void {
  messages = [...messages, message];
  for (const listener of listeners) listener();
}

/** Says in a corner that something is done. */
export function say(title: string, description?: string): void {
  add({ title, description, isBad: false });
}

/** Says in a corner that something failed; it stays until it is closed. */
export function sayFailed(title: string, description?: string): void {
  add({ title, description, isBad: true });
}

const Corner = lazy(async () => ({ default: (await import('./toast-corner.tsx')).ToastCorner }));

/** The place of the messages. */
export function Toasts(): ReactNode {
  const all = useSyncExternalStore(subscribe, () => messages);
  if (all.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <Corner messages={all} />
    </Suspense>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
