import { EXIT } from '../exit-code.ts';
import type { Options, Positionals, Values } from './option.ts';

/**
 * The declaration of a command. It parses the arguments, and it is the source of help, completion and `docs/cli.md`.
 */
export interface Declaration {
  readonly name: string;
  /** The command's purpose in half a line. */
  readonly summary: string;
  readonly group: CommandGroup;
  /** Paragraphs; the help wraps their lines. */
  readonly description: readonly string[];
  /** Arguments without a name, in this order. */
  readonly positionals?: Positionals;
  readonly options?: Options;
  /** Environment variables that the command reads, besides those of its options. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly examples: readonly Example[];
  /** Exit codes that `EXIT_MEANINGS` does not cover. */
  readonly exits?: Readonly<Record<number, string>>;
}

/** An example command line and its effect. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** The groups in the list of commands, with their titles. */
export const GROUP_TITLES = {
  gateway: 'Running',
  configuration: 'Configuration',
  database: 'Configuration in a database (DB_URL)',
  program: 'This program',
} as const;

export type CommandGroup = keyof typeof GROUP_TITLES;

/** A command of the program. */
export interface Command extends Declaration {
  /** Loads the code of the command. It takes the parsed values and what loads all commands, and resolves with the exit code. */
  readonly load: () => Promise<(values: never, all: () => Promise<readonly Command[]>) => Promise<number>>;
}

/** Joins a declaration with its code; the types make sure that the code takes the declared values. */
export function command<D extends Declaration>(
  declaration: D,
  load: () => Promise<(values: ValuesOf<D>, all: () => Promise<readonly Command[]>) => Promise<number>>,
): Command {
  return { ...declaration, load };
}

/** The parsed values of a command's options and positional arguments. */
export type ValuesOf<D> = Values<
  (D extends { readonly options: infer O } ? O : unknown) &
    (D extends { readonly positionals: infer P } ? P : unknown)
>;

/** The exit codes of every command. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'failed; the reason is on standard error',
  [EXIT.usage]: 'wrong usage',
};

/** The command line is wrong; the message is a sentence that says how. */
export class UsageError extends Error {}
