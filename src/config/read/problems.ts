/** The place of a setting in the configuration: keys and list indices from the top. */
export type Path = readonly (string | number)[];

/** An error in a configuration, not yet located in a file. */
export interface Finding {
  readonly path: Path;
  /** The faulty part of the setting: its name, or its value (the default). */
  readonly part?: 'key' | 'value';
  /** A predicate that follows the path. It does not contain a secret's value. */
  readonly message: string;
  /** The value that was found, in printable words. */
  readonly found?: string;
  readonly allowed?: readonly string[];
  /** The probable intention. */
  readonly suggestion?: string;
}

/**
 * A finding with its place in the file. Line and column count from 1; they are undefined if the file is not at fault.
 */
export interface Problem extends Omit<Finding, 'path' | 'part'> {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** As text, such as `providers[0].api_base`; empty for the whole file. */
  readonly path: string;
}

/** The line and column of a setting's name or value, counted from 1. */
export type Locate = (
  path: Path,
  part: 'key' | 'value',
) => { readonly line: number; readonly column: number };

/** Locates findings in a file and sorts them by place. */
export function toProblems(file: string, findings: readonly Finding[], locate: Locate): Problem[] {
  return findings
    .map(({ path, part, ...finding }) => ({
      file,
      ...locate(path, part ?? 'value'),
      path: formatPath(path),
      ...finding,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** More than anybody mends at once. */
const MOST_PROBLEMS = 100;

/** Drops repetitions, and all but the first of very many problems, whose number the last one tells. */
export function fewProblems(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  const few = [...byText.values()].slice(0, MOST_PROBLEMS);
  const [first] = few;
  const more = byText.size - few.length;
  if (first === undefined || more === 0) return few;
  const place = { file: first.file, line: undefined, column: undefined, path: '' };
  return [...few, { ...place, message: `has ${more} more problems; mend these first` }];
}

const LONGEST_LINE = 120;
/** Fits all settings of a section; of thousands of models, lists only a helpful few. */
const MOST_ALLOWED = 24;

/**
 * Formats a problem in one line, or in two if the list of allowed values is long: `config.yaml:12:5
 * providers[0].api_bse: unknown setting. Did you mean "api_base"?`
 */
export function formatProblem(problem: Problem): string {
  const place =
    problem.line === undefined ? problem.file : `${problem.file}:${problem.line}:${problem.column ?? 1}`;
  const subject = problem.path === '' ? '' : `${problem.path}: `;
  const found = problem.found === undefined ? '' : `, found ${problem.found}`;
  const message = `${problem.message}${found}`;
  const ended = /[.?!]$/.test(message) ? message : `${message}.`;
  const hint = problem.suggestion === undefined ? '' : ` Did you mean "${problem.suggestion}"?`;
  const line = `${place}  ${subject}${ended}${hint}`;
  if (problem.allowed === undefined || problem.allowed.length === 0) return line;
  const more = problem.allowed.length - MOST_ALLOWED;
  const rest = more > 0 ? ` and ${more} more` : '';
  const allowed = `Allowed: ${problem.allowed.slice(0, MOST_ALLOWED).join(', ')}${rest}.`;
  return line.length + allowed.length < LONGEST_LINE ? `${line} ${allowed}` : `${line}\n    ${allowed}`;
}

/** Formats a path: `models["gpt-4.1"].routes[0].backend`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Describes a value in words that are safe to print; of a possible secret, only its type. */
export function describe(value: unknown, path: Path): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  if (isSecret(path)) return kindOf(value);
  const text = JSON.stringify(value) ?? kindOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The type of a value, and nothing more. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false' : 'a section';
}

const SECRET_KEYS = new Set<string | number>([
  'api_key',
  'key',
  'proxy_api_key',
  'token',
  'proxy',
  'access_token',
  'api_base',
  'url',
  'secret',
]);

/** Sections in which every value is. */
const SECRET_SECTIONS = ['headers', 'aws', 'service_account'];

/** Whether the value at this path may be a secret. An address may contain a password, and a header a credential. */
export function isSecret(path: Path): boolean {
  const last = path.at(-1) ?? '';
  return SECRET_KEYS.has(last) || SECRET_SECTIONS.some((section) => path.includes(section));
}
