import { type App, startApp } from './gateway-app.ts';
import { systemClock } from '../lib/system-clock.ts';
import { version } from '../version.ts';
import { ActivitySwitch, watchersOf } from './activity-switch.ts';
import { runningInOneProcess } from './running-gateway.ts';
import type { UsedOf } from '../limits/claim-taking.ts';
import { standingsFrom } from './claim-standing.ts';
import type { CompiledConfig } from './config-source.ts';
import type { ListenOptions, Serving } from './serving.ts';
import { openProcessLog } from './process-log.ts';
import { openSharedAnswers } from './shared-answers.ts';
import { openProcessTracing } from './process-tracing.ts';
import { ProcessSpend } from './process-spend.ts';
import type { OpenLeasing } from './lone-ledgers.ts';
import type { SharedSide } from './shared-side.ts';
import type { SpendSide } from './spend-side.ts';

/** Serves in this process. Throws the errors of listening. */
export async function serveInOneProcess(
  { snapshot }: CompiledConfig,
  { admin, database, spend, keyUse, shared, leaseState }: ListenOptions,
): Promise<Serving> {
  let current = () => snapshot;
  const log = openProcessLog(() => current());
  const activity = new ActivitySwitch();
  const watchers = watchersOf(activity);
  const own = new ProcessSpend({ log: () => log });
  await own.start(spend?.begin(WORKER));
  const ledger = { usedOf: usedOfBoth(own, spend), knownOf: spend?.knownOf };
  const app = startApp({
    asksForLists: true,
    sharedAnswers: await openSharedAnswers(snapshot, process.env, log),
    admin: admin?.endpoint,
    keyUse,
    snapshot,
    version,
    emit: (event) => {
      log.listen(event);
      admin?.record(event);
      activity.listen(event);
      own.listen(event);
    },
    droppedLogRows: log.droppedRows,
    database: database?.status,
    records: admin?.records,
    objects: database?.objects,
    spend: {
      ...own.forApp(spend?.later),
      ledgerState: spend?.status,
      leaseState,
      ...ledger,
      leasing: leasingThrough(shared, own),
    },
    tracing: await openProcessTracing(systemClock),
    isObserved: () => activity.isOn || (admin?.retentionMs ?? 0) > 0 || own.isKept,
  });
  current = app.snapshot;
  if (spend !== undefined) connect(spend, own, app);
  await shared?.start(app.ledgers.cooldowns);
  return {
    url: app.server.url,
    log,
    snapshot: app.snapshot,
    emit: app.emit,
    swap: async (next) => app.swap(next.snapshot),
    setDatabaseStatus: () => undefined,
    running: runningInOneProcess(app, watchers),
    standing: standingsFrom({ counters: app.counters, ...ledger, clock: systemClock }),
    pending: async () => app.server.pending(),
    async drain() {
      admin?.close();
      await app.drain();
      own.end();
    },
  };
}

/** The name of this process's journals. */
const WORKER = 1;

/** The use in the ledger, with what this process has written until now. */
function usedOfBoth(own: ProcessSpend, spend: SpendSide | undefined): UsedOf {
  return (counter, windowMs) => {
    own.flush();
    return spend?.usedOf(counter, windowMs) ?? 0;
  };
}

/** Shares the limits of a single process. Its use is in its own memory, but its writes may wait to be flushed. */
function leasingThrough(shared: SharedSide | undefined, own: ProcessSpend): OpenLeasing | undefined {
  return (
    shared &&
    ((records) => {
      const { seed, lease } = shared.open(records, async () => own.flush());
      return { seed, source: { lease, hasNoWindows: shared.hasNoWindows === true } };
    })
  );
}

function connect(spend: SpendSide, own: ProcessSpend, app: App): void {
  spend.onMoved(([counter, windowMs, amount]) => app.counters.adjust(counter, windowMs, amount));
  spend.onOpened(() => own.start(spend.begin(WORKER)));
}
