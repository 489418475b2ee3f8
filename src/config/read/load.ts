import { readFile } from 'node:fs/promises';
import { type CompileContext, compile } from '../compile/compile.ts';
import { type Environment, expandEnvironment } from './environment.ts';
import { normalise } from './normalise.ts';
import { applyOverrides, type VariableFault } from './apply-overrides.ts';
import type { Overrides } from './overrides.ts';
import { type Finding, formatPath, type Path, type Problem, toProblems } from './problems.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { checkShape } from './shape.ts';
import type { Snapshot } from '../snapshot.ts';
import { type ReadSecretFile, readSecretFile, type SecretFile } from './secret-file.ts';
import { readKeyFiles } from './service-account.ts';
import { parseSource } from './source.ts';

/** The inputs of a configuration besides its text. */
export interface LoadContext extends Pick<CompileContext, 'version' | 'now' | 'staysLocked'> {
  readonly env: Environment;
  readonly overrides: Overrides;
  /** Reads `${file:PATH}`; undefined: files may not be read. */
  readonly readFile?: ReadSecretFile | undefined;
}

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

const NO_FILES: Files = new Map();

/** Reads, checks and compiles a configuration file. An unreadable file is a problem like any other. */
export async function loadConfig({
  path,
  ...context
}: LoadContext & { readonly path: string }): Promise<LoadResult> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return refuse(path, whyUnreadable(error));
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return compileText(text, { readFile: readSecretFile, ...context, file: path });
  } catch (error) {
    if (error instanceof TypeError) return refuse(path, 'is not text in UTF-8');
    throw error;
  }
}

/** Checks and compiles the text of a configuration. Problems call it `file`. All problems are found in one run. */
export function compileText(
  text: string,
  { file, ...context }: LoadContext & { readonly file: string },
): LoadResult {
  const source = parseSource(text);
  if (source.kind === 'invalid') {
    const problems = source.faults.map((fault) => ({ file, path: '', ...fault }));
    return { kind: 'refused', problems, files: NO_FILES };
  }
  const expansion = readKeyFiles(expandEnvironment(source.value, context), context);
  const shape = checkShape(expansion);
  const late = shape.file === undefined ? NOTHING : compileFile(shape.file, context);
  const known = pathsOf([...expansion.findings, ...misspelt(shape.findings)]);
  const findings = [
    ...expansion.findings,
    ...shape.findings.filter(({ path }) => !known.has(formatPath(path))),
    ...late.findings.filter(({ path }) => !known.has(formatPath(path)) && !isFaulty(path, shape.findings)),
  ];
  const { files } = expansion;
  const problems = [...toProblems(file, findings, source.locate), ...late.problems].map(
    withoutSecrets(files),
  );
  const { snapshot } = late;
  if (problems.length > 0 || shape.file === undefined || snapshot === undefined)
    return { kind: 'refused', problems, files };
  return { kind: 'loaded', snapshot, text, file: shape.file, files };
}

/** Removes the contents of secret files from problems, even if a secret landed in the wrong place. */
function withoutSecrets(files: Files): (problem: Problem) => Problem {
  const texts = [...files.values()].flatMap((file) => (file.kind === 'text' ? quotations(file.text) : []));
  const hide = (said: string): string => texts.reduce((rest, text) => rest.replaceAll(text, '****'), said);
  return (problem) =>
    texts.length === 0
      ? problem
      : {
          ...problem,
          message: hide(problem.message),
          ...(problem.found !== undefined && { found: hide(problem.found) }),
        };
}

/**
 * The forms in which a problem may quote a text. A short text counts only in quotes, since its letters occur in every
 * word.
 */
function quotations(text: string): string[] {
  const quoted = JSON.stringify(text);
  return text.trim().length < 4 ? [quoted] : [quoted.slice(1, -1), text.trim()];
}

interface Compiled {
  readonly findings: readonly Finding[];
  /** The problems outside of the file. */
  readonly problems: readonly Problem[];
  readonly snapshot: Snapshot | undefined;
}

const NOTHING: Compiled = { findings: [], problems: [], snapshot: undefined };

function compileFile(file: Parameters<typeof normalise>[0], context: LoadContext): Compiled {
  const normalised = normalise(file);
  const { settings, faults } = applyOverrides(normalised.settings, context.overrides, context.env);
  const result = compile(settings, context);
  return {
    findings: [...normalised.findings, ...(result.kind === 'refused' ? result.findings : [])],
    problems: faults.map(toEnvironmentProblem),
    snapshot: result.kind === 'compiled' ? result.snapshot : undefined,
  };
}

function toEnvironmentProblem({ name, message, found }: VariableFault): Problem {
  return { file: 'environment', line: undefined, column: undefined, path: name, message, found };
}

/** Paths whose further problems are noise: a missing variable or a misspelt setting has been reported already. */
function pathsOf(findings: readonly Pick<Finding, 'path'>[]): ReadonlySet<string> {
  return new Set(findings.map(({ path }) => formatPath(path)));
}

/** Whether a part of this entry of a list was left out as faulty. Further problems of the entry are noise then. */
function isFaulty(path: Path, faults: readonly Finding[]): boolean {
  if (typeof path.at(-1) !== 'number') return false;
  return faults.some((fault) => path.every((step, index) => fault.path[index] === step));
}

/** The settings that misspelt ones stood for. They only seem to be missing. */
function misspelt(findings: readonly Finding[]): Pick<Finding, 'path'>[] {
  return findings.flatMap(({ path, part, suggestion }) =>
    part === 'key' && suggestion !== undefined ? { path: [...path.slice(0, -1), suggestion] } : [],
  );
}

function refuse(file: string, message: string): LoadResult {
  return {
    kind: 'refused',
    problems: [{ file, line: undefined, column: undefined, path: '', message }],
    files: NO_FILES,
  };
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user';
    case 'EISDIR':
      return 'is a directory, not a file';
    default:
      return `cannot be read${typeof code === 'string' ? ` (${code})` : ''}`;
  }
}
