/** Whether a name is a pattern: `*` in it stands for any text. */
export function isPattern(name: string): boolean {
  return name.includes('*');
}

/** A test for names, made once. Linear in the name, whatever the pattern: names come from clients. */
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

/** Patterns with the most of a name spelled out first, so that the closest match wins and `*` comes last. */
export function bySpecificity(a: string, b: string): number {
  return b.replaceAll('*', '').length - a.replaceAll('*', '').length;
}
