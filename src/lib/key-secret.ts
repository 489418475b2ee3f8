/** Begins every key that this program makes up. Scanners for secrets find `sk-lp-[0-9A-Za-z]{49}`. */
const PREFIX = 'sk-lp-';

/** 43 digits of base 62 hold 256 bits. */
const RANDOM_DIGITS = 43;

/** 6 digits of base 62 hold a CRC-32. */
const CHECK_DIGITS = 6;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A new secret of 256 random bits: `sk-lp-`, 43 characters of base 62, and 6 of the CRC-32 of these 43. */
export function newKeySecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const text = base62(BigInt(`0x${Buffer.from(random).toString('hex')}`), RANDOM_DIGITS);
  return `${PREFIX}${text}${checkOf(text)}`;
}

/** Whether a key begins like one of `newKeySecret` but is none: it was mistyped or cut off. */
export function isMistyped(key: string): boolean {
  if (!key.startsWith(PREFIX)) return false;
  const [text, check] = [key.slice(PREFIX.length, -CHECK_DIGITS), key.slice(-CHECK_DIGITS)];
  return text.length !== RANDOM_DIGITS || checkOf(text) !== check;
}

function checkOf(text: string): string {
  return base62(BigInt(Bun.hash.crc32(text)), CHECK_DIGITS);
}

function base62(value: bigint, digits: number): string {
  let text = '';
  for (let rest = value; text.length < digits; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text;
  return text;
}
