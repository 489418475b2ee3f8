import type { Snapshot } from '../config/snapshot.ts';
import { driverOf } from '../config/spend-settings.ts';
import { type Claim, isBucketPeriod } from '../limits/claim.ts';
import type { Database } from '../store/database.ts';
import type { LedgerTrouble, SharedUse } from '../spend/ledger/ledger-options.ts';
import type { Use } from '../spend/journal/line.ts';
import type { JournalOrders } from '../spend/process-journal.ts';
import type { Spend, SpendStatus } from '../spend/spend.ts';
import type { Log } from '../telemetry/log/log.ts';
import { LaterSide } from './later-side.ts';

export interface SpendSideOptions {
  /** Relative paths of `spend` are below it. */
  readonly dataFolder: string;
  /** undefined: the configuration is in a file, and `spend.store` counts. */
  readonly database: Database | undefined;
  /** How long rows of requests are kept; 0: none are written. */
  readonly recordsMs: number;
  readonly quartersMs: number;
  readonly log: () => Log | undefined;
}

/**
 * The ledger of a gateway, in the process that has the configuration. It is opened when the configuration first needs it,
 * and its code is loaded then.
 */
export class SpendSide {
  readonly #options: SpendSideOptions;
  #spend: Spend | undefined;
  #hasFailed = false;
  #adopting: Promise<void> | undefined;
  #onMoved: ((use: Use) => void) | undefined;
  #onStored: (() => void) | undefined;
  #onOpened: (() => Promise<void>) | undefined;
  #shared: SharedUse | undefined;
  #snapshot: Snapshot | undefined;
  /** Settles what providers report later. */
  readonly later: LaterSide;

  constructor(options: SpendSideOptions) {
    this.#options = options;
    this.later = new LaterSide({
      database: this.database,
      snapshot: () => this.#snapshot,
      onBug: (error) => options.log()?.say('error', 'bug', { error: String(error) }),
    });
  }

  /** The database of the ledger; undefined while there is none. */
  readonly database = (): Database | undefined => this.#spend?.database;

  get spend(): Spend | undefined {
    return this.#spend;
  }

