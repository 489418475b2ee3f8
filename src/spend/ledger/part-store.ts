import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRefusedValue } from '../../store/refused-row.ts';
import type { CloseLine } from '../journal/line.ts';
import type { ScannedFile } from '../journal/scan.ts';
import type { LedgerOptions } from './ledger-options.ts';
import { BATCH, closesBetween, nextPart } from './next-part.ts';
import { readAcked } from './read-ledger.ts';
import { type JournalPart, PartMoved, storeBatch } from './store-batch.ts';

/** The file in the journal's folder with the requests that the database refused: one JSON object a line. */
export const REFUSED_FILE = 'refused.jsonl';

type PartStoreOptions = Pick<LedgerOptions, 'database' | 'folder' | 'keepsRecords' | 'nowMs' | 'onTrouble'>;

/**
 * The requests of a part. `known`: another process, or an earlier try, had stored them. `lost`: the database had them, and was
 * replaced by an older one.
 */
export interface StoredPart {
  readonly closes: readonly CloseLine[];
  readonly kind: 'stored' | 'known' | 'lost';
}

/** Stores journal files part by part. A request that the database refuses is put aside, so that later ones are stored. */
export class PartStore {
  readonly #options: PartStoreOptions;

  constructor(options: PartStoreOptions) {
    this.#options = options;
  }

  /** Stores the next part of a file, or finds that it is stored or lost, and moves `ackedAt`. Throws `StoreUnavailable`. */
  async store(file: ScannedFile): Promise<StoredPart> {
    const fromAt = file.ackedAt;
    try {
      return { closes: await this.#storeNext(file), kind: 'stored' };
    } catch (error) {
      if (!(error instanceof PartMoved)) throw error;
      const ackedAt = await this.#options.database.read((sql) => readAcked(sql, file.name));
      file.ackedAt = ackedAt;
      if (ackedAt < fromAt)
        return { closes: closesBetween({ ...file, ackedAt: fromAt }, ackedAt), kind: 'lost' };
      return { closes: closesBetween(file, fromAt), kind: 'known' };
    }
  }

  async #storeNext(file: ScannedFile): Promise<readonly CloseLine[]> {
    for (let most = BATCH; ;) {
      const { part, closes } = nextPart(file, most);
      try {
        await this.#write(file, part, { closes, isWhole: true });
        file.ackedAt = part.toAt;
        return closes;
      } catch (error) {
        const [refused] = closes;
        if (refused === undefined || !isRefusedValue(error)) throw error;
        // Finds the request among the others.
        most = Math.ceil(closes.length / 2);
        if (closes.length > 1) continue;
        await this.#putAside(file, part, { refused, error });
        file.ackedAt = part.toAt;
        return closes;
      }
    }
  }

  /** Keeps what a request used of its limits, and writes the rest of it to a file. */
  async #putAside(
    file: ScannedFile,
    part: JournalPart,
    { refused, error }: { readonly refused: CloseLine; readonly error: unknown },
  ): Promise<void> {
    const { folder, nowMs, onTrouble } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    const path = join(folder.path, REFUSED_FILE);
    const line = { at: new Date(nowMs()).toISOString(), file: file.name, reason, request: refused };
    appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    onTrouble({ type: 'refused', requestId: refused.id, path, reason });
    try {
      await this.#write(file, part, { closes: [refused], isWhole: false });
    } catch (again) {
      if (!isRefusedValue(again)) throw again;
      await this.#write(file, part, { closes: [], isWhole: false });
    }
  }

  #write(
    { node }: ScannedFile,
    part: JournalPart,
    batch: { readonly closes: readonly CloseLine[]; readonly isWhole: boolean },
  ): Promise<void> {
    const { database, keepsRecords, nowMs } = this.#options;
    return database.write((sql) => storeBatch(sql, { ...batch, node, part, keepsRecords, nowMs: nowMs() }));
  }
}
