/** `req_` and 12 hex digits: unique enough to be found in a log, short enough to be read out. It is no secret. */
export function newRequestId(): string {
  return `req_${Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')}`;
}
