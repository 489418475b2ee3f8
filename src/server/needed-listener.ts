import type { Listener, Listeners } from './renewable.ts';

/**
 * A listener that opens when its address is first asked for. The runtime's server takes 0.6 MB, and few gateways are
 * asked for anything that their own server does not answer. Asking throws the errors of listening, and once it is closed.
 */
export function openWhenNeeded(open: () => Listener): Listeners {
  let opened: Listener | undefined;
  let isClosed = false;
  const listener = (): Listener => {
    if (opened === undefined && isClosed) throw new Error('The server does not listen any more.');
    return (opened ??= open());
  };
  return {
    get url() {
      return listener().url.origin;
    },
    get port() {
      return listener().port ?? 0;
    },
    pending: () => opened?.pendingRequests ?? 0,
    close() {
      isClosed = true;
      void opened?.stop(false);
    },
    async stop() {
      isClosed = true;
      await opened?.stop(true);
    },
  };
}
