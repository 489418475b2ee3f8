import { type JournalScan, pruneKept, type ScannedFile } from './scan.ts';

export interface TidyOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly nowMs: number;
  /** Whether a process may still write to the file, if it is the newest of its process. */
  readonly isAlive: (file: ScannedFile) => boolean;
}

/** Moves stored files away, and deletes old ones. Returns the names of deleted files. */
export function tidyFolder(scan: JournalScan, { folder, maxBytes, nowMs, isAlive }: TidyOptions): string[] {
  const { files } = scan;
  const newest = new Map(files.map((file) => [`${file.node} ${file.worker} ${file.life}`, file]));
  for (const file of files) {
    const isLast = newest.get(`${file.node} ${file.worker} ${file.life}`) === file;
    if (!(isLast && isAlive(file)) && scan.isSpent(file)) scan.keep(file);
  }
  return pruneKept(folder, maxBytes, nowMs);
}
