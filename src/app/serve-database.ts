import { AlertSide } from './alert-side.ts';
import { announceTranslation } from './announce-translation.ts';
import { logAudit } from './audit-log.ts';
import { type AdminHandler, createAdmin } from '../admin/admin.ts';
import type { SpendServices } from '../admin/operation.ts';
import { addressText } from '../config/compile/address.ts';
import { Upkeep } from '../spend/upkeep.ts';
import type { Overrides } from '../config/read/overrides.ts';
import { type Mode, startWarnings } from './start-warnings.ts';
import type { KeyUseOptions } from '../spend/key/key-use.ts';
import { openStore, type Store } from '../store/store.ts';
import type { StoreEvent } from '../store/store-options.ts';
import { version } from '../version.ts';
import { EXIT } from '../exit-code.ts';
import {
  type DatabaseEnvironment,
  explainStoreError,
  readDatabaseEnvironment,
} from './database-environment.ts';
import type { CompiledConfig } from './config-source.ts';
import { freeAfterLoading } from './free-after-loading.ts';
import { openKeyUse, rotationThrough } from './key-use.ts';
import { listen } from './listen.ts';
import type { Serving } from './serving.ts';
import { type Recording, recordRequests } from './request-records.ts';
import type { RequestRecord } from '../store/records/request-record.ts';
import type { RecordCounts } from '../telemetry/metrics/metrics.ts';
import type { Log } from '../telemetry/log/log.ts';
import { recordsWithSums } from './records-with-sums.ts';
import { drainOnSignals, stopSignal } from './signals.ts';
import { readSpendEnvironment } from './spend-environment.ts';
import { openSharing, type Sharing } from './sharing.ts';
import { tellSharedStateChange } from './shared-state-change.ts';
import { spendServices } from './spend-services.ts';
import { SpendSide } from './spend-side.ts';

type Changed = Extract<StoreEvent, { type: 'changed' }>;
type Environment = Extract<DatabaseEnvironment, { kind: 'database' }>;

/** The command line of a gateway in database mode. */
export interface DatabaseFlags {
  readonly overrides: Overrides;
  readonly migrates: boolean;
  /** A configuration file that was named but is ignored in this mode. */
  readonly config: string | undefined;
}

