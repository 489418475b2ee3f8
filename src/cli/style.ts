/** Highlights words on a terminal. Elsewhere they stay as they are. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly name: (text: string) => string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The style for output to a stream. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: Environment): Style {
  const paint = hasColours(stream, env)
    ? (code: number, end: number) => (text: string) => `\u001b[${code}m${text}\u001b[${end}m`
    : () => (text: string) => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    bad: paint(31, 39),
    name: paint(36, 39),
  };
}

/** FORCE_COLOR takes precedence, as in Node, then NO_COLOR (no-color.org). Empty values do not count. */
function hasColours({ isTTY }: { readonly isTTY?: boolean }, env: Environment): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR']) return false;
  return isTTY === true && env['TERM'] !== 'dumb';
}
