const NOT_ASCII = /[\u0080-\u00ff]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a header field. Fields arrive as Latin-1 (RFC 9110 §5.5), but most clients write UTF-8, as bodies have it.
 */
export function headerText(field: string): string {
  if (!NOT_ASCII.test(field)) return field;
  try {
    return UTF8.decode(Buffer.from(field, 'latin1'));
  } catch {
    return field;
  }
}
