/** SHA-256 of the text's UTF-8 bytes, as 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return Bun.CryptoHasher.hash('sha256', text, 'hex');
}

/** HMAC-SHA-256 of texts, one after the other, in base64. Each text has one character a byte. */
export function hmacSha256(secret: Uint8Array, texts: readonly string[]): string {
  const hasher = new Bun.CryptoHasher('sha256', secret);
  for (const text of texts) hasher.update(text, 'latin1');
  return hasher.digest('base64');
}
