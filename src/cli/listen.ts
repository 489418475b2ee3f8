import { type App, type AppOptions, startApp } from '../app.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { type OpenLog, openLog } from '../telemetry/open-log.ts';
import { version } from '../version.ts';

/** A gateway that listens, and its log. */
export interface Serving {
  readonly app: App;
  readonly log: OpenLog;
}

/** Starts listening; where that is not possible, says why in one line and returns undefined. */
export function listen(snapshot: Snapshot, more: Pick<AppOptions, 'admin'> = {}): Serving | undefined {
  let current: () => Snapshot = () => snapshot;
  const log = openLog({
    snapshot: () => current(),
    print: (text) => Bun.write(Bun.stdout, text),
    complain: (text) => void Bun.write(Bun.stderr, text).catch(() => undefined),
    now: () => new Date(),
  });
  try {
    const app = startApp({ ...more, snapshot, version, emit: log.listen, droppedLogRows: log.droppedRows });
    current = app.snapshot;
    return { app, log };
  } catch (error) {
    console.error(`llm-proxy: ${listenProblem(error, snapshot)}`);
    return undefined;
  }
}

function listenProblem(error: unknown, { server: { host, port } }: Snapshot): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const address = `${host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${address} is in use. Stop the other program, or choose another port with --port.`;
    case 'EACCES':
      return `no permission to listen on ${address}. Choose a port above 1023 with --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Choose another one with --host.`;
    default:
      return `can't listen on ${address}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
