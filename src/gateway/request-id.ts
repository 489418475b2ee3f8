/**
 * Creates an id of `req_` and 12 hex digits, unique enough to find in a log and short enough to read out. It is not a
 * secret.
 */
export function newRequestId(): string {
  return `req_${Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')}`;
}
