import type { Database } from '../store/database.ts';
import { type RequestRecords, requestRecords } from '../store/records/request-record-table.ts';

/**
 * The records of a gateway without a journal: they come from memory. Their sums for reports are stored along with them.
 */
export function recordsWithSums(database: Database): Pick<RequestRecords, 'insert' | 'prune'> {
  return {
    prune: requestRecords(database).prune,
    async insert(records) {
      const { storeBatch } = await import('../spend/ledger/store-batch.ts');
      const closes = records.map(
        (record) => ({ t: 'close', id: record.requestId, record, uses: [] }) as const,
      );
      const batch = { closes, node: '', part: undefined, keepsRecords: true, nowMs: Date.now() };
      await database.write((sql) => storeBatch(sql, batch));
    },
  };
}
