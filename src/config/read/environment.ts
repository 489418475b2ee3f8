import { type Finding, formatPath, type Path } from './problems.ts';

/** The variables that a configuration may name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value whose strings are expanded. */
export interface Expansion {
  readonly value: unknown;
  /** Paths, as text, of the strings in which a variable stood: they may be meant as numbers. */
  readonly expanded: ReadonlySet<string>;
  /** One for each variable that is not set and has no default. Its string stays as it was. */
  readonly findings: readonly Finding[];
}

/**
 * Replaces `${VAR}` and `${VAR:-default}` in all strings of a parsed configuration; `$${` becomes a plain `${`.
 * It works on values and not on text, so that what a variable holds can't become YAML. As in a shell, `:-` gives
 * its default for an empty variable too.
 */
export function expandEnvironment(value: unknown, env: Environment): Expansion {
  const expanded = new Set<string>();
  const findings: Finding[] = [];

  function expand(node: unknown, path: Path): unknown {
    if (typeof node === 'string') return node.includes('${') ? expandText(node, path) : node;
    if (Array.isArray(node)) return node.map((item, index) => expand(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, expand(item, [...path, key])]));
  }

  function expandText(text: string, path: Path): string {
    const { result, problem, hasVariable } = substitute(text, env);
    if (problem !== undefined) {
      findings.push({ path, ...problem });
      return text;
    }
    if (hasVariable) expanded.add(formatPath(path));
    return result;
  }

  return { value: expand(value, []), expanded, findings };
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;

interface Substitution {
  readonly result: string;
  readonly problem: Omit<Finding, 'path'> | undefined;
  readonly hasVariable: boolean;
}

function substitute(text: string, env: Environment): Substitution {
  let problem: Omit<Finding, 'path'> | undefined;
  let hasVariable = false;
  const result = text.replaceAll(REFERENCE, (whole: string, inner: string | undefined) => {
    if (whole === '$${') return '${';
    const [, name, fallback] = NAME_AND_DEFAULT.exec(inner ?? '') ?? [];
    if (name === undefined) {
      problem ??= {
        message: 'has a ${ that is no variable; write ${VAR}, ${VAR:-default}, or $${ for a plain ${',
      };
      return whole;
    }
    hasVariable = true;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    const chosen = fallback === undefined ? value : value || fallback;
    if (chosen === undefined) {
      problem ??= {
        message: `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
      };
    }
    return chosen ?? whole;
  });
  return { result, problem, hasVariable };
}
