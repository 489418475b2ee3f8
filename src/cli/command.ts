import { EXIT } from '../exit-code.ts';
import type { Options, Positionals, Values } from './option.ts';

/** What is said of a command. Its arguments are read by it, and the help, the completion and `docs/cli.md` are made of it. */
export interface Declaration {
  readonly name: string;
  /** What it does, in half a line. */
  readonly summary: string;
  readonly group: CommandGroup;
  /** Paragraphs; the help wraps their lines. */
  readonly description: readonly string[];
  /** What is given without a name, in this order. */
  readonly positionals?: Positionals;
  readonly options?: Options;
  /** Variables of the environment that it reads, besides those of its options. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly examples: readonly Example[];
  /** What its exit codes mean, where that is more than `EXIT_MEANINGS` says. */
  readonly exits?: Readonly<Record<number, string>>;
}

/** A command line as one would type it, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** The groups of the list of commands, and their titles. */
export const GROUP_TITLES = {
  gateway: 'Running',
  configuration: 'Configuration',
  database: 'Configuration in a database (DB_URL)',
  program: 'This program',
} as const;

export type CommandGroup = keyof typeof GROUP_TITLES;

/** A command of the program. */
export interface Command extends Declaration {
  /** Loads the code that does the work. It gets the parsed values and every command, and resolves with the exit code. */
  readonly load: () => Promise<(values: never, commands: readonly Command[]) => Promise<number>>;
}

/** Joins a declaration with its work, whose values must be those that the declaration declares. */
export function command<D extends Declaration>(
  declaration: D,
  load: () => Promise<(values: ValuesOf<D>, commands: readonly Command[]) => Promise<number>>,
): Command {
  return { ...declaration, load };
}

/** What the options and positional arguments of a command have come to. */
export type ValuesOf<D> = Values<
  (D extends { readonly options: infer O } ? O : unknown) &
    (D extends { readonly positionals: infer P } ? P : unknown)
>;

/** What they mean for every command. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'failed; the reason is on standard error',
  [EXIT.usage]: 'called the wrong way',
};

/** The command was called the wrong way; the message is a sentence that says how. */
export class UsageError extends Error {}
