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

const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;

/** The shapes of each tell, by its characters. */
const TELLS = new Map<number, number>();
for (const [index, { tells }] of SHAPES.entries()) {
  for (const tell of tells) {
    const place = placeOf(tell, 2);
    TELLS.set(place, (TELLS.get(place) ?? 0) | (1 << index));
  }
}

/** A bit for each shape that may be present, since its tell ends here. */
export function shapesTold(text: string, last: number): number {
  return TELLS.get(placeOf(text, last)) ?? 0;
}

/** The last two characters of all tells in all cases. Few positions of a text match one. */
export function tellEndings(): readonly string[] {
  const endings = SHAPES.flatMap(({ tells }) => tells.map((tell) => tell.slice(1)));
  return endings.flatMap(([first = '', second = '']) =>
    bothCases(first).flatMap((start) => bothCases(second).map((end) => start + end)),
  );
}

function bothCases(character: string): readonly string[] {
  return [character.toLowerCase(), character.toUpperCase()];
}

/** Three characters as a number that does not depend on their case. */
function placeOf(text: string, last: number): number {
  return (lowerCase(text, last - 2) << 16) | (lowerCase(text, last - 1) << 8) | lowerCase(text, last);
}

function lowerCase(text: string, index: number): number {
  const charCode = text.charCodeAt(index) & 0xff;
  return charCode >= CAPITAL_A && charCode <= CAPITAL_Z ? charCode | 0x20 : charCode;
}

function eitherWay(...beginnings: readonly string[]): string[] {
  return beginnings.flatMap((beginning) => [`${beginning}-`, `${beginning}_`]);
}

function redactShape(match: string, ...groups: readonly unknown[]): string {
  const [before, secret] = groups;
  return typeof before === 'string' && typeof secret === 'string' ? before + shown(secret) : shown(match);
}
