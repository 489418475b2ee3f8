import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FolderOptions, type JournalFolder, openFolder } from '../../../src/spend/journal/folder.ts';
import type { CloseLine, OpenLine, Use } from '../../../src/spend/journal/line.ts';
import { JournalWriter, type WriterOptions } from '../../../src/spend/journal/writer.ts';
import { Ledger } from '../../../src/spend/ledger/ledger.ts';
import type { LedgerOptions, LedgerTrouble } from '../../../src/spend/ledger/ledger-options.ts';
import type { Database } from '../../../src/store/database.ts';
import type { RequestRecord } from '../../../src/store/records/request-record.ts';
import { record } from '../store/request-records.ts';

export const AT_MS = 1_767_225_600_000;
export const COUNTER = 'key:app/cost/month';

export function newFolder(more: Partial<FolderOptions> = {}): JournalFolder {
  const path = mkdtempSync(join(tmpdir(), 'llm-proxy-journal-'));
  return openFolder({ path, isNamed: true, allowsNetworkDisk: false, ...more });
}

export function openLine(id: string, amount = 700, more: Partial<OpenLine> = {}): OpenLine {
  const holds: Use[] = [[COUNTER, AT_MS, amount]];
  const names = { key: 'app', keyId: 'app', model: 'fast' };
  return { t: 'open', id, atMs: AT_MS + 1, holds, holdNano: amount, names, ...more };
}

export function closeLine(id: string, amount = 500, more: Partial<RequestRecord> = {}): CloseLine {
  return {
    t: 'close',
    id,
    record: record({
      requestId: id,
      endedAtMs: AT_MS + 5,
      key: 'app',
      keyId: 'app',
      costNano: amount,
      ...more,
    }),
    uses: [[COUNTER, AT_MS, amount]],
  };
}

export function newWriter(
  folder: JournalFolder,
  life: number,
  more: Partial<WriterOptions> = {},
): JournalWriter {
  return new JournalWriter({
    folder: folder.path,
    node: folder.node,
    worker: 1,
    life,
    fsyncMs: 1000,
    maxBytes: 2 ** 30,
    onTrouble: () => undefined,
    ...more,
  });
}

/** A ledger, with the troubles that it reports and the amounts that it moves. */
export function newLedger(database: Database, folder: JournalFolder, more: Partial<LedgerOptions> = {}) {
  const troubles: LedgerTrouble[] = [];
  const moved: Use[] = [];
  const ledger = new Ledger({
    folder,
    database,
    keepsRecords: true,
    maxBytes: 2 ** 30,
    nowMs: () => AT_MS + 1000,
    onTrouble: (trouble) => troubles.push(trouble),
    onMoved: (use) => moved.push(use),
    ...more,
  });
  return { ledger, troubles, moved };
}
