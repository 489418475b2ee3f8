import { shown } from './secret-forms.ts';

/** A pattern for keys that are not known by value. */
interface Shape {
  /** Its groups are the prefix to keep and the secret; without groups, the whole match is secret. */
  readonly pattern: RegExp;
  /** Three characters each, in any case. Every match contains at least one of them. */
  readonly tells: readonly string[];
}

/** None of them matches redacted text. */
const SHAPES: readonly Shape[] = [
  {
    pattern:
      /(?<![\w-])(?:sk|rk|pk|mk|gsk|csk|xai|hf|r8|tgp|pplx|nvapi|gh[opsu]|glpat|xox[abp])[-_][\w-]{8,}/g,
    tells: [
      ...eitherWay('sk', 'rk', 'pk', 'mk', 'ai', 'hf', 'r8', 'gp', 'lx', 'pi', 'at'),
      ...eitherWay('ho', 'hp', 'hs', 'hu', 'xa', 'xb', 'xp'),
    ],
  },
  {
    pattern: /(?<![\w-])(?:AIza[\w-]{20,}|AKIA[0-9A-Z]{12,}|ya29\.[\w.-]{10,})/g,
    tells: ['aiz', 'aki', 'ya2'],
  },
  { pattern: /(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, tells: ['eyj'] },
  { pattern: /(\bbearer[ \t]+)([\w.~+/=-]{6,})/gi, tells: ['bea'] },
  { pattern: /(\bbasic[ \t]+)([A-Za-z0-9+/=_-]{12,})/gi, tells: ['sic'] },
  {
    pattern:
      /([?&](?:api[-_]?key|key|token|access[-_]?token|auth|secret|sig|signature|password)=)([^&#\s"'*]{6,})/gi,
    tells: ['?', '&'].flatMap((sign) =>
      ['ap', 'ke', 'to', 'ac', 'au', 'se', 'si', 'pa'].map((s) => sign + s),
    ),
  },
  {
    pattern:
      /((?:\bapi[-_]?key|\bx-goog-api-key|\baccess[-_]?token|\bclient[-_]?secret|\bpassword)\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?)([^\s"'\\&,;*{}[\]]{6,})/gi,
    tells: ['ike', ...eitherWay('pi', 'ss', 'nt'), 'sst', 'tse', 'ssw'],
  },
  { pattern: /(:\/\/[^\s/:@"']{0,200}:)([^\s/@"'*]{3,200})(?=@)/g, tells: ['://'] },
];

/**
 * Redacts everything in a text that looks like a key.
 *
 * @param told the shapes that may be present: a union of `shapesTold`
 */
export function redactShapes(text: string, told: number): string {
  if (told === 0) return text;
  let redacted = text;
  for (const [index, { pattern }] of SHAPES.entries()) {
    if ((told & (1 << index)) !== 0) redacted = redacted.replace(pattern, redactShape);
  }
  return redacted;
}

/** Five bits of each of three characters; those of a letter are the same in both cases. */
const TELLS = new Uint8Array(1 << 15);
for (const [index, { tells }] of SHAPES.entries()) {
  for (const tell of tells) {
    const place = placeOf(...bytesOf(tell));
    TELLS[place] = (TELLS[place] ?? 0) | (1 << index);
  }
}

/** A bit for each shape that may be present where these three characters are. */
export function shapesTold(text: string, last: number): number {
  return TELLS[placeOf(text.charCodeAt(last - 2), text.charCodeAt(last - 1), text.charCodeAt(last))] ?? 0;
}

/** The last two characters of all tells, as bytes in both cases. Few positions of a text match one. */
export function* tellEndings(): Generator<readonly [number, number]> {
  for (const { tells } of SHAPES) {
    for (const tell of tells) {
      const ending = tell.slice(1);
      for (const first of bothCases(ending.charAt(0))) {
        for (const second of bothCases(ending.charAt(1))) yield [first, second];
      }
    }
  }
}

function bothCases(character: string): readonly number[] {
  return bytesOf(character.toLowerCase() + character.toUpperCase());
}

function bytesOf(text: string): [number, number, number] {
  return [...Buffer.from(text)] as [number, number, number];
}

function placeOf(first: number, second: number, third: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | (third & 31);
}

function eitherWay(...beginnings: readonly string[]): string[] {
  return beginnings.flatMap((beginning) => [`${beginning}-`, `${beginning}_`]);
}

function redactShape(match: string, ...groups: readonly unknown[]): string {
  const [before, secret] = groups;
  return typeof before === 'string' && typeof secret === 'string' ? before + shown(secret) : shown(match);
}
