import { availableParallelism } from 'node:os';
import type { Snapshot } from '../config/snapshot.ts';
import type { Emit } from '../gateway/ports.ts';
import type { AdminEndpoint } from '../server/serve.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { OpenLog } from '../telemetry/log/open-log.ts';
import { listenAlone } from './single-process.ts';
import type { Edition } from './config-source.ts';

/** A gateway that listens, in this process or in several. */
export interface Serving {
  readonly url: string;
  readonly log: OpenLog;
  readonly snapshot: () => Snapshot;
  /** Tells metrics and log what happens outside of the requests. */
  readonly emit: Emit;
  /** Puts another configuration in force; resolves when every process has it, or soon after. */
  readonly swap: (next: Edition) => Promise<void>;
  /** Says whether the database can be asked. */
  readonly setStale: (isStale: boolean) => void;
  /** Requests in flight. */
  readonly pending: () => Promise<number>;
  /** No new connections; resolves when the requests in flight have ended, or after `drain_timeout`. */
  readonly drain: () => Promise<void>;
}

export interface ListenOptions {
  /** What database mode adds; undefined: there is no database. */
  readonly database?: DatabaseSide | undefined;
}

/** What a gateway has to do with its database. */
export interface DatabaseSide {
  readonly admin: AdminEndpoint;
  /** Told every event of this process, after the log. */
  readonly record: Emit;
  readonly retentionMs: number;
  readonly isStale: () => boolean;
  /** Writes the records that other processes have made. */
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
}

/** Starts listening; where that is not possible, says why in one line and returns undefined. */
export async function listen(edition: Edition, options: ListenOptions = {}): Promise<Serving | undefined> {
  const { snapshot } = edition;
  try {
    const workers = workersOf(snapshot);
    if (workers > 1 && DIVIDES_CONNECTIONS) {
      const { listenAsTeam } = await import('./supervisor.ts');
      return await listenAsTeam(edition, workers, options);
    }
    const serving = listenAlone(edition, options);
    if (workers > 1) serving.log.say('warn', 'workersAlone', { workers });
    return serving;
  } catch (error) {
    console.error(`llm-proxy: ${listenProblem(error, snapshot)}`);
    return undefined;
  }
}

/** Whether the system divides the connections to a port among the processes that listen on it. */
const DIVIDES_CONNECTIONS = process.platform === 'linux';

/** How many processes are to serve. */
function workersOf({ workers }: Snapshot): number {
  return workers === 'auto' ? availableParallelism() : workers;
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
