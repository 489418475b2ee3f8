import type { ServerSettings } from '../config/snapshot.ts';
import { watchFile } from '../config/read/watch.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { ServerState } from './server-state.ts';
import { readTlsFiles, type TlsPair, TlsProblem } from './tls-files.ts';

/** One listener. The runtime's `Server` is one. */
export interface Listener {
  readonly url: URL;
  readonly port: number | undefined;
  /** Requests whose responses are not complete. */
  readonly pendingRequests: number;
  /** Stops listening; with `true`, ends the connections as well. Resolves when the last connection is gone. */
  readonly stop: (endsConnections: boolean) => Promise<void>;
}

/** Opens a listener on a port, with a certificate if there is one. Throws the errors of listening. */
export type OpenListener = (port: number, pair: TlsPair | undefined) => Listener;

/** The listeners of one port. There are several only while connections of an earlier certificate last. */
export interface Listeners {
  readonly url: string;
  readonly port: number;
  /** Requests whose responses are not complete. */
  readonly pending: () => number;
  /** Stops listening; existing connections go on. */
  readonly close: () => void;
  /** Ends everything. */
  readonly stop: () => Promise<void>;
}

/** Whether two listeners may share a port while one takes over from the other. */
export const LISTENERS_OVERLAP = process.platform === 'linux';

/** A listener that may share its port would share it with a stranger's too. Throws EADDRINUSE if there is one. */
export function requireFreePort({ host, port }: { readonly host: string; readonly port: number }): void {
  if (port !== 0)
    Bun.serve({ hostname: host, port, fetch: () => new Response() })
      .stop(true)
      .catch(() => undefined);
}

interface Renewal {
  readonly gateway: Gateway;
  readonly state: Pick<ServerState, 'phase'>;
  readonly tls: ServerSettings['tls'];
  readonly port: number;
}

/** The time until a failed renewal is retried. */
const RETRY_MS = 2_000;

/**
 * Opens a listener, and another one on the same port when its certificate changes, since the runtime cannot replace a
 * listener's certificate. If the system allows it, the old listener closes after the new one is open, and its
 * connections go on. Throws the errors of listening, and `TlsProblem`.
 */
export function openRenewable(open: OpenListener, { gateway, state, tls, port: wanted }: Renewal): Listeners {
  let served = tls && readTlsFiles(tls);
  let newest = open(wanted, served);
  const { origin } = newest.url;
  const port = newest.port ?? 0;
  const servers = new Set([newest]);
  let retry: Timer | undefined;

  const renew = (): void => {
    clearTimeout(retry);
    if (tls === undefined || state.phase === 'draining') return;
    try {
      // An incomplete pair of files is detected here, before anything changes.
      const pair = readTlsFiles(tls);
      if (pair.cert === served?.cert && pair.key === served.key) return;
      if (!LISTENERS_OVERLAP) retire(newest);
      const next = open(port, pair);
      if (LISTENERS_OVERLAP) retire(newest);
      servers.add(next);
      [newest, served] = [next, pair];
    } catch (error) {
      gateway.emit({ type: 'configuration-refused', problems: [problemOf(error)] });
      // A wrong file is read again when it changes; any other error may be transient.
      if (!(error instanceof TlsProblem)) retry = setTimeout(renew, RETRY_MS).unref();
    }
  };
  const retire = (old: Listener): void => {
    void old.stop(false).then(() => servers.delete(old));
  };
  const watches = tls === undefined ? [] : [tls.certFile, tls.keyFile].map((path) => watchFile(path, renew));
  const stopWatching = (): void => {
    clearTimeout(retry);
    for (const watch of watches) watch.close();
  };
  return {
    url: origin,
    port,
    pending: () => [...servers].reduce((sum, server) => sum + server.pendingRequests, 0),
    close() {
      stopWatching();
      for (const server of servers) void server.stop(false);
    },
    async stop() {
      stopWatching();
      await Promise.all([...servers].map((server) => server.stop(true)));
    },
  };
}

function problemOf(error: unknown): string {
  if (error instanceof TlsProblem) return error.message;
  const reason = error instanceof Error ? error.message : String(error);
  return `server.tls: the renewed certificate cannot be served yet and will be retried: ${reason}`;
}
