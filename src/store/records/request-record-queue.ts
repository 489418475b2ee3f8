import type { GatewayEvent } from '../../gateway/events.ts';
import { isRefusedValue } from '../refused-row.ts';
import { recordOf, type RequestRecord } from './request-record.ts';
import type { RequestRecords } from './request-record-table.ts';

/** A problem with the records. `held`: they wait for the database; reported once until it accepts them again. */
export type RecordTrouble =
  | { readonly type: 'held'; readonly reason: string }
  /** Lost since the start. Reported at most once a minute, and at the end. */
  | { readonly type: 'dropped'; readonly count: number }
  /** The database refused the values of a record, which is lost. */
  | { readonly type: 'refused'; readonly requestId: string; readonly reason: string }
  | { readonly type: 'not-pruned'; readonly reason: string };

export interface RecordQueueOptions {
  readonly records: Pick<RequestRecords, 'insert' | 'prune'>;
  /** Older records are deleted. */
  readonly retentionMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onTrouble: (trouble: RecordTrouble) => void;
  /** The maximum number of waiting records; further ones are dropped. */
  readonly mostWaiting?: number;
}

/** How long a record waits before it is written, and how long a failed write waits for the next try. */
const FLUSH_MS = 1000;
/** Records per transaction; that many are written without waiting. SQLite blocks the thread meanwhile. */
const BATCH = 250;
/** About 15 MB. */
const MOST_WAITING = 50_000;
const PRUNE_MS = 3_600_000;
const TELL_MS = 60_000;
/** Longer than the time limit of a transaction on a database that does not answer. */
const CLOSE_MS = 6000;

/**
 * Queues a record of every finished request for the database. No request waits for it: while the database is down,
 * records are kept up to a bound and written when it is back.
 */
export class RequestRecordQueue {
  readonly #options: RecordQueueOptions;
  readonly #mostWaiting: number;
  /** In the order in which the requests ended; records stay until they are written. */
  readonly #waiting: RequestRecord[] = [];
  #writing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #timerMs = Infinity;
  readonly #pruner: Timer;
  #pruning: Promise<void>;
  #isHeld = false;
  #isClosing = false;
  #dropped = 0;
  #toldAtMs = -Infinity;

  constructor(options: RecordQueueOptions) {
    this.#options = options;
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.#pruning = this.#prune();
    this.#pruner = setInterval(() => {
      this.#pruning = this.#pruning.then(() => this.#prune());
    }, PRUNE_MS);
    this.#pruner.unref();
  }

  /** Records that are not written yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Records lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly listen = (event: GatewayEvent): void => {
    if (event.type !== 'request-ended') return;
    if (this.#waiting.length >= this.#mostWaiting) return this.#drop(1);
    this.#waiting.push(recordOf(event, this.#options.nowMs()));
    this.#plan(this.#waiting.length >= BATCH && !this.#isHeld ? 0 : FLUSH_MS);
  };

  /** Writes waiting records. Resolves when less than a batch is left, or when the database fails. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0 && !this.#isClosing) this.#plan(FLUSH_MS);
    });
    return this.#writing;
  }

  /** Writes all waiting records while the database accepts them, and drops the rest. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#pruner);
    clearTimeout(this.#timer);
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    // The write under way may already have failed, so one more is worth a try.
    await Promise.race([late, this.flush().then(() => Promise.all([this.flush(), this.#pruning]))]);
    clearTimeout(timer);
    if (this.#waiting.length > 0) {
      this.#toldAtMs = -Infinity;
      this.#drop(this.#waiting.splice(0).length);
    }
  }

  #plan(afterMs: number): void {
    if (this.#writing !== undefined || this.#timerMs <= afterMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = afterMs;
    this.#timer = setTimeout(() => void this.flush(), afterMs);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timerMs = Infinity;
    let most = BATCH;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, most);
      try {
        await this.#options.records.insert(batch);
        most = BATCH;
      } catch (error) {
        if (isRefusedValue(error)) {
          most = this.#narrow(batch.length, error);
          continue;
        }
        if (!this.#isHeld) this.#options.onTrouble({ type: 'held', reason: reasonOf(error) });
        this.#isHeld = true;
        return;
      }
      this.#isHeld = false;
      this.#waiting.splice(0, batch.length);
      // New records that do not fill a batch can wait.
      if (this.#waiting.length < BATCH && !this.#isClosing) return;
      await Bun.sleep(0);
    }
  }

  /** Finds a refused record among the others, and drops it. Returns how many to try next. */
  #narrow(tried: number, error: unknown): number {
    if (tried > 1) return Math.ceil(tried / 2);
    const [record] = this.#waiting.splice(0, 1);
    const requestId = record?.requestId ?? '';
    this.#options.onTrouble({ type: 'refused', requestId, reason: reasonOf(error) });
    this.#drop(1);
    return BATCH;
  }

  #drop(count: number): void {
    this.#dropped += count;
    const nowMs = this.#options.nowMs();
    if (nowMs - this.#toldAtMs < TELL_MS) return;
    this.#toldAtMs = nowMs;
    this.#options.onTrouble({ type: 'dropped', count: this.#dropped });
  }

  async #prune(): Promise<void> {
    const { records, nowMs, retentionMs, onTrouble } = this.#options;
    const beforeMs = nowMs() - retentionMs;
    try {
      while (!this.#isClosing && (await records.prune(beforeMs))) await Bun.sleep(1);
    } catch (error) {
      onTrouble({ type: 'not-pruned', reason: reasonOf(error) });
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
