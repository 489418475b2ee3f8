import { Database } from 'bun:sqlite';
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One run of a process that writes journals in a folder. */
export interface Life {
  readonly folder: string;
  readonly node: string;
  readonly life: number;
}

/**
 * Takes a lock that shows that a process is alive; the kernel releases it however the process ends. The supervisor may
 * die before its workers, and the next one must not charge requests that they still serve. Returns a function that
 * releases the lock.
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
    // The disk is full. The process serves anyway.
    database?.close();
    database = undefined;
  }
  return () => {
    if (database === undefined) return;
    database.close();
    rmSync(file, { force: true });
  };
}

/** Whether the process is still alive. If not, removes its lock file. */
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

/** Removes the lock files of dead processes before a life. Nothing else removes those of lives without a journal. */
export function removeDeadLocks({ folder, node, life: before }: Life): void {
  for (const name of readdirSync(folder)) {
    const life = Number(/-(\d+)\.alive$/.exec(name)?.[1]);
    if (life < before && name.startsWith(`${node}-`)) isLifeHeld({ folder, node, life });
  }
}

/** The extension distinguishes it from journals. */
export const LIFE_ENDING = '.alive';

function fileOf({ folder, node, life }: Life): string {
  return join(folder, `${node}-${life}${LIFE_ENDING}`);
}
