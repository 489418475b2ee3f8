import type { ReadSecretFile, SecretFile } from './secret-file.ts';
import { type Finding, formatPath, type Path } from './problems.ts';

/** The environment variables that a configuration may refer to. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value with its references expanded. */
export interface Expansion {
  readonly value: unknown;
  /** Paths, as text, of the strings that contained a reference: they may be meant as numbers. */
  readonly expanded: ReadonlySet<string>;
  /** One finding for each unset variable and each unreadable file. Their strings stay as they were. */
  readonly findings: readonly Finding[];
  /** The referenced files by path. */
  readonly files: ReadonlyMap<string, SecretFile>;
}

/** The sources of referenced values. */
export interface References {
  /** undefined: variables may not be read, so each has its default. */
  readonly env: Environment | undefined;
  /** undefined: files may not be read. */
  readonly readFile?: ReadSecretFile | undefined;
}

/**
 * Expands `${VAR}` and `${VAR:-default}` in all strings of a parsed configuration, and `${file:PATH}` and
 * `${file:PATH:-default}` by the contents of the file; `$${` becomes a literal `${`. It works on values rather than
 * text, so that a variable's value cannot become YAML. As in a shell, the default after `:-` also applies to an empty
 * variable, and to a file that is empty or missing.
 */
export function expandEnvironment(value: unknown, { env, readFile }: References): Expansion {
  const expanded = new Set<string>();
  const findings: Finding[] = [];
  const files = new Map<string, SecretFile>();

  function expand(node: unknown, path: Path): unknown {
    if (typeof node === 'string') return node.includes('${') ? expandText(node, path) : node;
    if (Array.isArray(node)) return node.map((item, index) => expand(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, expand(item, [...path, key])]));
  }

  function expandText(text: string, path: Path): string {
    let problem: string | undefined;
    let hasReference = false;
    const result = text.replaceAll(REFERENCE, (whole: string, inner: string | undefined) => {
      if (whole === '$${') return '${';
      const resolved = resolve(inner ?? '');
      hasReference ||= resolved.kind !== 'no-reference';
      if (resolved.kind === 'value') return resolved.value;
      problem ??= resolved.kind === 'no-reference' ? NO_REFERENCE : resolved.message;
      return whole;
    });
    if (problem !== undefined) {
      findings.push({ path, message: problem });
      return text;
    }
    if (hasReference) expanded.add(formatPath(path));
    return result;
  }

  function resolve(inner: string): Resolved {
    const [, file, fileDefault] = FILE_AND_DEFAULT.exec(inner) ?? [];
    if (file !== undefined) return resolveFile(file, fileDefault);
    const [, name, fallback] = NAME_AND_DEFAULT.exec(inner) ?? [];
    return name === undefined ? { kind: 'no-reference' } : resolveVariable(name, fallback, env);
  }

  function resolveFile(path: string, fallback: string | undefined): Resolved {
    if (readFile === undefined)
      return { kind: 'problem', message: 'refers to a file, but files are not read here' };
    const file = files.get(path) ?? readFile(path);
    files.set(path, file);
    if (file.kind === 'text') return { kind: 'value', value: file.text || (fallback ?? '') };
    if (file.isMissing && fallback !== undefined) return { kind: 'value', value: fallback };
    return { kind: 'problem', message: file.message };
  }

  return { value: expand(value, []), expanded, findings, files };
}

/** Linear: no part of the expression reads a character twice. */
const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;
const FILE_AND_DEFAULT = /^file:((?:(?!:-)[^])+)(?::-([^]*))?$/;

const NO_REFERENCE =
  'contains a ${ that does not begin a reference; write ${VAR}, ${VAR:-default}, ${file:/path}, or $${ for a plain ${';

/** The value of a reference. */
type Resolved =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'no-reference' };

function resolveVariable(name: string, fallback: string | undefined, env: Environment | undefined): Resolved {
  if (env === undefined && fallback === undefined) {
    const message = `refers to the environment variable ${name}, but variables are not read here; write its value`;
    return { kind: 'problem', message };
  }
  const value = env !== undefined && Object.hasOwn(env, name) ? env[name] : undefined;
  const chosen = fallback === undefined ? value : value || fallback;
  if (chosen !== undefined) return { kind: 'value', value: chosen };
  const file = env?.[`${name}_FILE`];
  const hint =
    file === undefined
      ? `set it, or write \${${name}:-default}`
      : `${name}_FILE is, and for what is in that file write \${file:${file}}`;
  return { kind: 'problem', message: `the environment variable ${name} is not set; ${hint}` };
}
