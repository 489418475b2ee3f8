import type { CompileContext } from '../compile/compile.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Environment } from './environment.ts';
import type { Overrides } from './overrides.ts';
import type { Problem } from './problems.ts';
import type { ReadSecretFile, SecretFile } from './secret-file.ts';

/** The inputs of a configuration besides its text. */
export interface LoadContext extends Pick<CompileContext, 'version' | 'now' | 'staysLocked'> {
  readonly env: Environment;
  readonly overrides: Overrides;
  /** Reads `${file:PATH}`; undefined: files may not be read. */
  readonly readFile?: ReadSecretFile | undefined;
}

/** The inputs of the text of a configuration. Problems call it `file`. */
export type TextContext = LoadContext & { readonly file: string };

export type LoadResult =
  | {
      readonly kind: 'loaded';
      readonly snapshot: Snapshot;
      readonly text: string;
      /** The configuration with its references expanded. */
      readonly file: ConfigFile;
      readonly files: Files;
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly files: Files };

/** The files that a configuration refers to as `${file:PATH}`, by path. */
export type Files = ReadonlyMap<string, SecretFile>;

export const NO_FILES: Files = new Map();
