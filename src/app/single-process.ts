import { startApp } from './gateway-app.ts';
import { systemClock } from '../lib/system-clock.ts';
import { openTracing } from '../telemetry/traces/trace-open.ts';
import { version } from '../version.ts';
import { ActivitySwitch, Watchers } from './activity-switch.ts';
import { runningInOneProcess } from './running-gateway.ts';
import type { CompiledConfig } from './config-source.ts';
import type { ListenOptions, Serving } from './serving.ts';
import { complain, openProcessLog } from './process-log.ts';

/** Serves in this process. Throws the errors of listening. */
export function serveInOneProcess({ snapshot }: CompiledConfig, { admin, database }: ListenOptions): Serving {
  let current = () => snapshot;
  const log = openProcessLog(() => current());
  const tracing = openTracing({
    env: process.env,
    clock: systemClock,
    version,
    complain: (text) => complain(`llm-proxy: ${text}\n`),
  });
  const activity = new ActivitySwitch();
  const watchers = new Watchers((isOn) => {
    if (isOn) void activity.on(watchers.tell);
    else activity.off();
  });
  const app = startApp({
    admin: admin?.endpoint,
    snapshot,
    version,
    emit: (event) => {
      log.listen(event);
      admin?.record(event);
      activity.listen(event);
    },
    droppedLogRows: log.droppedRows,
    database: database?.status,
    records: admin?.records,
    objects: database?.objects,
    tracing,
  });
  current = app.snapshot;
  void app.refreshModels();
  return {
    url: app.server.url,
    log,
    snapshot: app.snapshot,
    emit: app.emit,
    swap: async (next) => app.swap(next.snapshot),
    // In one process, the snapshot asks the store directly.
    setDatabaseStatus: () => undefined,
    running: runningInOneProcess(app, watchers),
    pending: async () => app.server.pending(),
    drain: () => {
      admin?.close();
      return app.drain();
    },
  };
}
