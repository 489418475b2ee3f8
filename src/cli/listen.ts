import { type App, startApp } from '../app.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { StreamSink } from '../telemetry/stream-sink.ts';
import { version } from '../version.ts';

/** A gateway that listens, and its log. */
export interface Serving {
  readonly app: App;
  readonly log: Log;
  readonly sink: StreamSink;
}

/** Starts listening; where that is not possible, says why in one line and returns undefined. */
export function listen(snapshot: Snapshot): Serving | undefined {
  let current: () => Snapshot = () => snapshot;
  const sink = new StreamSink((text) => Bun.write(Bun.stdout, text));
  const log = createLog(() => current().logging, sink);
  try {
    const app = startApp({ snapshot, version, emit: log.listen, droppedLogRows: () => sink.dropped });
    current = app.snapshot;
    return { app, log, sink };
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
