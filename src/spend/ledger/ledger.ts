import { type CompiledLimits, noLimits } from '../../config/compiled-limits.ts';
import type { Use } from '../journal/line.ts';
import { Lives } from '../journal/lives.ts';
import { JournalScan, keptFiles, type ScannedFile } from '../journal/scan.ts';
import { tidyFolder } from '../journal/tidy.ts';
import { JournalWriter } from '../journal/writer.ts';
import type { LedgerOptions } from './ledger-options.ts';
import { lostRequest } from './lost-request.ts';
import { PartStore } from './part-store.ts';
import { KnownUse } from './known-use.ts';
import { readLedger, type StoredLedger } from './read-ledger.ts';
import { UnstoredUse } from './unstored.ts';

const FLUSH_MS = 1000;

/**
 * Stores the journals of all processes of this machine in the database, and knows the use of each counter. It runs in
 * the one process that holds the folder's lock.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #scan: JournalScan;
  readonly #known: KnownUse;
  readonly #parts: PartStore;
  /** Writes the ends of lost requests. */
  readonly #own: JournalWriter;
  readonly #lives: Lives;
  readonly #unstored: UnstoredUse | undefined;
  /** undefined: the database has not been read yet. */
  #stored: StoredLedger | undefined;
  #flushing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isHeld = false;
  #isRecounting = false;
  /** Ended requests that the database does not have. */
  #waiting = 0;
  #flushSeconds = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    const { folder, maxBytes, onTrouble, shared } = options;
    this.#unstored = shared && new UnstoredUse(shared.onStored);
    this.#lives = new Lives(folder);
    this.#known = new KnownUse(options);
    this.#parts = new PartStore(options);
    this.#scan = new JournalScan({
      folder: folder.path,
      onUses: (uses, file) => {
        this.#waiting += 1;
        this.#known.note(uses);
        this.#unstored?.note(uses);
        // A process of this start updates its counters itself.
        if (!this.#isRecounting && this.#lives.isForeign(file)) this.#tellFound(uses);
      },
      onTorn: (file) => onTrouble({ type: 'torn', file }),
    });
    const orders = {
      folder: folder.path,
      node: folder.node,
      worker: 0,
      life: this.#lives.first,
      fsyncMs: FLUSH_MS,
      maxBytes,
      onTrouble: () => undefined,
    };
    // It opens no requests.
    this.#own = new JournalWriter(orders, (request: never) => request);
  }

  /** Reads database and journals, and charges the requests of processes that have died. `limits`: those in force. */
  async start(limits: CompiledLimits = noLimits()): Promise<void> {
    this.#known.follow(limits);
    await this.#load();
    this.#chargeOrphans();
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** The number of the next process that writes journals here. It counts as alive until its death is reported. */
  begin(): number {
    return this.#lives.begin();
  }

  /** Charges the requests of a process that has died. Returns what they are charged. */
  chargeLost(life: number): Use[] {
    this.#lives.end(life);
    return this.#chargeWhere((file) => file.life === life && !this.#lives.isForeign(file));
  }

  /** The use of a counter in the window that began then, including all lines written until now. */
  usedOf(counter: string, windowMs: number): number {
    this.scan();
    return this.#known.usedOf(counter, windowMs);
  }

  /** The same without the lines since the last flush. */
  knownOf(counter: string, windowMs: number): number {
    return this.#known.usedOf(counter, windowMs);
  }

  /** The use on this machine that the database does not have. Needs the option `shared`. */
  unstoredOf(counter: string, windowMs: number): number {
    this.scan();
    return this.#unstored?.get(counter, windowMs) ?? 0;
  }

  /** The use of this machine that the database has. Needs the option `shared`. */
  storedOf(counter: string, windowMs: number): number {
    return this.#unstored?.storedOf(counter, windowMs) ?? 0;
  }

  /** Whether the last flush succeeded. */
  get isSettled(): boolean {
    return !this.#isHeld && this.#stored !== undefined;
  }

  /**
   * Loads the uncounted past use of the windows of limits. Call it before requests count towards them. Without the
   * database, they begin with what is known, and are corrected when it is back.
   */
  async prepare(limits: CompiledLimits): Promise<void> {
    if (!this.#known.follow(limits) || this.#stored === undefined) return;
    await this.flush();
    await this.#known.learn().catch((error: unknown) => this.#hold(error));
  }

  /** Bytes in journals that the database does not have yet. */
  get unflushedBytes(): number {
    return this.#scan.files.reduce(
      (sum, { scannedAt, ackedAt }) => sum + Math.max(0, scannedAt - ackedAt),
      0,
    );
  }

  /** Requests that ended and are not in the database yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Forgets ended windows. Returns the starts of windows that never end. */
  prune(): number[] {
    const { totals } = this.#known;
    this.#known.prune();
    this.#unstored?.prune(this.#options.nowMs(), totals);
    return totals;
  }

  /** How long the last flush that stored anything took. */
  get flushSeconds(): number {
    return this.#flushSeconds;
  }

  /** Reads what was written to the journals since. */
  readonly scan = (): void => this.#scan.scan((name) => this.#stored?.acked.get(name) ?? 0);

  /** Stores the contents of the journals. Resolves when all of it is stored, or the database fails. Never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** The same, and with all that was written until now. */
  async flushAll(): Promise<void> {
    await this.#flushing;
    await this.flush();
  }

  /** Stores what it can, and unlocks the folder. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushing;
    this.#own.end();
    await this.flush();
    this.#options.folder.close();
  }

  /** Reads the database. Never throws: without the database, only the journals are known. */
  async #load(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      this.#hold(error);
      this.scan();
    }
  }

  async #read(): Promise<void> {
    const { database, folder, nowMs } = this.#options;
    const { totals } = this.#known;
    const stored = await database.read((sql) =>
      readLedger(sql, { nowMs: nowMs(), totals, node: folder.node }),
    );
    const isBehind = keptFiles(folder.path).some(({ name, bytes }) => (stored.acked.get(name) ?? 0) < bytes);
    if (isBehind) this.#scan.takeBack();
    this.#begin(stored);
  }

  /** Reads the database if it was unavailable at the start. */
  async #catchUp(): Promise<void> {
    await this.#read();
    await this.#known.learn();
  }

  #begin(stored: StoredLedger): void {
    this.#stored = stored;
    this.#known.begin(stored, () => {
      this.#waiting = 0;
      this.#unstored?.begin(stored.windows);
      this.#isRecounting = true;
      this.#scan.recount((name) => stored.acked.get(name) ?? 0);
      this.#isRecounting = false;
      this.scan();
    });
  }

  /** Charges the requests of processes of earlier starts, as soon as these have died. */
  #chargeOrphans(): void {
    this.scan();
    this.#lives.look();
    // Checked first: a process that is dead now has already written everything, so the next scan finds all of it.
    const dead = new Set(
      this.#scan.files.filter((file) => this.#lives.isForeign(file) && !this.#lives.isAlive(file)),
    );
    const lost = this.#chargeWhere((file) => dead.has(file));
    this.#tellFound(lost);
  }

  #tellFound(uses: readonly Use[]): void {
    const { onMoved, shared } = this.#options;
    for (const use of uses) {
      onMoved(use);
      shared?.onFound(use);
    }
  }

  #chargeWhere(isDead: (file: ScannedFile) => boolean): Use[] {
    this.scan();
    const lost = this.#scan.opensIn(isDead).map(({ line }) => lostRequest(line));
    for (const line of lost) this.#own.close(line);
    this.#own.flush();
    this.scan();
    return lost.flatMap(({ uses }) => uses);
  }

  async #flush(): Promise<void> {
    const beganAt = performance.now();
    try {
      if (this.#stored === undefined) await this.#catchUp();
      this.#chargeOrphans();
      let isStored = false;
      for (const file of this.#scan.files) {
        while (file.ackedAt < file.scannedAt) {
          await this.#storePart(file);
          isStored = true;
        }
      }
      const entered = await this.#known.hear();
      if (entered.length > 0) this.#options.shared?.onEntered(entered);
      this.#isHeld = false;
      if (isStored) {
        this.#flushSeconds = (performance.now() - beganAt) / 1000;
        this.#options.onStored?.();
      }
      await this.#tidy();
    } catch (error) {
      this.#hold(error);
    }
  }

  async #storePart(file: ScannedFile): Promise<void> {
    const { closes, kind } = await this.#parts.store(file);
    const sign = kind === 'lost' ? -1 : 1;
    this.#waiting -= sign * closes.length;
    this.#unstored?.markStored(closes, sign);
  }

  /** Moves stored files away, and deletes old ones. */
  async #tidy(): Promise<void> {
    const { folder, maxBytes, nowMs, database } = this.#options;
    const deleted = tidyFolder(this.#scan, {
      folder: folder.path,
      maxBytes,
      nowMs: nowMs(),
      isAlive: (file) => this.#lives.isAlive(file),
    });
    if (deleted.length > 0) {
      await database.write((sql) => sql`delete from journals where file in ${sql(deleted)}`);
    }
  }

  #hold(error: unknown): void {
    if (!this.#isHeld) this.#options.onTrouble({ type: 'held', reason: (error as Error).message });
    this.#isHeld = true;
  }
}
