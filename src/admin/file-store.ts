import { type Problem } from '../config/read/problems.ts';
import type { ConfigFile } from '../config/schema/schema.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { planImport } from '../migrate/import-file.ts';
import { mapKinds } from '../store/resource-kinds.ts';
import type { Resources, Revision } from '../store/revision.ts';
import type { AdminTables } from '../store/admin-tables.ts';
import type { AdminStore } from './operation.ts';
import { AdminProblem, listed } from './problem.ts';

export interface FileStoreOptions {
  /** The path of the configuration file. */
  readonly path: string;
  readonly requests: AdminStore['requests'];
  readonly admin: AdminTables;
  /** Reads the file again. Resolves with its problems when the configuration is in force, or refused. */
  readonly reload: () => Promise<readonly Problem[]>;
}

/** A read-only store over a configuration file, whose entries are resources. */
export class FileStore implements AdminStore {
  readonly requests: FileStoreOptions['requests'];
  readonly #options: FileStoreOptions;
  readonly #inForce: () => Loaded;
  #read: { readonly file: ConfigFile; readonly revision: Revision } | undefined;

  /** `inForce` returns the configuration that requests are served with. */
  constructor(options: FileStoreOptions, inForce: () => Loaded) {
    this.#options = options;
    this.requests = options.requests;
    this.admin = options.admin;
    this.#inForce = inForce;
  }

  readonly snapshot = (): Snapshot => this.#inForce().snapshot;

  readonly read = async (): Promise<Revision> => {
    const { file, snapshot } = this.#inForce();
    if (this.#read?.file !== file) this.#read = { file, revision: revisionOf(file, snapshot) };
    return this.#read.revision;
  };

  readonly refresh = async (): Promise<Revision> => {
    const problems = await this.#options.reload();
    if (problems.length === 0) return this.read();
    const details = problems.map(({ path, line, message }) => ({
      path,
      message: line === undefined ? message : `${message} (line ${line})`,
    }));
    const about = `The file ${this.#options.path} was refused, so the configuration in force stays`;
    throw new AdminProblem('invalid_fields', listed(about, details), { details });
  };

  /** A file has no history. */
  readonly history = async (): Promise<[]> => [];

  readonly admin: AdminTables;

  readonly change = (): Promise<never> => Promise.reject(new Error('a configuration file is not written'));
  readonly rollback = this.change;
}

/** A configuration file that was loaded, with its references expanded. */
export interface Loaded {
  readonly file: ConfigFile;
  readonly snapshot: Snapshot;
}

const NOTHING: Resources = mapKinds(() => new Map());

function revisionOf(file: ConfigFile, { version, loadedAt, access }: Snapshot): Revision {
  const now = loadedAt.toISOString();
  const { resources } = planImport(file, NOTHING, { now, prunes: false });
  return { version, changedAt: now, hadKeys: access.kind === 'keys', resources };
}
