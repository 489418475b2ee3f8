import type { Snapshot } from '../config/snapshot.ts';
import type { DatabaseStatus } from '../gateway/ports.ts';
import { type AdminTables, adminTables } from './admin-tables.ts';
import { requireSuccessor, whyNoSuccessor } from './adoption.ts';
import {
  change,
  type ChangeContext,
  type Changed,
  type Edit,
  RevisionRefused,
  rollback,
  type WriteContext,
} from './change.ts';
import type { CompiledRevision } from './compile-plain-revision.ts';
import { type Database, openDatabase, StoreUnavailable } from './database.ts';
import { describeChanges } from './describe-changes.ts';
import { findingText, reasonOf } from './finding-text.ts';
import { findRevision, type FoundRevision, readWhole } from './follow-revision.ts';
import { compileAfter } from './compile-after.ts';
import { type LastGood, openLastGood } from './last-good.ts';
import { migrateUp, requireSchema } from './migrate.ts';
import { StoreHealth } from './store-health.ts';
import { type RequestRecords, requestRecords } from './records/request-record-table.ts';
import type { Revision } from './revision.ts';
import type { HistoryItem, StoreOptions } from './store-options.ts';
import { type ConsoleTables, consoleTables } from './console/console-tables.ts';
import { objectOwnerTable } from './object-owner-table.ts';
import { readHistory, readVersion } from './tables.ts';

/** Two polls fit into the second within which a change elsewhere must take effect. */
const POLL_MS = 400;

