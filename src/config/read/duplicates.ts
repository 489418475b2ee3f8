import { type Finding, formatPath, type Path } from './problems.ts';

/** One finding for each entry that repeats the name of an earlier one. */
export function findDuplicates(
  entries: readonly { readonly at: Path; readonly name: string }[],
  setting: string,
  kind: string,
): Finding[] {
  const first = new Map<string, Path>();
  const findings: Finding[] = [];
  for (const { at, name } of entries) {
    const other = first.get(name);
    if (other === undefined) first.set(name, at);
    else {
      const message = `"${name}" is already the name of ${kind}, at ${formatPath(other)}`;
      findings.push({ path: [...at, setting], message });
    }
  }
  return findings;
}
