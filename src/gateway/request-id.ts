/**
 * Creates an id of `req_` and 12 hex digits, unique enough to find in a log and short enough to read out. It is not a
 * secret.
 */
export function newRequestId(): string {
  return `req_${sixDigits()}${sixDigits()}`;
}

/** Small integers become text faster than large ones. The leading one keeps the zeros after it. */
function sixDigits(): string {
  return (SIX_DIGITS + Math.floor(Math.random() * SIX_DIGITS)).toString(16).slice(1);
}

const SIX_DIGITS = 2 ** 24;
