import { type AuditEntry, createAdmin } from '../admin/admin.ts';
import type { Overrides } from '../config/overrides.ts';
import { openStore, type Store, type StoreEvent } from '../store/store.ts';
import { version } from '../version.ts';
import { EXIT } from './command.ts';
import { explainStoreError, readDatabaseEnvironment } from './database-environment.ts';
import { listen, type Serving } from './listen.ts';
import { recordRequests } from './request-records.ts';
import { drainOnSignals } from './signals.ts';

/** What the command line says about a gateway in database mode. */
export interface DatabaseFlags {
  readonly overrides: Overrides;
  readonly migrates: boolean;
  /** The configuration file that was named, which has no say here. */
  readonly config: string | undefined;
}

/** Serves the configuration in a database, and the Admin API that changes it, until a signal ends it. */
export async function serveDatabase(flags: DatabaseFlags): Promise<number> {
  const environment = readDatabaseEnvironment(process.env, 'gateway');
  if (environment.kind === 'wrong') return failed([environment.message]);
  // What happens before the log is open is told when it is.
  const early: StoreEvent[] = [];
  let onEvent = (event: StoreEvent): void => void early.push(event);
  let store: Store;
  try {
    store = await openStore({
      ...environment,
      env: process.env,
      overrides: flags.overrides,
      now: () => new Date(),
      migrates: flags.migrates,
      onEvent: (event) => onEvent(event),
    });
  } catch (error) {
    const lines = explainStoreError(error);
    if (lines === undefined) throw error;
    return failed(lines);
  }
  let serving: Serving | undefined;
  const admin = createAdmin({
    store,
    adminKey: environment.adminKey,
    version,
    nowMs: Date.now,
    audit: (entry) => serving && audit(entry, serving),
    onBug: (error) => serving?.app.emit({ type: 'bug', requestId: undefined, error }),
  });
  const recording = recordRequests({
    records: store.requests,
    retentionMs: environment.retentionMs,
    log: () => serving?.log,
  });
  serving = listen(store.snapshot(), { admin, record: recording.listen });
  if (serving === undefined) return EXIT.failed;
  const running = serving;
  const drained = drainOnSignals(running.app, running.log);
  announce(running, flags);
  onEvent = (event) => report(event, running);
  for (const event of early) if (event.type !== 'changed') report(event, running);
  process.on('SIGHUP', () => void store.refresh().catch(() => undefined));
  await drained;
  await recording.close();
  await store.close();
  await running.log.flush();
  return EXIT.ok;
}

function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(`llm-proxy: ${line}`);
  return EXIT.failed;
}

/** Says in a few lines what was loaded and where it listens. */
function announce({ app, log }: Serving, { config }: DatabaseFlags): void {
  const { access, providers, models, warnings } = app.snapshot();
  const keys = access.kind === 'keys' ? new Set([...access.keys.values()].map(({ name }) => name)).size : 0;
  log.say('info', 'started', { address: app.server.url });
  log.say('info', 'loaded', { providers: providers.size, models: models.size, keys });
  if (config !== undefined) {
    log.say('warn', 'warning', {
      text: `DB_URL is set, so ${config} is not read; "llm-proxy import" takes it over.`,
    });
  }
  for (const text of warnings) log.say('warn', 'warning', { text });
}

function report(event: StoreEvent, { app, log }: Serving): void {
  switch (event.type) {
    case 'changed': {
      const before = app.snapshot();
      app.swap(event.snapshot);
      const { version } = event.snapshot;
      // Each write is a new version: what was said of the one before need not be said again.
      const warnings = event.snapshot.warnings.filter((text) => !before.warnings.includes(text));
      if (version !== before.version) app.emit({ type: 'configuration-accepted', version, warnings });
      const [{ host, port }, old] = [event.snapshot.server, before.server];
      if (host !== old.host || port !== old.port)
        log.say('warn', 'needsRestart', { address: `${host}:${port}` });
      return;
    }
    case 'refused':
      return app.emit({ type: 'configuration-refused', problems: event.reasons });
    case 'lost':
      return log.say('warn', 'storeLost', { reason: event.reason });
    case 'back':
      return log.say('info', 'storeBack');
    case 'last-good-not-written':
      return log.say('warn', 'warning', {
        text: `The last configuration could not be kept in ${event.path} (SNAPSHOT_FILE): ${event.reason}`,
      });
  }
}

function audit({ result, address, action, version = 0 }: AuditEntry, { log }: Serving): void {
  switch (result) {
    case 'written':
      return log.say('info', 'audit', { action, address, version });
    case 'refused':
      return log.say('warn', 'auditRefused', { action, address });
    case 'denied':
      return log.say('warn', 'auditDenied', { action, address });
  }
}
