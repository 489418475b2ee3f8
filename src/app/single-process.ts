import { type App, startApp } from './gateway-app.ts';
import { systemClock } from '../lib/system-clock.ts';
import { openTracing } from '../telemetry/traces/trace-open.ts';
import { version } from '../version.ts';
import type { CompiledConfig } from './config-source.ts';
import type { ListenOptions, Serving } from './serving.ts';
import { complain, openProcessLog } from './process-log.ts';
import { ProcessSpend } from './process-spend.ts';
import type { SpendSide } from './spend-side.ts';

/** Serves in this process. Throws the errors of listening. */
export async function serveInOneProcess(
  { snapshot }: CompiledConfig,
  { admin, database, spend }: ListenOptions,
): Promise<Serving> {
  let current = () => snapshot;
  const log = openProcessLog(() => current());
  const tracing = openTracing({
    env: process.env,
    clock: systemClock,
    version,
    complain: (text) => complain(`llm-proxy: ${text}\n`),
  });
  const own = new ProcessSpend({ snapshot: () => current(), log: () => log });
  await own.start(spend?.begin(WORKER));
  const app = startApp({
    admin: admin?.endpoint,
    snapshot,
    version,
    emit: (event) => {
      log.listen(event);
      admin?.record(event);
      own.listen(event);
    },
    droppedLogRows: log.droppedRows,
    database: database?.status,
    records: admin?.records,
    objects: database?.objects,
    spend: {
      journal: own.journal,
      journalState: own.state,
      ledgerState: spend?.status,
      usedOf(counter, windowMs) {
        own.flush();
        return spend?.usedOf(counter, windowMs) ?? 0;
      },
    },
    tracing,
  });
  current = app.snapshot;
  if (spend !== undefined) connect(spend, own, app);
  void app.refreshModels();
  return {
    url: app.server.url,
    log,
    snapshot: app.snapshot,
    emit: app.emit,
    swap: async (next) => app.swap(next.snapshot),
    // In one process, the snapshot asks the store directly.
    setDatabaseStatus: () => undefined,
    pending: async () => app.server.pending(),
    async drain() {
      await app.drain();
      own.end();
    },
  };
}

/** The name of this process's journals. */
const WORKER = 1;

function connect(spend: SpendSide, own: ProcessSpend, app: App): void {
  spend.onMoved(([counter, windowMs, amount]) => app.counters.adjust(counter, windowMs, amount));
  spend.onOpened(() => own.start(spend.begin(WORKER)));
}
