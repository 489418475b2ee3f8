/** Places around the parts of `Transfer-Encoding: chunked`. */
const PLACES = [[0], [1], [2], [3], [0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] as const;

/** Characters that some parsers skip, and some do not. */
const CHARACTERS = [...range(0x00, 0x20), ...range(0x7f, 0xff)].map((code) => String.fromCharCode(code));

/**
 * Fields that some parsers take for a transfer coding, and others do not: a character stands at one or two places around
 * the name and the value, as in the lists of scanners for request smuggling.
 */
export const HIDDEN_CODINGS: readonly string[] = CHARACTERS.flatMap((character) =>
  PLACES.map((places: readonly number[]) => {
    const [lead = '', beforeColon = '', afterColon = '', end = ''] = [0, 1, 2, 3].map((place) =>
      places.includes(place) ? character : '',
    );
    return `${lead}Transfer-Encoding${beforeColon}:${afterColon || ' '}chunked${end}`;
  }),
);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
