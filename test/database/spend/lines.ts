import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListNeighbour } from '../../../src/lib/neighbour-list.ts';
import { type FolderOptions, type JournalFolder, openFolder } from '../../../src/spend/journal/folder.ts';
import type { CloseLine, GrowLine, OpenLine, Use } from '../../../src/spend/journal/line.ts';
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

/** A writer of given lines, in place of requests. */
export function newWriter(folder: JournalFolder, life: number, more: Partial<WriterOptions> = {}) {
  const options = {
    folder: folder.path,
    node: folder.node,
    worker: 1,
    life,
    fsyncMs: 1000,
    maxBytes: 2 ** 30,
    onTrouble: () => undefined,
    ...more,
  };
  const writer = new JournalWriter<OpenedByLine>(options, ({ line }) => line);
  const opens = new Map<string, OpenedByLine>();
  return {
    open(line: OpenLine): void {
      const opened = { line, before: undefined, after: undefined };
      opens.set(line.id, opened);
      writer.open(opened);
    },
    grow(line: GrowLine): void {
      const opened = opens.get(line.id);
      const { holds, atMs } = line;
      if (opened !== undefined)
        opened.line = { ...opened.line, holds, atMs, holdNano: line.holdNano ?? opened.line.holdNano };
      writer.grow(line);
    },
    close(line: CloseLine): void {
      writer.close(line, opens.get(line.id));
      opens.delete(line.id);
    },
    flush: writer.flush,
    end: () => writer.end(),
    get isDegraded() {
      return writer.isDegraded;
    },
  };
}

interface OpenedByLine extends ListNeighbour {
  line: OpenLine;
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
