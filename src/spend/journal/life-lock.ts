import { Database } from 'bun:sqlite';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One life of a process that writes journals in a folder. */
export interface Life {
  readonly folder: string;
  readonly node: string;
  readonly life: number;
}

/**
 * Shows that a process is alive until it ends in any way: the kernel frees the lock. The supervisor may die before its
 * workers, and the next one must not charge requests that these still serve. Returns a function that ends it.
 */
export function holdLife(life: Life): () => void {
  const file = fileOf(life);
  let database: Database | undefined;
  try {
    database = new Database(file, { create: true });
    chmodSync(file, 0o600);
    database.run('pragma journal_mode = off');
    database.run('begin exclusive');
  } catch {
    // On a full disk: it serves all the same.
    database?.close();
    database = undefined;
  }
  return () => {
    if (database === undefined) return;
    database.close();
    rmSync(file, { force: true });
  };
}

/** Whether the process is still alive. Removes what it left if it is not. */
export function isLifeHeld(life: Life): boolean {
  const file = fileOf(life);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return false;
  const database = new Database(file);
  try {
    database.run('begin immediate');
  } catch {
    return true;
  } finally {
    database.close();
  }
  rmSync(file, { force: true });
  return false;
}

/** Its ending tells it from journals. */
export const LIFE_ENDING = '.alive';

function fileOf({ folder, node, life }: Life): string {
  return join(folder, `${node}-${life}${LIFE_ENDING}`);
}
