import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Keyring } from './keyring.ts';
import { type Kind, mapKinds } from './resource-kinds.ts';
import type { Resource, Revision } from './revision.ts';
import { reasonOf } from './finding-text.ts';
import type { StoreOptions } from './store-options.ts';

/** The last configuration in force, kept on disk for a start without the database. */
export interface LastGood {
  /** undefined: there is none for this database. Throws `SealBroken` if it was sealed with another key. */
  readonly read: () => Promise<Revision | undefined>;
  /**
   * Replaces the previous revision atomically, after earlier writes. Of a large configuration that changes all the time,
   * only every few seconds' revision is written.
   */
  readonly write: (revision: Revision) => void;
  /** Copies the current file to `path` with `.kept` appended before something else replaces it. */
  readonly keep: () => void;
  /** Resolves when all writes are done. */
  readonly settled: () => Promise<void>;
}

/** Opens the file that the options of a store name; undefined: they name none. */
export function openLastGood(
  { lastGoodPath: path, keyring, onEvent }: StoreOptions,
  place: string,
): LastGood | undefined {
  if (path === undefined) return undefined;
  const onFailure = (error: unknown): void =>
    onEvent({ type: 'last-good-not-written', path, reason: reasonOf(error) });
  return lastGoodFile({ path, place, keyring, onFailure });
}

/** After a write that took this long, the next one waits for twenty times as long. */
const SLOW_MS = 50;
const REST_TIMES = 20;

/** A revision to write. Until that begins, a later one may take its place. */
interface Waiting {
  revision: Revision;
  /** Resolves when the pause after the write before is over, or when `begin` ends it. */
  readonly mayBegin: Promise<void>;
  readonly begin: () => void;
}

export interface LastGoodOptions {
  readonly path: string;
  /** Identifies the database, so that the copy of another one is not used. */
  readonly place: string;
  readonly keyring: Keyring;
  readonly onFailure: (error: unknown) => void;
}

export function lastGoodFile({ path, place, keyring, onFailure }: LastGoodOptions): LastGood {
  const context = `last-good ${place}`;
  let writing = Promise.resolve();
  let waiting: Waiting | undefined;
  let restUntilMs = 0;
  const next = (work: () => Promise<void>): void => {
    writing = writing.then(work).catch(onFailure);
  };
  const writeAfterRest = async (one: Waiting): Promise<void> => {
    const timer = setTimeout(one.begin, Math.max(0, restUntilMs - performance.now()));
    await one.mayBegin;
    clearTimeout(timer);
    if (waiting === one) waiting = undefined;
    const startMs = performance.now();
    const temporary = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(temporary, keyring.seal(JSON.stringify(flatten(one.revision)), context), { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, path);
    const endMs = performance.now();
    if (endMs - startMs > SLOW_MS) restUntilMs = endMs + (endMs - startMs) * REST_TIMES;
  };
  return {
    async read() {
      const sealed = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return sealed === undefined ? undefined : parse(keyring.open(sealed, context));
    },
    write(revision) {
      if (waiting !== undefined) {
        waiting.revision = revision;
        return;
      }
      const { promise: mayBegin, resolve: begin } = Promise.withResolvers<void>();
      const one = { revision, mayBegin, begin };
      waiting = one;
      next(() => writeAfterRest(one));
    },
    keep() {
      // The copy is made of this revision, so no later one may take its place.
      waiting?.begin();
      waiting = undefined;
      next(async () => {
        if (!existsSync(path)) return;
        await copyFile(path, `${path}.kept`);
        await chmod(`${path}.kept`, 0o600);
      });
    },
    settled() {
      waiting?.begin();
      return writing;
    },
  };
}

interface Flat extends Omit<Revision, 'resources'> {
  /** An older program may have kept fewer kinds. */
  readonly resources: Readonly<Partial<Record<Kind, readonly Resource[]>>>;
}

function flatten({ resources, ...rest }: Revision): Flat {
  return { ...rest, resources: mapKinds((kind) => [...resources[kind].values()]) };
}

function parse(text: string): Revision {
  const { resources, ...rest } = JSON.parse(text) as Flat;
  return {
    ...rest,
    resources: mapKinds((kind) => new Map((resources[kind] ?? []).map((one) => [one.id, one]))),
  };
}