  /**
   * Prepares the ledger before requests are served with a configuration. Resolves with a sentence that says why its
   * limits cannot be kept. Undefined, also instead of a promise, means success.
   */
  follow(snapshot: Snapshot): Promise<string | undefined> | undefined {
    this.#snapshot = snapshot;
    const { limits, spend } = snapshot;
    const { database, recordsMs } = this.#options;
    const isWanted = limits.needsJournal || (database !== undefined && recordsMs > 0);
    if (this.#spend === undefined && (!isWanted || spend.journal === undefined)) return undefined;
    return this.#follow(snapshot);
  }

  /** Applies changed configurations in order, each once the ledger is ready for it. */
  adopt(snapshot: Snapshot, apply: () => Promise<void>): Promise<void> {
    const following = this.follow(snapshot);
    if (following === undefined && this.#adopting === undefined) return apply();
    const adopting = Promise.all([following, this.#adopting]).then(([problem]) => {
      if (problem !== undefined) this.#options.log()?.say('error', 'warning', { text: problem });
      return apply();
    });
    this.#adopting = adopting;
    return adopting;
  }

  /** Calls back when the use of a counter changes other than by a request. */
  onMoved(listener: (use: Use) => void): void {
    this.#onMoved = listener;
  }

  /** Calls back after each flush that stored anything. */
  onStored(listener: () => void): void {
    this.#onStored = listener;
  }

  /** Tells what limits that several machines share need. The snapshot at the opening has to say that they are shared. */
  share(shared: SharedUse): void {
    this.#shared = shared;
  }

  /** Calls back, and waits, when the ledger is opened after the start. */
  onOpened(listener: () => Promise<void>): void {
    this.#onOpened = listener;
  }

  readonly begin = (worker: number): JournalOrders | undefined => this.#spend?.begin(worker);
  readonly chargeLost = (life: number): readonly Use[] => this.#spend?.chargeLost(life) ?? [];
  readonly usedOf = (counter: string, windowMs: number): number =>
    this.#spend?.usedOf(counter, windowMs) ?? 0;
  /** The same without the journals' newest lines, which takes no reading. */
  readonly knownOf = (counter: string, windowMs: number): number =>
    this.#spend?.knownOf(counter, windowMs) ?? 0;
  readonly status = (): SpendStatus | undefined => this.#spend?.status();

  /** Stores what the journals have, and tells the counters of new entries. Never rejects. */
  async flush(): Promise<void> {
    await this.#spend?.flush();
  }

  /** Stores the rest. */
  async close(): Promise<void> {
    await this.later.close();
    await this.#spend?.close();
  }

  async #follow(snapshot: Snapshot): Promise<string | undefined> {
    const { limits } = snapshot;
    if (this.#spend === undefined) {
      const problem = this.#hasFailed
        ? 'the folder could not be used at the start'
        : await this.#open(snapshot);
      if (problem !== undefined) return this.#explain(snapshot, problem);
    }
    await this.#spend?.prepare(limits);
    return undefined;
  }

  /** Resolves with the reason why the ledger cannot be opened. */
  async #open({ spend: settings, limits, sharedState }: Snapshot): Promise<string | undefined> {
    const { openSpend } = await import('../spend/spend.ts');
    const { FolderUnusable } = await import('../spend/journal/folder.ts');
    const { StoreUnavailable } = await import('../store/database.ts');
    const { database } = this.#options;
    try {
      this.#spend = await openSpend({
        ...this.#options,
        settings,
        limits,
        onTrouble: (trouble) => tell(trouble, this.#options.log()),
        onMoved: (use) => this.#onMoved?.(use),
        onStored: () => this.#onStored?.(),
        // Without PostgreSQL, gateways share no limits of a ledger.
        ...(database?.dialect.kind === 'postgres' &&
          driverOf(sharedState, true) !== 'none' && {
            shared: {
              onStored: (uses) => this.#shared?.onStored(uses),
              onFound: (use) => this.#shared?.onFound(use),
              onEntered: (entries) => this.#shared?.onEntered(entries),
            },
          }),
      });
      await this.#onOpened?.();
      return undefined;
    } catch (error) {
      if (!(error instanceof FolderUnusable || error instanceof StoreUnavailable)) throw error;
      this.#hasFailed = true;
      return error.message;
    }
  }

  /** Without such limits, only request records are at risk, and they can wait in memory. */
  #explain({ limits }: Snapshot, problem: string): string | undefined {
    if (limits.needsJournal) return needsFolder(limits.all(), problem);
    const text = `Request records are kept in memory until the database has them: spend.journal cannot be used (${problem})`;
    this.#options.log()?.say('warn', 'warning', { text });
    return undefined;
  }
}

/** The message about limits that a restart would reset. */
export function needsFolder(claims: Iterable<Claim>, problem: string): string {
  return `${ownerOf(claims)} need a writable folder for spend.journal (${problem}). Mount one, or set spend.journal: memory.`;
}

function ownerOf(claims: Iterable<Claim>): string {
  for (const { period, scope, name } of claims) {
    if (period === undefined || isBucketPeriod(period)) continue;
    if (scope === 'global') return 'limits of the whole gateway';
    return `limits of ${scope === 'team_user' ? 'user' : scope} "${name}"`;
  }
  return 'limits of end users, or of requests under way,';
}

function tell(trouble: LedgerTrouble, log: Log | undefined): void {
  switch (trouble.type) {
    case 'held':
      return log?.say('warn', 'warning', {
        text: `Request records and usage wait until the database accepts them: ${trouble.reason}`,
      });
    case 'torn':
      return log?.say('warn', 'warning', {
        text: `A line of the journal ${trouble.file} could not be read and is skipped`,
      });
    case 'refused':
      return log?.say('error', 'warning', {
        text: `The database refuses the record of request ${trouble.requestId}, which is kept in ${trouble.path}: ${trouble.reason}`,
      });
  }
}
