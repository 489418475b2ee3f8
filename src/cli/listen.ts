import { type App, type AppOptions, startApp } from '../app.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { Emit } from '../gateway/ports.ts';
import { systemClock } from '../lib/system-clock.ts';
import { type OpenLog, openLog } from '../telemetry/open-log.ts';
import { openTracing } from '../telemetry/trace-open.ts';
import { version } from '../version.ts';

/** A gateway that listens, and its log. */
export interface Serving {
  readonly app: App;
  readonly log: OpenLog;
}

/** What database mode adds. */
export interface ListenOptions extends Pick<AppOptions, 'admin'> {
  /** Told every event, after the log. */
  readonly record?: Emit;
}

/** Starts listening; where that is not possible, says why in one line and returns undefined. */
export function listen(
  snapshot: Snapshot,
  { admin, record = () => undefined }: ListenOptions = {},
): Serving | undefined {
  let current: () => Snapshot = () => snapshot;
  const complain = (text: string): void => void Bun.write(Bun.stderr, text).catch(() => undefined);
  const log = openLog({
    snapshot: () => current(),
    print: (text) => Bun.write(Bun.stdout, text),
    complain,
    now: () => new Date(),
  });
  const tracing = openTracing({
    env: process.env,
    clock: systemClock,
    version,
    complain: (text) => complain(`llm-proxy: ${text}\n`),
  });
  try {
    const app = startApp({
      admin,
      snapshot,
      version,
      emit: (event) => {
        log.listen(event);
        record(event);
      },
      droppedLogRows: log.droppedRows,
      tracing,
    });
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
