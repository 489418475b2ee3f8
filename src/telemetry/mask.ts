import { previewKey } from '../config/compile-access.ts';

/** Puts what is left of a secret in its place: `sk-ab****cdef`, or `****` where that would tell too much of it. */
export type Mask = (text: string) => string;

/** A mask for these secrets, in each form in which text may hold them, and for everything that looks like a key. */
export function createMask(secrets: readonly string[]): Mask {
  const forms = secrets.flatMap(formsOf).sort((a, b) => b.text.length - a.text.length);
  return (text) => {
    let masked = text;
    // Looking for each costs little, and most text has none of them.
    for (const form of forms) {
      if (masked.includes(form.text)) masked = masked.replaceAll(form.text, () => form.shown);
    }
    for (const shape of SHAPES) masked = masked.replace(shape, maskShape);
    return masked;
  };
}

/**
 * A mask that follows the configuration: it is made anew only when the secrets are others. Those of the configuration
 * before are masked as well, since requests that began with it are still under way.
 */
export function maskOf(secrets: () => readonly string[]): Mask {
  let known = secrets();
  let mask = createMask(known);
  return (text) => {
    const current = secrets();
    if (current !== known) {
      mask = createMask([...new Set([...current, ...known])]);
      known = current;
    }
    return mask(text);
  };
}

/** The value of a header or field that is a secret whatever it looks like; the scheme before it stays. */
export function maskCredential(value: string): string {
  const [, scheme = '', secret = ''] = /^(\s*(?:bearer|basic|token)\s+)?(.*)$/is.exec(value) ?? [];
  return `${scheme}${shown(secret)}`;
}

interface SecretForm {
  readonly text: string;
  readonly shown: string;
}

function formsOf(secret: string): SecretForm[] {
  const texts = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    ...base64Forms(secret),
  ];
  return [...new Set(texts)].map((text) => ({ text, shown: shown(text) }));
}

/** Shorter pieces would be found where they mean nothing. */
const SHORTEST_BASE64 = 8;

/**
 * In base64 a secret looks different at each of three distances from the beginning of a group. These are the
 * characters that it alone decides, in both alphabets: `user:secret` is found like the secret itself.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isWhole = (offset + bytes.length) % 3 === 0;
    return encoded.slice(offset === 0 ? 0 : offset + 1, isWhole ? undefined : -1);
  });
  const long = forms.filter((form) => form.length >= SHORTEST_BASE64);
  return [...long, ...long.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/**
 * What keys look like where they are not known by value. A shape's groups are what stays before the secret, and the
 * secret; a shape without groups is a secret as a whole. What was masked matches none of them.
 */
const SHAPES: readonly RegExp[] = [
  /(?<![\w-])(?:sk|rk|pk|mk|gsk|csk|xai|hf|r8|tgp|pplx|nvapi|gh[opsu]|glpat|xox[abp])[-_][\w-]{8,}/g,
  /(?<![\w-])(?:AIza[\w-]{20,}|AKIA[0-9A-Z]{12,}|ya29\.[\w.-]{10,})/g,
  /(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g,
  /(\bbearer[ \t]+)([\w.~+/=-]{6,})/gi,
  /(\bbasic[ \t]+)([A-Za-z0-9+/=_-]{12,})/gi,
  /([?&](?:api[-_]?key|key|token|access[-_]?token|auth|secret|sig|signature|password)=)([^&#\s"'*]{6,})/gi,
  /((?:\bapi[-_]?key|\bx-goog-api-key|\baccess[-_]?token|\bclient[-_]?secret|\bpassword)\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?)([^\s"'\\&,;*{}[\]]{6,})/gi,
  /(:\/\/[^\s/:@"']{0,200}:)([^\s/@"'*]{3,200})(?=@)/g,
];

function maskShape(match: string, ...groups: readonly unknown[]): string {
  const [before, secret] = groups;
  return typeof before === 'string' && typeof secret === 'string' ? before + shown(secret) : shown(match);
}

/** First 5 and last 4 characters, if they are plain ones: half of an escape sequence could break the text around it. */
function shown(secret: string): string {
  const preview = previewKey(secret);
  return /^[\w.~+/=:*-]*$/.test(preview) ? preview : '****';
}
