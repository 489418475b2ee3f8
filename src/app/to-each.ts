import type { Emit } from '../gateway/ports.ts';

/** Calls each listener with every event. An error in a listener must not fail a request. */
export function toEach(listeners: readonly Emit[]): Emit {
  return (event) => {
    for (const listen of listeners) {
      try {
        listen(event);
      } catch (error) {
        if (event.type !== 'bug') listeners.at(-1)?.({ type: 'bug', requestId: undefined, error });
      }
    }
  };
}
