/**
 * Encodes text as the value of a header field (RFC 9110 §5.5): characters outside printable ASCII are percent-encoded,
 * as in URLs.
 */
export function headerValue(text: string): string {
  if (!NEEDS_ENCODING.test(text)) return text;
  return text.replace(/[^\x20-\x7e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}

const NEEDS_ENCODING = /[^\x20-\x7e]/;
