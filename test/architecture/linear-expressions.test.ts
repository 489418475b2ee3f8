import { expect, test } from 'bun:test';
import { isSteep } from './growth.ts';
import { type RegexLiteral, regexLiterals } from './regex-literals.ts';

/**
 * Rooms that read text from clients and providers. The others read only the operator's text (configuration and terminal) or
 * run in the operator's browser.
 */
const FOREIGN = [
  'admin',
  'cluster',
  'gateway',
  'health',
  'http1',
  'lib',
  'limits',
  'models',
  'prices',
  'protocols',
  'routing',
  'server',
  'spend',
  'store',
  'telemetry',
  'translation',
  'upstream',
  'usage',
].map((folder) => `src/${folder}/**/*.ts`);

/** Slow expressions that never see a text on which they are slow, by file and source, with the reason. */
const GUARDED: Readonly<Record<string, string>> = {
  [String.raw`src/lib/http/retry-after.ts (\d+(?:\.\d+)?)(ms|[dhms])`]:
    'the text has 40 characters at most, and is a duration',
  [String.raw`src/protocols/reported-error.ts (\d+(?:\.\d+)?)(ms|h|m|s)`]:
    'the text is a duration, of bounded length',
  [String.raw`src/translation/rate-limits.ts (\d+(?:\.\d+)?)(ms|h|m|s)`]: 'the text is a duration as a whole',
  [String.raw`src/telemetry/traces/trace-settings.ts \/*$`]: 'the text is a variable of the environment',
  [String.raw`src/upstream/url.ts \/+$`]: "the text is a provider's base URL",
};

/** Characters that parts of expressions repeat: of words, of space that some call none, of what separates. */
const PUMPS = [
  'a',
  'A',
  '0',
  ' ',
  '\t',
  '\u00A0',
  '\n',
  ',',
  ';',
  ':',
  '=',
  '"',
  '\\',
  '/',
  '.',
  '-',
  '_',
  '%',
  '+',
  '*',
];
const ENDS = ['', '\u0000', 'x', '"', '!'];

interface Found extends RegexLiteral {
  readonly file: string;
}

async function expressionsIn(patterns: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const pattern of patterns) {
    for await (const file of new Bun.Glob(pattern).scan('.')) {
      const literals = regexLiterals(await Bun.file(file).text());
      found.push(...literals.map((literal) => ({ ...literal, file })));
    }
  }
  return found;
}

/** Texts on which the expression may be slow: a beginning that matches, a repetition, and an end that does not match. */
function attacks({ source }: RegexLiteral): ((size: number) => string)[] {
  const words = source.match(/(?<![\\[(?])[A-Za-z][\w-]+/g) ?? [];
  const starts = new Set([
    '',
    ...words.slice(0, 4),
    ...words.slice(0, 4).flatMap((word) => [`${word} a`, `${word}=`, `${word}:`]),
  ]);
  const own = [
    ...new Set(source.replaceAll(/\\[a-zA-Z]/g, '').match(/[^\w\s^$()[\]{}?*+|.\\]/g) ?? []),
  ].slice(0, 4);
  const letters = [...new Set(source.replaceAll(/\\./g, '').match(/[a-z]/gi) ?? [])].slice(0, 6);
  const pairs = own.flatMap((one) => [`a${one}`, `${one} `, `${one}${one}`]);
  const pumps = new Set([...PUMPS, ...own, ...letters, ...words.slice(0, 3), ...pairs]);
  return [...starts].flatMap((start) =>
    [...pumps].flatMap((pump) =>
      ENDS.map((end) => (size: number) => start + pump.repeat(Math.ceil(size / pump.length)) + end),
    ),
  );
}

function steepTextOf(literal: RegexLiteral): string | undefined {
  const pattern = new RegExp(literal.source, literal.flags);
  const runs = literal.flags.includes('g')
    ? (text: string) => text.replaceAll(pattern, '')
    : (text: string) => {
        pattern.lastIndex = 0;
        return pattern.test(text);
      };
  const slow = attacks(literal).find((attack) => isSteep((size) => runs(attack(size))));
  return slow === undefined ? undefined : JSON.stringify(slow(8));
}

test('every regular expression that sees foreign text runs in linear time', async () => {
  const expressions = await expressionsIn([...FOREIGN, 'src/console/*.ts']);
  expect(expressions.length).toBeGreaterThan(50);
  const known = new Set(expressions.map(({ file, source }) => `${file} ${source}`));
  expect(Object.keys(GUARDED).filter((one) => !known.has(one))).toEqual([]);
  const steep = expressions.flatMap((literal) => {
    if (GUARDED[`${literal.file} ${literal.source}`] !== undefined) return [];
    const text = steepTextOf(literal);
    return text === undefined ? [] : [`${literal.file}:${literal.line} /${literal.source}/ on ${text}`];
  });
  expect(steep).toEqual([]);
});

test('an expression that is not linear is found', () => {
  for (const source of [
    String.raw`^\s*bearer\s+(\S.*?)\s*$`,
    String.raw`\s*,\s*`,
    String.raw`/+$`,
    '(a+)+b',
    'x*y',
  ])
    expect(steepTextOf({ source, flags: 'i', line: 1 })).toBeString();
});

test('expressions are found in a source, and nothing else', () => {
  const code = [
    'const a = 1 / 2 / 3; // not /this/',
    '/* nor /this/ */ const b = "/nor/" + `/nor/`;',
    String.raw`if (/^\/a[/]b/i.test(text)) return /c/g;`,
    'const c = (d) / e / f;',
    'list.map((one) => one.split(/,/));',
  ].join('\n');
  expect(regexLiterals(code).map(({ source, flags }) => `${source} ${flags}`)).toEqual([
    String.raw`^\/a[/]b i`,
    'c g',
    ', ',
  ]);
});
