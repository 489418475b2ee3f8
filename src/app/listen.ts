import { availableParallelism } from 'node:os';
import type { Snapshot } from '../config/snapshot.ts';
import { listenAlone } from './single-process.ts';
import type { Edition } from './config-source.ts';
import type { ListenOptions, Serving } from './serving.ts';

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
