/** The length of a colon and a boolean, with white space around the colon. */
const VALUE_BYTES = 32;

/**
 * Returns the value of a boolean member in a JSON body, or undefined. `mark` is the quoted name. The match is approximate: the member
 * may lie deeper in the body. Use it where a wrong answer costs only a row in a table.
 */
export function flagIn(body: Uint8Array, mark: Buffer): string | undefined {
  // A view of its own for each body would cost more than the search.
  const at = Buffer.prototype.indexOf.call(body, mark);
  if (at === -1) return undefined;
  const start = at + mark.length;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return /^\s{0,8}:\s{0,8}(true|false)/.exec(bytes.toString('latin1', start, start + VALUE_BYTES))?.[1];
}
