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

/** Redacts everything in a text that looks like a key. Most texts contain no tell and are scanned once. */
export function redactShapes(text: string): string {
  const told = shapesTold(text);
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
    const place = Buffer.from(tell).reduce((before, charCode) => nextPlace(before, charCode), 0);
    TELLS[place] = (TELLS[place] ?? 0) | (1 << index);
  }
}

/** A bit for each shape that may be present. */
function shapesTold(text: string): number {
  let told = 0;
  let place = 0;
  for (let index = 0; index < text.length; index++) {
    place = nextPlace(place, text.charCodeAt(index));
    told |= TELLS[place] ?? 0;
  }
  return told;
}

function nextPlace(place: number, charCode: number): number {
  return ((place << 5) | (charCode & 31)) & 0x7fff;
}

function eitherWay(...beginnings: readonly string[]): string[] {
  return beginnings.flatMap((beginning) => [`${beginning}-`, `${beginning}_`]);
}

function redactShape(match: string, ...groups: readonly unknown[]): string {
  const [before, secret] = groups;
  return typeof before === 'string' && typeof secret === 'string' ? before + shown(secret) : shown(match);
}
