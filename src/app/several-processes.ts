import { requireFreePort } from '../server/renewable.ts';
import type { CompiledConfig } from './config-source.ts';
import type { ListenOptions, Serving } from './serving.ts';
import { Supervisor } from './supervisor.ts';

/** Serves in several processes on one port. Throws the errors of listening. */
export async function serveWithWorkers(
  config: CompiledConfig,
  workers: number,
  options: ListenOptions,
): Promise<Serving> {
  requireFreePort(config.snapshot.server);
  const supervisor = new Supervisor(config, workers, options);
  const url = await supervisor.start();
  return {
    url,
    log: supervisor.log,
    snapshot: supervisor.snapshot,
    emit: supervisor.emit,
    swap: supervisor.swap,
    setDatabaseStatus: supervisor.setDatabaseStatus,
    running: supervisor.running(url),
    standing: supervisor.standing,
    pending: supervisor.pending,
    drain: supervisor.drain,
  };
}
