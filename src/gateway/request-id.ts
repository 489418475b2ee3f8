/**
 * Creates an id of `req_` and 12 hex digits, unique enough to find in a log and short enough to read out. It is not a
 * secret.
 */
export function newRequestId(): string {
  writeSixDigits(PREFIX_BYTES);
  writeSixDigits(PREFIX_BYTES + 6);
  return Buffer.prototype.latin1Slice.call(ID, 0, ID.length);
}

/** The bytes of the last id. Text from bytes is one string, where joined digits are seven. */
const ID = Buffer.from('req_000000000000');
const PREFIX_BYTES = 4;
const HEX = Buffer.from('0123456789abcdef');

function writeSixDigits(at: number): void {
  let rest = Math.floor(Math.random() * 2 ** 24);
  for (let index = at; index < at + 6; index++) {
    ID[index] = HEX[rest & 0xf] ?? 0;
    rest >>>= 4;
  }
}
