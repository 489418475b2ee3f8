import { Database } from 'bun:sqlite';
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A folder of journals, locked by this process until `close` or until the process ends in any way. */
export interface JournalFolder {
  readonly path: string;
  /** The folder's id in the database: 12 hex digits, chosen at its creation. */
  readonly node: string;
  /** A number that no process has had in this folder before. */
  readonly nextLife: () => number;
  readonly close: () => void;
}

export interface FolderOptions {
  readonly path: string;
  /** Whether the configuration names the folder. If so, no other folder replaces it while a second process holds it. */
  readonly isNamed: boolean;
  readonly allowsNetworkDisk: boolean;
}

/** The folder cannot be used. The message is a clause with the path and the reason. */
export class FolderUnusable extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = 'FolderUnusable';
  }
}

/** The most processes that share a default folder. */
const MOST_FOLDERS = 64;

/**
 * Locks a folder of journals, and creates it if it is missing. If another process holds it, uses the next numbered
 * subfolder. Throws `FolderUnusable` if it cannot be written, is held or lies on a network disk.
 */
export function openFolder(options: FolderOptions): JournalFolder {
  const root = resolve(options.path);
  const opened = lockFolder(root, options);
  if (opened !== undefined) return opened;
  if (options.isNamed) throw new FolderUnusable(root, 'another llm-proxy is using it');
  for (let number = 2; number <= MOST_FOLDERS; number++) {
    const next = lockFolder(join(root, String(number)), options);
    if (next !== undefined) return next;
  }
  throw new FolderUnusable(root, `${MOST_FOLDERS} other processes are using it`);
}

/** Locks the folders that earlier processes left beside this one, so that their journals are read. */
export function openAbandoned(own: JournalFolder, options: FolderOptions): JournalFolder[] {
  if (options.isNamed) return [];
  const root = resolve(options.path);
  const paths = [root, ...numberedIn(root).map((name) => join(root, name))];
  return paths.flatMap((path) => (path === own.path ? [] : (lockFolder(path, options) ?? [])));
}

/**
 * The reason why a folder could not be opened, as a clause with its path; undefined: it could be. Neither creates nor
 * locks anything, so a folder that another process holds has no problem.
 */
export function findFolderProblem({ path, allowsNetworkDisk }: FolderOptions): string | undefined {
  const root = resolve(path);
  try {
    refuseLink(root);
    const nearest = nearestFolder(root);
    accessSync(nearest, constants.W_OK | constants.X_OK);
    if (!allowsNetworkDisk && isOnNetwork(nearest)) throw onNetwork(root);
    return undefined;
  } catch (error) {
    return error instanceof FolderUnusable ? error.message : `${root}: ${reasonOf(error)}`;
  }
}

/** The folder itself, or the nearest existing one above it. */
function nearestFolder(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return path;
  if (found !== undefined) throw new FolderUnusable(path, 'it is a file');
  return nearestFolder(dirname(path));
}

function onNetwork(path: string): FolderUnusable {
  return new FolderUnusable(path, 'it lies on a network disk; spend.journal_allow_network: true allows that');
}

function numberedIn(root: string): string[] {
  return readdirSync(root).filter((name) => /^\d{1,2}$/.test(name));
}

/** undefined: another process holds it. */
function lockFolder(path: string, { allowsNetworkDisk }: FolderOptions): JournalFolder | undefined {
  makePrivate(path);
  if (!allowsNetworkDisk && isOnNetwork(path)) throw onNetwork(path);
  const file = join(path, LOCK);
  refuseLink(file);
  let database: Database | undefined;
  try {
    database = new Database(file, { create: true });
    chmodSync(file, 0o600);
    // Held for the life of the connection. The kernel releases it however the process ends.
    database.run('pragma locking_mode = exclusive');
    database.run('begin exclusive');
    database.run('create table if not exists folder (node text not null, life integer not null)');
    const known = database.query<{ node: string }, []>('select node from folder').get();
    const node = known?.node ?? randomId();
    if (known === null) database.run('insert into folder values (?, 0)', [node]);
    database.run('commit');
    return openLocked(path, node, database);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    throw new FolderUnusable(path, reasonOf(error));
  }
}

/** The size of a batch of numbers, so that a process can start while the disk is full. */
const LIVES_AT_ONCE = 1000;

function openLocked(path: string, node: string, database: Database): JournalFolder {
  const take = (): number => {
    const row = database
      .query<{ life: number }, [number]>('update folder set life = life + ? returning life')
      .get(LIVES_AT_ONCE);
    if (row === null) throw new FolderUnusable(path, `${LOCK} has lost its row`);
    return row.life - LIVES_AT_ONCE;
  };
  let life = take();
  let end = life + LIVES_AT_ONCE;
  return {
    path,
    node,
    nextLife() {
      if (life === end) {
        life = take();
        end = life + LIVES_AT_ONCE;
      }
      life += 1;
      return life;
    },
    close: () => database.close(),
  };
}

/** The file with the lock and the folder's id. */
const LOCK = 'lock.db';

/** Creates the folder with access for its owner only. */
function makePrivate(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    refuseLink(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    restrict(path);
  } catch (error) {
    throw error instanceof FolderUnusable ? error : new FolderUnusable(path, reasonOf(error));
  }
}

function restrict(path: string): void {
  try {
    chmodSync(path, 0o700);
  } catch {
    // The root of a mounted volume may have another owner. The files in it are private anyway.
  }
}

/** A link could point elsewhere by the time it is written to. */
function refuseLink(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) throw new FolderUnusable(path, 'it is a symbolic link');
}

/**
 * NFS, SMB, CIFS, AFS and Ceph (statfs(2)). Writes to them may take milliseconds, and their locks may be unreliable.
 */
const NETWORK_DISKS = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400]);

function isOnNetwork(path: string): boolean {
  return process.platform === 'linux' && NETWORK_DISKS.has(statfsSync(path).type);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function randomId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex');
}

const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'read-only file system',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'no space is left',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  SQLITE_READONLY: 'read-only file system',
  SQLITE_CANTOPEN: `${LOCK} cannot be opened`,
  SQLITE_FULL: 'no space is left',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
