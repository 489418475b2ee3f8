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

/** The pause after a write. */
class Rest {
  #untilMs = 0;
  #isCut = false;
  #end: (() => void) | undefined;

  begin(tookMs: number): void {
    if (tookMs > SLOW_MS) this.#untilMs = performance.now() + tookMs * REST_TIMES;
  }

  async over(): Promise<void> {
    const restMs = this.#isCut ? 0 : this.#untilMs - performance.now();
    this.#isCut = false;
    if (restMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, restMs);
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  /** Ends it before its time, or leaves out the next one. */
  cut(): void {
    if (this.#end === undefined) this.#isCut = true;
    this.#end?.();
  }
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
  let waiting: Revision | undefined;
  const rest = new Rest();
  const next = (work: () => Promise<void>): void => {
    writing = writing.then(work).catch(onFailure);
  };
  const writeWaiting = async (): Promise<void> => {
    await rest.over();
    const revision = waiting;
    waiting = undefined;
    if (revision === undefined) return;
    const startMs = performance.now();
    const temporary = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(temporary, keyring.seal(JSON.stringify(flatten(revision)), context), { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, path);
    rest.begin(performance.now() - startMs);
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
      const isQueued = waiting !== undefined;
      waiting = revision;
      if (!isQueued) next(writeWaiting);
    },
    keep() {
      rest.cut();
      next(async () => {
        if (!existsSync(path)) return;
        await copyFile(path, `${path}.kept`);
        await chmod(`${path}.kept`, 0o600);
      });
    },
    settled() {
      rest.cut();
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
