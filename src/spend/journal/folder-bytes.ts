import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of files whose lines are all stored, kept in case the database is restored from a backup. */
export const KEPT = 'kept';

/** The size of all journals of a folder, including the kept ones. */
export function folderBytes(folder: string): number {
  return bytesIn(folder) + bytesIn(join(folder, KEPT));
}

function bytesIn(folder: string): number {
  let sum = 0;
  for (const name of namesIn(folder)) {
    if (name.endsWith('.log')) sum += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

/** The names in a folder; none if it does not exist. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
