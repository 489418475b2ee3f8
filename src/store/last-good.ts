import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Keyring } from './keyring.ts';
import { type Kind, KINDS, type Resource, type Revision } from './revision.ts';

/** The last configuration that was in force, kept beside the program for a start without the database. */
export interface LastGood {
  readonly path: string;
  /** undefined: there is none for this database. Throws `SealBroken` if it has another key. */
  readonly read: () => Promise<Revision | undefined>;
  /** Puts the revision in the place of the one before, whole or not at all. */
  readonly write: (revision: Revision) => Promise<void>;
}

/** `place` names the database: the snapshot of another one is not taken for its own. */
export function lastGoodFile(path: string, place: string, keyring: Keyring): LastGood {
  const context = `last-good ${place}`;
  let writing = Promise.resolve();
  return {
    path,
    async read() {
      const sealed = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return sealed === undefined ? undefined : parse(keyring.open(sealed, context));
    },
    write(revision) {
      const replace = async (): Promise<void> => {
        const temporary = `${path}.${randomUUID()}`;
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, keyring.seal(JSON.stringify(flatten(revision)), context), { mode: 0o600 });
        await chmod(temporary, 0o600);
        await rename(temporary, path);
      };
      writing = writing.then(replace, replace);
      return writing;
    },
  };
}

interface Flat extends Omit<Revision, 'resources'> {
  readonly resources: Readonly<Record<Kind, readonly Resource[]>>;
}

function flatten({ resources, ...rest }: Revision): Flat {
  const all = Object.fromEntries(KINDS.map((kind) => [kind, [...resources[kind].values()]]));
  return { ...rest, resources: all as unknown as Flat['resources'] };
}

function parse(text: string): Revision {
  const { resources, ...rest } = JSON.parse(text) as Flat;
  const maps = Object.fromEntries(
    KINDS.map((kind) => [kind, new Map(resources[kind].map((one) => [one.id, one]))]),
  );
  return { ...rest, resources: maps as unknown as Revision['resources'] };
}
