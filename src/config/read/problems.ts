/** Where a setting stands in the configuration: keys and list places from the top. */
export type Path = readonly (string | number)[];

/** Something wrong with a configuration, before it is known where in a file that is. */
export interface Finding {
  readonly path: Path;
  /** Which part of the setting is at fault: its name, or what it is set to (the default). */
  readonly part?: 'key' | 'value';
  /** What is wrong, to be read behind the path. Without the value of a secret. */
  readonly message: string;
  /** What was found, in words fit to print. */
  readonly found?: string;
  readonly allowed?: readonly string[];
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A finding with its place in the file. Line and column count from 1; undefined where the file isn't at fault. */
export interface Problem extends Omit<Finding, 'path' | 'part'> {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** As text, such as `providers[0].api_base`; empty for the file as a whole. */
  readonly path: string;
}

/** The line and column of a part of a setting, counted from 1. */
export type Locate = (
  path: Path,
  part: 'key' | 'value',
) => { readonly line: number; readonly column: number };

/** The findings as problems of a file, in the order in which they stand in it. */
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

const LONGEST_LINE = 120;
/** All settings of a section fit in; of thousands of models, no more than help. */
const MOST_ALLOWED = 24;

/**
 * A problem in one line, or in two where the list of what is allowed is long:
 * `config.yaml:12:5  providers[0].api_bse: unknown setting. Did you mean "api_base"?`
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

/** A path as people write it: `models["gpt-4.1"].routes[0].backend`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** A value in words that are safe to print; of a secret, or of what might hold one, only its kind. */
export function describe(value: unknown, path: Path): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  if (isSecret(path)) return kindOf(value);
  const text = JSON.stringify(value) ?? kindOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What kind of value it is, and nothing more. */
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
]);

/** Sections in which every value is. */
const SECRET_SECTIONS = ['headers', 'aws', 'service_account'];

/** Whether the value there may be a secret. An address may carry a password, and a header a credential. */
export function isSecret(path: Path): boolean {
  const last = path.at(-1) ?? '';
  return SECRET_KEYS.has(last) || SECRET_SECTIONS.some((section) => path.includes(section));
}
