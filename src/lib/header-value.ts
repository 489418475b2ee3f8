/** The text as the value of a header field (RFC 9110 §5.5): what is not plain ASCII is percent-encoded, as in URLs. */
export function headerValue(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
}
