/** An option of a command, or one of its positional arguments. Its key in `Options` is its name. */
export type Option = Switch | Setting;

export type Options = Readonly<Record<string, Option>>;

/** Positional arguments; each has a value. */
export type Positionals = Readonly<Record<string, Setting>>;

/** An option without a value. */
export interface Switch {
  /** Its effect, for the help. */
  readonly description: string;
  readonly kind?: undefined;
}

/** An option with a value. */
export interface Setting {
  /** The placeholder of the value in the help, such as FILE. */
  readonly value: string;
  readonly kind: Kind<unknown>;
  readonly description: string;
  /** The environment variable that applies if the option is not given. */
  readonly env?: string;
  /** The default, as it would be typed. */
  readonly default?: string;
  /** The default in words for the help, if it is not a single value. */
  readonly otherwise?: string;
  readonly isRequired?: true;
  /** May be given several times. */
  readonly repeats?: true;
}

/** A type of values and its parser. */
export interface Kind<T> {
  /** undefined: the text is not of this kind. */
  readonly read: (text: string) => T | undefined;
  /** The allowed values, to follow "must be". */
  readonly allowed: string;
  /** All allowed values, if they can be listed. */
  readonly choices?: readonly string[];
  /** The kind of thing the value names, if a shell can complete it. */
  readonly names?: 'file' | 'command';
}

/** The parsed options by name. */
export type Values<O> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

type ValueOf<O> = O extends { readonly kind: Kind<infer T> }
  ? O extends { readonly repeats: true }
    ? readonly T[]
    : O extends { readonly default: string } | { readonly isRequired: true }
      ? T
      : T | undefined
  : boolean;
