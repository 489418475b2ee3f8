/**
 * Wraps a pure function of a text so that it is not computed again for the same text as last time. Consecutive requests
 * usually have the same path.
 */
export function rememberLast<Result>(compute: (text: string) => Result): (text: string) => Result {
  let last: { readonly text: string; readonly result: Result } | undefined;
  return (text) => {
    if (last?.text === text) return last.result;
    const result = compute(text);
    last = { text, result };
    return result;
  };
}
