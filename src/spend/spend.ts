import { dirname, isAbsolute, join } from 'node:path';
import { mkdirSync } from 'node:fs';
import type { CompiledLimits } from '../config/compiled-limits.ts';
import type { SpendSettings } from '../config/spend-settings.ts';
import { type Database, openDatabase, StoreUnavailable } from '../store/database.ts';
import { migrateUp } from '../store/migrate.ts';
import { requestRecords } from '../store/records/request-record-table.ts';
import { type FolderOptions, type JournalFolder, openAbandoned, openFolder } from './journal/folder.ts';
import { folderBytes } from './journal/folder-bytes.ts';
import type { Use } from './journal/line.ts';
import { adoptJournals } from './journal/scan.ts';
import { Ledger } from './ledger/ledger.ts';
import type { LedgerTrouble, SharedUse } from './ledger/ledger-options.ts';
import { pruneLedger } from './ledger/prune.ts';
import type { JournalOrders } from './process-journal.ts';
import { Upkeep } from './upkeep.ts';

/** The ledger of a gateway, in the process that writes to the database. */
export interface Spend {
  readonly database: Database;
  /** The journal settings of a process that begins to serve. It counts as alive until `chargeLost`. */
  readonly begin: (worker: number) => JournalOrders;
  /** Charges the requests of a dead process what they held. */
  readonly chargeLost: (life: number) => readonly Use[];
  readonly usedOf: (counter: string, windowMs: number) => number;
  /** The same without what was written to the journals since the last flush. */
  readonly knownOf: (counter: string, windowMs: number) => number;
  /** The use on this machine that the database does not have. Needs the option `shared`. */
  readonly unstoredOf: (counter: string, windowMs: number) => number;
  /** The use of this machine that the database has. Needs the option `shared`. */
  readonly storedOf: (counter: string, windowMs: number) => number;
  /** Whether the last flush succeeded. */
  readonly isSettled: () => boolean;
  /** The id of the journal's folder, by which the ledger tells machines apart. */
  readonly node: string;
  /** Loads the past use of the windows of new limits. */
  readonly prepare: (limits: CompiledLimits) => Promise<void>;
  readonly status: () => SpendStatus;
  /** Stores the contents of the journals; resolves when that is done or has failed. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** For metrics. */
export interface SpendStatus {
  /** Of all journals in the folder. */
  readonly journalBytes: number;
  /** The part that the database does not have yet. */
  readonly unflushedBytes: number;
  /** Ended requests that the database does not have yet. */
  readonly waiting: number;
  /** The duration of the last flush that stored anything. */
  readonly flushSeconds: number;
}

export interface SpendOptions {
  readonly settings: SpendSettings;
  /** The limits in force. */
  readonly limits: CompiledLimits;
  /** Relative paths of the settings are below it. */
  readonly dataFolder: string;
  /** The database of database mode; undefined: `settings.store`. */
  readonly database?: Database | undefined;
  /** How long rows of requests are kept; 0: none are written. */
  readonly recordsMs: number;
  /** The retention of the sums behind reports. */
  readonly quartersMs: number;
  readonly onTrouble: (trouble: LedgerTrouble) => void;
  /** Called when the use of a counter changes other than by a request of this machine. */
  readonly onMoved: (use: Use) => void;
  /** Called after each flush that stored anything. */
  readonly onStored?: (() => void) | undefined;
  /** For limits that several machines share. */
  readonly shared?: SharedUse | undefined;
}

const PRUNE_MS = 3_600_000;

/**
 * Opens journal and ledger, and charges requests that earlier processes left open. Throws `FolderUnusable`, or
 * `StoreUnavailable` if `settings.store` cannot be opened.
 */
export async function openSpend(options: SpendOptions): Promise<Spend> {
  const { settings, dataFolder, recordsMs, onTrouble, onMoved, onStored, shared } = options;
  const place = folderOptions(settings, dataFolder);
  const folder = openFolder(place);
  let database: Database;
  try {
    for (const abandoned of openAbandoned(folder, place)) takeOver(abandoned, folder);
    database = options.database ?? (await openOwnDatabase(settings.store, dataFolder));
  } catch (error) {
    folder.close();
    throw error;
  }
  const ledger = new Ledger({
    folder,
    database,
    keepsRecords: recordsMs > 0,
    maxBytes: settings.maxJournalBytes,
    nowMs: Date.now,
    onTrouble,
    onMoved,
    onStored,
    shared,
  });
  await ledger.start(options.limits);
  const pruner = new Pruner(options, database, ledger);
  const upkeep = upkeepOf(options, database);
  return {
    database,
    begin: (worker) => ({
      folder: folder.path,
      node: folder.node,
      worker,
      life: ledger.begin(),
      fsyncMs: settings.fsyncMs,
      maxBytes: settings.maxJournalBytes,
      onFull: settings.onFull,
    }),
    chargeLost: (life) => ledger.chargeLost(life),
    usedOf: (counter, windowMs) => ledger.usedOf(counter, windowMs),
    knownOf: (counter, windowMs) => ledger.knownOf(counter, windowMs),
    unstoredOf: (counter, windowMs) => ledger.unstoredOf(counter, windowMs),
    storedOf: (counter, windowMs) => ledger.storedOf(counter, windowMs),
    isSettled: () => ledger.isSettled,
    node: folder.node,
    prepare: (limits) => ledger.prepare(limits),
    status: () => ({
      journalBytes: folderBytes(folder.path),
      unflushedBytes: ledger.unflushedBytes,
      flushSeconds: ledger.flushSeconds,
      waiting: ledger.waiting,
    }),
    flush: () => ledger.flushAll(),
    async close() {
      await upkeep?.close();
      await pruner.close();
      await ledger.close();
      if (options.database === undefined) await database.close();
    },
  };
}

/** In database mode, the program that opened the database maintains it. */
function upkeepOf(
  { database: opened, quartersMs: keptMs }: SpendOptions,
  database: Database,
): Upkeep | undefined {
  return opened === undefined ? new Upkeep({ database, keptMs, nowMs: Date.now }) : undefined;
}

/** The folder that `spend.journal` names, or the default one. */
export function folderOptions(settings: SpendSettings, dataFolder: string): FolderOptions {
  const path = settings.journal ?? '';
  return {
    path: isAbsolute(path) ? path : join(dataFolder, path),
    isNamed: settings.isJournalNamed,
    allowsNetworkDisk: settings.allowNetworkDisk,
  };
}

function takeOver(abandoned: JournalFolder, own: JournalFolder): void {
  try {
    adoptJournals(abandoned.path, own.path);
  } finally {
    abandoned.close();
  }
}

/** The database of file mode. */
export async function openOwnDatabase(store: string, dataFolder: string): Promise<Database> {
  const path = store.slice('sqlite://'.length);
  const file = isAbsolute(path) ? path : join(dataFolder, path);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreUnavailable(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const database = openDatabase(`sqlite://${file}`);
  try {
    await migrateUp(database);
    return database;
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
}

/** Deletes old rows, once an hour. */
class Pruner {
  readonly #options: SpendOptions;
  readonly #database: Database;
  readonly #ledger: Ledger;
  readonly #timer: Timer;
  #isClosing = false;
  #pruning: Promise<void>;

  constructor(options: SpendOptions, database: Database, ledger: Ledger) {
    this.#ledger = ledger;
    this.#options = options;
    this.#database = database;
    this.#pruning = this.#prune();
    this.#timer = setInterval(() => {
      this.#pruning = this.#pruning.then(() => this.#prune());
    }, PRUNE_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.#pruning;
  }

  async #prune(): Promise<void> {
    const { recordsMs, quartersMs } = this.#options;
    const records = requestRecords(this.#database);
    const nowMs = Date.now();
    const totals = this.#ledger.prune();
    try {
      if (recordsMs > 0) await this.#repeat(() => records.prune(nowMs - recordsMs));
      await this.#repeat(() => pruneLedger(this.#database, { quartersMs }, { nowMs, totals }));
    } catch {
      // The next hour is soon enough.
    }
  }

  async #repeat(piece: () => Promise<boolean>): Promise<void> {
    while (!this.#isClosing && (await piece())) await Bun.sleep(1);
  }
}