/** Serves the configuration in a database, with the Admin API that changes it, until a signal ends it. */
export async function serveDatabase(flags: DatabaseFlags): Promise<number> {
  const environment = readDatabaseEnvironment(process.env, 'gateway');
  if (environment.kind === 'wrong') return failed([environment.message]);
  // Events before the log is open are logged once it is.
  const early: StoreEvent[] = [];
  let onEvent = (event: StoreEvent): void => void early.push(event);
  let opened: Store | undefined;
  // Without a listener, the signal would end the program.
  process.on('SIGHUP', () => opened?.look());
  let store: Store;
  try {
    opened = store = await openStore({
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
  return serveStore(store, environment, {
    ...flags,
    listen: (next) => {
      for (const event of early.splice(0)) next(event);
      onEvent = next;
    },
  });
}

interface StoreFlags extends DatabaseFlags {
  /** Passes on the store's past events, and from now on new ones. */
  readonly listen: (onEvent: (event: StoreEvent) => void) => void;
}

async function serveStore(store: Store, environment: Environment, flags: StoreFlags): Promise<number> {
  let serving: Serving | undefined;
  const log = (): Log | undefined => serving?.log;
  const onBug = (error: unknown): void => serving?.emit({ type: 'bug', requestId: undefined, error });
  const kept = await openKept(store, environment, log);
  if (typeof kept === 'string') {
    await store.close();
    return failed([kept]);
  }
  const { spend, recording, ...records } = kept;
  const sharing = await openSharing({ url: environment.url, spend, snapshot: store.snapshot(), log });
  const admin = createAdmin({
    store,
    ...store.console,
    running: () => serving?.running,
    adminKey: environment.adminKey,
    spend: servicesOf(store, spend, sharing),
    version,
    nowMs: Date.now,
    standing: (claim) => serving?.standing(claim),
    audit: (entry) => serving && logAudit(entry, serving.log),
    onBug,
  });
  const config = (changed: Configured): CompiledConfig => configOf(changed, flags);
  let inForce: Promise<void> | undefined;
  // A write is in force in every process before its response is sent.
  const endpoint: AdminHandler = async (...request) => {
    const response = await admin(...request);
    await inForce;
    return response;
  };
  const signal = stopSignal();
  serving = await listen(config({ snapshot: store.snapshot(), revision: store.revision() }), {
    admin: { ...records, endpoint, close: admin.close, record: recording.listen, records: recording.counts },
    database: { status: () => store.status(), objects: store.objects },
    spend,
    shared: sharing.side,
    leaseState: sharing.state,
    keyUse: openKeyUse({ ...keyUseOf(store), rotate: rotationThrough(endpoint), onBug }),
  });
  const running = serving;
  if (running === undefined) return EXIT.failed;
  const alerts = new AlertSide({ database: () => store.database, spend, serving: running });
  const upkeep = upkeepOf(store);
  const drained = drainOnSignals(signal, running);
  announce(running, flags);
  await warn(running, environment, sharing.problem);
  flags.listen((event) => {
    if (event.type !== 'changed') report(event, running);
    else if (event.snapshot !== running.snapshot())
      inForce = spend.adopt(event.snapshot, () => accept(config(event), running));
  });
  await toldUntil(drained, () => running.setDatabaseStatus(store.status()));
  await sharing.stop();
  for (const part of [upkeep, recording, alerts, spend, sharing, store]) await part?.close();
  await running.log.flush();
  return EXIT.ok;
}

/** Tells other processes the state of the database, until then. */
async function toldUntil(drained: Promise<void>, tell: () => void): Promise<void> {
  const telling = setInterval(tell, STATUS_MS);
  await drained;
  clearInterval(telling);
}

function servicesOf(store: Store, spend: SpendSide, { leases, state }: Sharing): SpendServices {
  return {
    ...spendServices(() => store.database, { spend, snapshot: () => store.snapshot() }),
    leases,
    leaseHealth: () => state()?.store,
    node: () => spend.spend?.node,
  };
}

function upkeepOf({ database }: Store): Upkeep {
  const { quartersMs: keptMs } = readSpendEnvironment(process.env);
  return new Upkeep({ database, keptMs, nowMs: Date.now });
}

type Configured = Pick<Changed, 'snapshot' | 'revision' | 'step'>;

function configOf({ snapshot, revision, step }: Configured, { overrides }: DatabaseFlags): CompiledConfig {
  const { version, loadedAt: now } = snapshot;
  const context = { version, now, overrides };
  return {
    snapshot,
    source: { kind: 'revision', revision, ...context },
    step: step && { kind: 'step', step, ...context },
  };
}

async function warn(
  { snapshot, log }: Serving,
  environment: Environment,
  more: string | undefined,
): Promise<void> {
  const texts = await startWarnings(snapshot(), process.env, modeOf(environment));
  for (const text of [...texts, ...(more === undefined ? [] : [more])]) log.say('warn', 'warning', { text });
}

/** The part of a store that answers about keys need. */
function keyUseOf(store: Store): Pick<KeyUseOptions, 'database' | 'timezone' | 'nowMs'> {
  return {
    database: () => store.database,
    timezone: () => store.snapshot().limits.options.timezone,
    nowMs: Date.now,
  };
}

interface Kept {
  readonly spend: SpendSide;
  readonly recording: Recording;
  /** How long processes keep records that no journal has; 0: the journals have all. */
  readonly retentionMs: number;
  readonly insert: (records: readonly RequestRecord[]) => Promise<void>;
}

/** Opens what outlives a request: ledger and records. Resolves with a sentence if limits cannot be kept. */
async function openKept(
  store: Store,
  environment: Environment,
  log: () => Log | undefined,
): Promise<Kept | string> {
  const { database } = store;
  const spend = new SpendSide({ ...readSpendEnvironment(process.env), database, log });
  const problem = await spend.follow(store.snapshot());
  if (problem !== undefined) return problem;
  const retentionMs = spend.spend === undefined ? environment.retentionMs : 0;
  const records = recordsWithSums(database);
  const recording = recordRequests({ records, retentionMs, log });
  const counts = (): RecordCounts => {
    const { waiting, dropped } = recording.counts();
    return { waiting: waiting + (spend.status()?.waiting ?? 0), dropped };
  };
  return {
    spend,
    recording: { ...recording, counts },
    retentionMs,
    insert: records.insert,
  };
}

/** How often other processes learn the state of the database. */
const STATUS_MS = 250;

function failed(lines: readonly string[]): number {
  for (const line of lines) console.error(`llm-proxy: ${line}`);
  return EXIT.failed;
}

function modeOf({ url }: Environment): Mode {
  return url.startsWith('sqlite') ? 'sqlite' : 'postgres';
}

/** Logs in a few lines what was loaded and where the gateway listens. */
function announce({ url, log, snapshot }: Serving, { config }: DatabaseFlags): void {
  const { access, providers, models, warnings } = snapshot();
  const keys = access.kind === 'keys' ? new Set([...access.keys.values()].map(({ name }) => name)).size : 0;
  log.say('info', 'started', { address: url });
  log.say('info', 'loaded', { providers: providers.size, models: models.size, keys });
  if (config !== undefined) {
    log.say('warn', 'warning', {
      text: `DB_URL is set, so ${config} is not read; "llm-proxy import" imports it.`,
    });
  }
  for (const text of warnings) log.say('warn', 'warning', { text });
  announceTranslation(snapshot(), log);
}

/** Applies a changed configuration. */
async function accept(next: CompiledConfig, { snapshot, swap, emit, log }: Serving): Promise<void> {
  const before = snapshot();
  const { version, server } = next.snapshot;
  const swapped = swap(next);
  // Each write is a new version, so warnings that the previous version had are not repeated.
  const warnings = next.snapshot.warnings.filter((text) => !before.warnings.includes(text));
  if (version !== before.version) emit({ type: 'configuration-accepted', version, warnings });
  const { host, port } = server;
  if (host !== before.server.host || port !== before.server.port)
    log.say('warn', 'needsRestart', { address: addressText({ host, port }) });
  tellSharedStateChange(before, next.snapshot, log);
  await swapped;
  if (next.step === undefined) await freeAfterLoading(next.snapshot);
}

function report(event: Exclude<StoreEvent, Changed>, { emit, log }: Serving): void {
  switch (event.type) {
    case 'refused':
      return emit({ type: 'configuration-refused', problems: event.reasons });
    case 'lost':
      return log.say('warn', 'storeLost', { reason: event.reason });
    case 'not-adopted':
      return log.say('error', 'warning', {
        text: `The contents of the database are not used: ${event.reason}. The configuration in force stays; POST /admin/v1/config/reload loads the one in the database.`,
      });
    case 'back':
      return log.say('info', 'storeBack');
    case 'last-good-not-written':
      return log.say('warn', 'warning', {
        text: `The last configuration could not be saved to ${event.path} (SNAPSHOT_FILE): ${event.reason}`,
      });
  }
}
