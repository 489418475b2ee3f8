/** An option of a command, or one of its positional arguments. Its name is its key in `Options`. */
export type Option = Switch | Setting;

export type Options = Readonly<Record<string, Option>>;

/** Positional arguments; each has a value. */
export type Positionals = Readonly<Record<string, Setting>>;

/** An option that is either given or not. */
export interface Switch {
  /** What it does, for the help. */
  readonly description: string;
  readonly kind?: undefined;
}

/** An option with a value. */
export interface Setting {
  /** What the value is called in the help, such as FILE. */
  readonly value: string;
  readonly kind: Kind<unknown>;
  readonly description: string;
  /** The variable of the environment that holds where the option is not given. */
  readonly env?: string;
  /** What holds otherwise, as one would write it. */
  readonly default?: string;
  /** What holds otherwise, in words for the help, where that is not one value. */
  readonly otherwise?: string;
  readonly isRequired?: true;
  /** It may be given several times. */
  readonly repeats?: true;
}

/** A kind of values, and how they are read from the command line. */
export interface Kind<T> {
  /** undefined: the text is not of this kind. */
  readonly read: (text: string) => T | undefined;
  /** What may be given, to be read behind "must be". */
  readonly allowed: string;
  /** All there are, where they can be listed. */
  readonly choices?: readonly string[];
  /** What the value names, where a shell can complete it. */
  readonly names?: 'file' | 'command';
}

/** What the options have come to, by their names. */
export type Values<O> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

type ValueOf<O> = O extends { readonly kind: Kind<infer T> }
  ? O extends { readonly repeats: true }
    ? readonly T[]
    : O extends { readonly default: string } | { readonly isRequired: true }
      ? T
      : T | undefined
  : boolean;