/**
 * Opens the database, updates its schema and follows its changes. Without the database, the last good configuration is
 * in force until it is back. Throws `StoreUnavailable` if neither exists, `SchemaMismatch`, `SealBroken`, or
 * `RevisionRefused`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  let store: Store | undefined;
  const database = openDatabase(options.url, { onLost: () => store?.connectionLost() });
  store = new Store(options, database);
  try {
    await store.start();
    return store;
  } catch (error) {
    await store.close().catch(() => undefined);
    throw error;
  }
}

/** The configuration in a database, as one process knows it. Use `openStore` to create one. */
export class Store {
  /** The records of past requests, the owners of the providers' objects, and what the Admin API and the console keep. */
  readonly requests: RequestRecords;
  readonly objects: ReturnType<typeof objectOwnerTable>;
  readonly admin: AdminTables;
  readonly console: ConsoleTables;
  readonly database: Database;
  readonly #options: StoreOptions;
  readonly #health = new StoreHealth();
  readonly #lastGood: LastGood | undefined;
  #current: Changed | undefined;
  /** Counts the configurations put in force, to detect that an earlier poll is outdated. */
  #turn = 0;
  #refusedVersion: number | undefined;
  /** Why the database's contents are not adopted; undefined: they are. */
  #refusalToAdopt: string | undefined;
  #isSchemaChecked = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: StoreOptions, database: Database) {
    this.#options = options;
    this.database = database;
    this.requests = requestRecords(database);
    this.objects = objectOwnerTable(database);
    this.admin = adminTables(database, options);
    this.console = consoleTables(database);
    this.#lastGood = openLastGood(options, database.place);
  }

  async start(): Promise<void> {
    try {
      await this.#checkSchema();
      const found = await this.read();
      const last = await this.#lastInForce(found);
      if (last === undefined) this.#accept(this.#compiled(found));
      else this.#current = last;
      this.#health.answered();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      const revision = await this.#lastGood?.read();
      if (revision === undefined) throw error;
      this.#current = this.#compiled(revision);
      this.#lost(error);
    }
    this.#schedule(POLL_MS);
  }

  /** The configuration before the start, if the database's contents do not succeed it. */
  async #lastInForce(found: Revision): Promise<Changed | undefined> {
    const last = await this.#lastGood?.read().catch(() => undefined);
    const reason = last && whyNoSuccessor(found, last);
    if (last === undefined || reason === undefined) return undefined;
    const compiled = this.#compile(last);
    if (compiled.kind === 'refused') return undefined;
    this.#notAdopted(reason);
    return { revision: last, compiled };
  }

  /** The latest configuration that compiled. */
  snapshot(): Snapshot {
    return this.#inForce().compiled.snapshot;
  }

  /** The revision of the snapshot. */
  revision(): Revision {
    return this.#inForce().revision;
  }

  /** The configuration in the database. Throws `StoreUnavailable`. */
  read(): Promise<Revision> {
    return this.database.read((sql) => readWhole(sql, this.#options.keyring));
  }

  /** See the function `change`. When this resolves, the write is in force in this process. */
  async change(edit: Edit, context: ChangeContext): Promise<Revision> {
    return this.#accept(await change(edit, context, this.#writeContext())).revision;
  }

  /** See the function `rollback`. */
  async rollback(version: number, context: ChangeContext): Promise<Revision> {
    return this.#accept(await rollback(version, context, this.#writeContext())).revision;
  }

  /** Puts the database's contents in force, even of a different or older database. Throws as `preview` does. */
  async refresh(): Promise<Revision> {
    const turn = this.#turn;
    const changed = this.#compiled(await this.read());
    if (turn !== this.#turn) return this.refresh();
    if (this.#refusalToAdopt !== undefined) this.#lastGood?.keep();
    return this.#accept(changed).revision;
  }

  /** Polls the database now. */
  look(): void {
    this.#schedule(0);
  }

  /** The state of the database. */
  status(): DatabaseStatus {
    return {
      isStale: this.isStale(),
      isAnswering: this.#health.isAnswering(),
      sinceAnswerMs: this.#health.sinceAnswerMs(),
      notAdopted: this.#refusalToAdopt,
    };
  }

  /** The result of a write without writing. Throws `StoreUnavailable` or `RevisionRefused`. */
  async preview(edit: Edit): Promise<Snapshot> {
    const before = await this.read();
    const changedAt = this.#options.now().toISOString();
    const resources = edit(before, changedAt);
    const hadKeys = before.hadKeys || resources.master_keys.size > 0;
    return this.#compiled({ version: before.version + 1, changedAt, hadKeys, resources }).compiled.snapshot;
  }

  /** The writes with a version below `before`, the newest first. */
  history({ before, limit }: { readonly before: number; readonly limit: number }): Promise<HistoryItem[]> {
    return this.database.read(async (sql) => {
      const entries = await readHistory(sql, { atLeast: 0, atMost: before - 1, limit });
      return entries.map((entry) => ({ ...entry, changes: describeChanges(entry.changes) }));
    });
  }

  /** Whether the database is currently unavailable. */
  isStale(): boolean {
    return this.#health.isStale();
  }

  /** A connection broke, as an idle one may. A poll shows whether the database is still there. */
  connectionLost(): void {
    // Failed attempts to connect end here too, and must not make the next one come sooner.
    if (this.#health.suspect() && this.#current !== undefined) this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#lastGood?.settled();
    await this.database.close();
  }

  #inForce(): Changed {
    if (this.#current === undefined) throw new Error('the store was not started');
    return this.#current;
  }

  async #checkSchema(): Promise<void> {
    await (this.#options.migrates ? migrateUp(this.database) : requireSchema(this.database));
    this.#isSchemaChecked = true;
  }

  #writeContext(): WriteContext {
    const { keyring, now } = this.#options;
    return {
      database: this.database,
      keyring,
      now,
      compile: (revision) => this.#compile(revision),
      inForce: () => this.#current?.revision,
      requireAdopted: (found) => requireSuccessor(found, this.#current?.revision),
    };
  }

  #compile(revision: Revision): CompiledRevision {
    const { env, overrides, now } = this.#options;
    const context = { env, overrides, now: now(), isStale: () => this.isStale() };
    return compileAfter(this.#current, revision, context);
  }

  #compiled(revision: Revision): Changed {
    const compiled = this.#compile(revision);
    if (compiled.kind === 'refused') throw new RevisionRefused(compiled.findings);
    return { revision, compiled };
  }

  #accept(changed: Changed): Changed {
    this.#turn++;
    this.#current = changed;
    this.#refusedVersion = undefined;
    this.#refusalToAdopt = undefined;
    const { revision, compiled } = changed;
    this.#options.onEvent({ type: 'changed', snapshot: compiled.snapshot, revision, step: compiled.step });
    this.#lastGood?.write(revision);
    return changed;
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#poll().finally(() => this.#schedule(POLL_MS)), afterMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const turn = this.#turn;
    try {
      if (!this.#isSchemaChecked) await this.#checkSchema();
      const found = await this.#findChange();
      if (this.#health.answered()) this.#options.onEvent({ type: 'back' });
      // A configuration put in force meanwhile is at least as new as what was found.
      if (found !== undefined && turn === this.#turn && !this.#isClosed) this.#adopt(found);
    } catch (error) {
      if (this.#isClosed) return;
      if (error instanceof StoreUnavailable) this.#lost(error);
      else this.#refused(error);
    }
  }

  /** Opens the revision in the database; undefined: it is in force or was refused. */
  #findChange(): Promise<FoundRevision | undefined> {
    const { revision } = this.#current ?? {};
    return this.database.read(async (sql) => {
      const found = await readVersion(sql);
      const strangeness = revision && whyNoSuccessor(found, revision);
      if (strangeness !== undefined) return this.#notAdopted(strangeness);
      this.#refusalToAdopt = undefined;
      if (found.version === revision?.version || found.version === this.#refusedVersion) return undefined;
      return findRevision(sql, this.#options.keyring, { known: revision, found });
    });
  }

  #adopt({ version, open }: FoundRevision): void {
    try {
      this.#accept(this.#compiled(open()));
    } catch (error) {
      // Report its errors once, not at each poll.
      this.#refusedVersion = version;
      throw error;
    }
  }

  /** Reports the reason once. */
  #notAdopted(reason: string): undefined {
    if (reason !== this.#refusalToAdopt) this.#options.onEvent({ type: 'not-adopted', reason });
    this.#refusalToAdopt = reason;
  }

  #lost(error: StoreUnavailable): void {
    if (this.#health.failed()) this.#options.onEvent({ type: 'lost', reason: error.message });
  }

  #refused(error: unknown): void {
    const reasons = error instanceof RevisionRefused ? error.findings.map(findingText) : [reasonOf(error)];
    this.#options.onEvent({ type: 'refused', reasons });
  }
}
