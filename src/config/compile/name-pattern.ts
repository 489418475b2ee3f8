/** Whether a name is a pattern, in which `*` stands for any text. */
export function isPattern(name: string): boolean {
  return name.includes('*');
}

/** Compiles a pattern into a test for names. The test takes linear time in the name, since clients choose names. */
export function matcher(pattern: string): (name: string) => boolean {
  const [prefix = '', ...rest] = pattern.split('*');
  const suffix = rest.pop();
  if (suffix === undefined) return (name) => name === pattern;
  const shortest = pattern.length - rest.length - 1;
  return (name) => {
    if (name.length < shortest || !name.startsWith(prefix) || !name.endsWith(suffix)) return false;
    let from = prefix.length;
    for (const part of rest) {
      const at = name.indexOf(part, from);
      if (at === -1) return false;
      from = at + part.length;
    }
    return from <= name.length - suffix.length;
  };
}

/** Sorts patterns by their number of literal characters, so that the most specific match wins and `*` comes last. */
export function bySpecificity(a: string, b: string): number {
  return b.replaceAll('*', '').length - a.replaceAll('*', '').length;
}
