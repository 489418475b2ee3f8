/** Numbers below this one are remembered. */
const MOST = 1024;

/**
 * Wraps a pure function that makes a text of a whole number from 0. The texts of small numbers are made once: a text
 * that is joined from parts costs more than looking it up.
 */
export function rememberSmall(textOf: (value: number) => string): (value: number) => string {
  const known: (string | undefined)[] = Array.from({ length: MOST });
  return (value) => {
    if (value >= MOST) return textOf(value);
    return (known[value] ??= textOf(value));
  };
}
