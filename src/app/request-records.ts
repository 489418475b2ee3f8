import type { Emit } from '../gateway/ports.ts';
import { type RecordTrouble, RequestRecordQueue } from '../store/records/request-record-queue.ts';
import type { RequestRecords } from '../store/records/request-record-table.ts';
import type { RecordCounts } from '../telemetry/metrics/metrics.ts';
import type { Log } from '../telemetry/log/log.ts';

/** Writes the requests of a running gateway to its database. */
export interface Recording {
  readonly listen: Emit;
  /** The number of records that wait for the database, and of those lost. */
  readonly counts: () => RecordCounts;
  /** Writes the remaining records; the database must still be open. */
  readonly close: () => Promise<void>;
}

export interface RecordingOptions {
  readonly records: Pick<RequestRecords, 'insert' | 'prune'>;
  /** 0: nothing is recorded. */
  readonly retentionMs: number;
  /** The log for failures; undefined until it is open. */
  readonly log: () => Log | undefined;
}

/** Records all requests and keeps the records for `retentionMs`. */
export function recordRequests({ records, retentionMs, log }: RecordingOptions): Recording {
  if (retentionMs === 0) {
    const counts = (): RecordCounts => ({ waiting: 0, dropped: 0 });
    return { listen: () => undefined, counts, close: () => Promise.resolve() };
  }
  const queue = new RequestRecordQueue({
    records,
    retentionMs,
    nowMs: Date.now,
    onTrouble: (trouble) => log()?.say('warn', 'warning', { text: troubleText(trouble) }),
  });
  return {
    listen: queue.listen,
    counts: () => ({ waiting: queue.waiting, dropped: queue.dropped }),
    close: () => queue.close(),
  };
}

function troubleText(trouble: RecordTrouble): string {
  switch (trouble.type) {
    case 'held':
      return `Request records wait until the database accepts them: ${trouble.reason}`;
    case 'dropped':
      return `Request records were lost, ${trouble.count} so far: the database did not accept them in time`;
    case 'refused':
      return `The database refuses the record of request ${trouble.requestId}, which is lost: ${trouble.reason}`;
    case 'not-pruned':
      return `Old request records could not be deleted: ${trouble.reason}`;
  }
}
