import { nodeModules } from '../lib/node-modules.ts';
import { nearest } from '../lib/nearest.ts';
import { type Declaration, UsageError } from './command.ts';
import type { Option, Options, Setting } from './option.ts';

/** The result of parsing a command's arguments. `values` are by the names of options and positional arguments. */
export type ParsedArguments =
  | { readonly kind: 'run'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses arguments by a command's declaration. A missing option takes its value from its environment variable, then
 * from its default. Throws `UsageError` if the arguments are invalid.
 */
export function parseArguments(
  { options = {}, positionals = {} }: Pick<Declaration, 'options' | 'positionals'>,
  args: readonly string[],
  env: Environment,
): ParsedArguments {
  const tokens = tokenize(args, options);
  for (const { name } of tokens) if (name === 'help' || name === 'version') return { kind: name };
  const given = group(tokens, options);
  const unnamed = given.get('') ?? [];
  for (const name of Object.keys(positionals)) given.set(name, unnamed.splice(0, 1));
  if (unnamed[0] !== undefined) throw new UsageError(`unexpected argument "${unnamed[0]}".`);
  const declared: readonly Declared[] = [
    ...Object.entries(options).map(([name, option]) => ({ name, option, shown: `--${name}` })),
    ...Object.entries(positionals).map(([name, option]) => ({ name, option, shown: option.value })),
  ];
  const values = declared.map((each) => [each.name, valueOf(each, given.get(each.name) ?? [], env)]);
  return { kind: 'run', values: Object.fromEntries(values) };
}

interface Declared {
  readonly name: string;
  readonly option: Option;
  /** The option's name in messages. */
  readonly shown: string;
}

/** An argument: an option, or with the name '' a positional one. */
interface Token {
  readonly name: string;
  readonly text: string | undefined;
  /** In the form `--name=text`. */
  readonly isInline: boolean;
}

function tokenize(args: readonly string[], options: Options): Token[] {
  const dashed = withDoubleDashes(args);
  return plainTokens(dashed, options) ?? allTokens(dashed, options);
}

/** The usual arguments: long options and texts. Undefined if there are others, for which half a megabyte is loaded. */
export function plainTokens(args: readonly string[], options: Options): Token[] | undefined {
  const tokens: Token[] = [];
  const left = args.values();
  for (const arg of left) {
    const [, name, inline] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined && arg.startsWith('-')) return undefined;
    if (name === undefined) tokens.push({ name: '', text: arg, isInline: true });
    else if (inline !== undefined) tokens.push({ name, text: inline, isInline: true });
    else {
      const takesValue = Object.hasOwn(options, name) && options[name]?.kind !== undefined;
      tokens.push({ name, text: takesValue ? left.next().value : undefined, isInline: false });
    }
  }
  return tokens;
}

/** All arguments, also short options and what follows `--`. */
export function allTokens(args: readonly string[], options: Options): Token[] {
  const { tokens } = nodeModules.util().parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(
        Object.entries(options).map(([name, { kind }]) => [name, { type: kind ? 'string' : 'boolean' }]),
      ),
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
    strict: false,
    tokens: true,
  });
  return tokens.flatMap((token) => {
    if (token.kind === 'option-terminator') return [];
    if (token.kind === 'positional') return [{ name: '', text: token.value, isInline: true }];
    return [{ name: token.name, text: token.value, isInline: token.inlineValue ?? false }];
  });
}

/** Go programs write long options with one dash, such as `-config`. */
function withDoubleDashes(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((arg, index) => (index < end && /^-[a-z][a-z-]+(?:=.*)?$/s.test(arg) ? `-${arg}` : arg));
}

/** The values given for each option; those of positional arguments under ''. */
function group(tokens: readonly Token[], options: Options): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    const text = token.name === '' ? (token.text ?? '') : textOf(token, options);
    given.set(token.name, [...(given.get(token.name) ?? []), text]);
  }
  return given;
}

function textOf({ name, text, isInline }: Token, options: Options): string {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  const dashed = name.length === 1 ? `-${name}` : `--${name}`;
  if (option === undefined) throw new UsageError(`there is no option "${dashed}".${suggest(name, options)}`);
  if (option.kind === undefined) {
    if (text !== undefined) throw new UsageError(`${dashed} takes no value.`);
    return '';
  }
  // A value that looks like an option is one: in "--config --port 80" the file is missing.
  if (text === undefined || (!isInline && /^-./.test(text))) {
    throw new UsageError(`${dashed} needs a value: ${option.kind.allowed}.`);
  }
  return text;
}

function suggest(name: string, options: Options): string {
  const known = nearest(name, [...Object.keys(options), 'help', 'version']);
  return known === undefined ? '' : ` Did you mean "--${known}"?`;
}

/** The parsed value of an option. */
function valueOf({ option, shown }: Declared, texts: readonly string[], env: Environment): unknown {
  if (option.kind === undefined) return texts.length > 0;
  if (option.repeats) return texts.map((text) => readValue(option, shown, text));
  const given = texts.at(-1);
  if (given !== undefined) return readValue(option, shown, given);
  const variable = option.env === undefined ? undefined : env[option.env];
  if (variable) return readValue(option, `$${option.env}`, variable);
  if (option.default !== undefined) return readValue(option, shown, option.default);
  if (option.isRequired) throw new UsageError(`${shown} is missing: ${option.description}.`);
  return undefined;
}

function readValue({ kind }: Setting, shown: string, text: string): unknown {
  const value = kind.read(text);
  if (value !== undefined) return value;
  const meant = nearest(text, kind.choices ?? []);
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  throw new UsageError(`${shown} must be ${kind.allowed}, not "${text}".${hint}`);
}
