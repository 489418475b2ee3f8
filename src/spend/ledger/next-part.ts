import type { CloseLine } from '../journal/line.ts';
import { readLines } from '../journal/reader.ts';
import type { ScannedFile } from '../journal/scan.ts';
import type { JournalPart } from './store-batch.ts';

/** Requests per transaction. SQLite blocks the thread meanwhile. */
export const BATCH = 250;
const BATCH_BYTES = 256 * 1024;

/** The next part of a file that is to be stored, with up to `most` requests that end in it. */
export function nextPart(
  { path, name, ackedAt, scannedAt }: ScannedFile,
  most: number,
): {
  readonly part: JournalPart;
  readonly closes: readonly CloseLine[];
} {
  const closes: CloseLine[] = [];
  let toAt = ackedAt;
  for (const { line, endAt } of readLines(path, ackedAt, BATCH_BYTES)) {
    if (endAt > scannedAt || closes.length === most) break;
    toAt = endAt;
    if (line?.t === 'close') closes.push(line);
  }
  return { part: { file: name, fromAt: ackedAt, toAt }, closes };
}

/** The requests that end between a position and what is stored of the file. */
export function closesBetween({ path, ackedAt }: ScannedFile, fromAt: number): readonly CloseLine[] {
  const closes: CloseLine[] = [];
  for (const { line, endAt } of readLines(path, fromAt)) {
    if (endAt > ackedAt) break;
    if (line?.t === 'close') closes.push(line);
  }
  return closes;
}
