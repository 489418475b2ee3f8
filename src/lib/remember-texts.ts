/** The lengths of texts that are remembered. A look-up costs as much as reading a shorter one. */
const SHORTEST = 16;
const LONGEST = 96;

/** When this many results are remembered, all are forgotten. */
const MOST = 1_000;

/** Wraps a pure function of a text so that it is computed once for each text that recurs. */
export function rememberTexts(compute: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    if (text.length < SHORTEST || text.length > LONGEST) return compute(text);
    let result = known.get(text);
    if (result === undefined) {
      result = compute(text);
      if (known.size >= MOST) known.clear();
      known.set(text, result);
    }
    return result;
  };
}
