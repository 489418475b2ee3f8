/** The text as the value of a header field (RFC 9110 §5.5): what is not plain ASCII is percent-encoded, as in URLs. */
export function headerValue(text: string): string {
  if (!NEEDS_ENCODING.test(text)) return text;
  return text.replace(/[^\x20-\x7e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}

const NEEDS_ENCODING = /[^\x20-\x7e]/;
