import { compileFile, NOTHING_COMPILED } from './compile-file.ts';
import { expandEnvironment } from './environment.ts';
import { type Files, type LoadResult, NO_FILES, type TextContext } from './load-result.ts';
import { fewProblems, type Finding, formatPath, type Path, type Problem, toProblems } from './problems.ts';
import { readKeyFiles } from './service-account.ts';
import { checkShape } from './shape.ts';
import { parseSource } from './source.ts';

/** Checks and compiles the text of a configuration. Problems call it `file`. All problems are found in one run. */
export function compileText(text: string, { file, ...context }: TextContext): LoadResult {
  const source = parseSource(text);
  if (source.kind === 'invalid') {
    const problems = fewProblems(source.faults.map((fault) => ({ file, path: '', ...fault })));
    return { kind: 'refused', problems, files: NO_FILES };
  }
  const expansion = readKeyFiles(expandEnvironment(source.value, context), context);
  const shape = checkShape(expansion);
  const late = shape.file === undefined ? NOTHING_COMPILED : compileFile(shape.file, context);
  const known = pathsOf([...expansion.findings, ...misspelt(shape.findings)]);
  const findings = [
    ...expansion.findings,
    ...shape.findings.filter(({ path }) => !known.has(formatPath(path))),
    ...late.findings.filter(({ path }) => !known.has(formatPath(path)) && !isFaulty(path, shape.findings)),
  ];
  const { files } = expansion;
  const found = [...toProblems(file, findings, source.locate), ...late.problems];
  const problems = fewProblems(found).map(withoutSecrets(files));
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
