import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { listSettings, writePath } from '../../../scripts/reference/settings.ts';
import { loadPlain } from '../../../src/config/read/quick/load-plain.ts';
import { readPlainYaml } from '../../../src/config/read/quick/plain-yaml.ts';
import { takeShape } from '../../../src/config/read/quick/take-shape.ts';
import { parseSource } from '../../../src/config/read/source.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';
import { shapeTableText } from '../../../src/config/schema/shape-table.ts';
import { BAD_CONFIGURATIONS } from '../../unit/config/bad-configurations.ts';
import { fileWith, FIRST_FILES, VALUES } from './file-with.ts';

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string) => Bun.file(new URL(path, ROOT)).text();
const FILES = await Promise.all(
  ['config.example.yaml', 'test/golden/config/seed-a.yaml', 'test/golden/config/seed-b.yaml'].map(text),
);
const FIRST = [...FIRST_FILES.values()];

describe('the quick way takes what people write', () => {
  const isTaken = (file: string) => {
    const names = [...file.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    const env = Object.fromEntries(names.map((name) => [name, 'x']));
    const withoutKeyFile = file.replace(/^ +service_account:.*$/m, '');
    return loadPlain(withoutKeyFile, { env, overrides: {}, version: 1, now: new Date(0) })?.kind;
  };

  test('the example, and the files of both seeds', () => {
    expect(FILES.map((file) => readPlainYaml(file) !== undefined)).toEqual(FILES.map(() => true));
  });
  test('what init writes', () => expect(FIRST.map(isTaken)).toEqual(FIRST.map(() => 'loaded')));
  test('JSON over several lines', () => {
    const file = {
      proxy_api_key: 'sk-x',
      server: { port: 0 },
      providers: [{ name: 'a', api_base: 'http://a' }],
    };
    expect(isTaken(JSON.stringify(file, null, 2))).toBe('loaded');
  });
});

describe('the table of shapes agrees with the schema', () => {
  const byTable = (value: unknown) => JSON.stringify(takeShape(value));
  const bySchema = (value: unknown) => JSON.stringify(configSchema.safeParse(value, { jitless: true }).data);

  test('it is current: run `npm run generate`', async () => {
    expect(await text('src/config/schema/shape-table.json')).toBe(shapeTableText());
  });

  for (const setting of listSettings()) {
    test(writePath(setting.path), () => {
      const examples = [setting.default, setting.example].filter((value) => value !== undefined);
      const files = [...VALUES, ...MORE_VALUES, ...examples].map((value) => fileWith(setting.path, value));
      expect(files.map(byTable)).toEqual(files.map(bySchema));
    });
  }

  test('in which order settings come does not matter, nor a setting that has no value', () => {
    const file = {
      workers: 1,
      server: { port: 1, host: null },
      models: { b: { routes: [] }, a: { routes: [{}] } },
    };
    expect(byTable(file)).toBe(bySchema(file));
  });
});

const MORE_VALUES = [
  1e16,
  NaN,
  'a\nb',
  'a,b',
  'x'.repeat(201),
  '2026-02-30',
  '2027-03-31T00:00:00Z',
  '2027-99-31T00:00:00Z',
  '400_000',
  { x: null },
  { x: 'y' },
  { ['x'.repeat(33)]: 'y' },
  Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`t${index}`, 'y'])),
  Array.from({ length: 101 }, () => ({})),
];

/** Expects the library to read a text the same. Returns false where the quick way leaves the text to it. */
function agrees(yaml: string): boolean {
  const value = readPlainYaml(yaml);
  if (value === undefined) return false;
  const source = parseSource(yaml);
  expect(source.kind === 'parsed' && JSON.stringify(source.value)).toBe(JSON.stringify(value));
  return true;
}

describe('plain YAML is what it is to the library', () => {
  const TEXTS = [...FILES, ...FIRST, ...BAD_CONFIGURATIONS.map((each) => each.text)];
  // Pieces that begin or end something in YAML, and scalars of every type.
  const PIECES = [
    'a',
    'key',
    'a:b',
    'x y',
    '\u00e9',
    '\u4e2d',
    '"x"',
    "'y'",
    '"a\\n"',
    '"\\u00e9"',
    '"\\x41"',
    '$',
    '${V}',
    '1',
    '-1',
    '1.5',
    '0x1',
    '0o7',
    '1e3',
    '.5',
    '+1',
    '01',
    '1_000',
    '2024-01-01',
    '127.0.0.1',
    '.inf',
    'true',
    'False',
    'null',
    '~',
    '""',
    "''",
    '<<',
    '=',
    'http://x:8/v',

    ':',
    ': ',
    ':\n',
    '\n',
    '\n  ',
    '\n    ',
    ' ',
    '- ',
    '-',
    '- - ',
    '{',
    '}',
    '[',
    ']',
    ',',
    ', ',
    '"',
    "'",

    '#',
    ' # c',
    '\n# c\n',
    '&a',
    '*a',
    '!t',
    '|',
    '>',
    '?',
    '? ',
    '%',
    '@',
    '`',
    '---',
    '...',
    '\t',
    '\r\n',
    'a: 1',
    'b: [1, 2]',
    'c: {d: e}',
    '\n- a',
    '\n  b: 2',
  ];
  const piece = fc.constantFrom(...PIECES);
  const made = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const mutated = fc
    .record({
      file: fc.constantFrom(...TEXTS),
      from: fc.nat({ max: 200 }),
      lines: fc.integer({ min: 1, max: 12 }),
      edits: fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 3 }), piece), { maxLength: 3 }),
    })
    .map(({ file, from, lines, edits }) => {
      const all = file.split('\n');
      const first = from % all.length;
      let part = all.slice(first, first + lines).join('\n');
      for (const [place, removed, added] of edits) {
        const at = place % (part.length + 1);
        part = part.slice(0, at) + added + part.slice(at + removed);
      }
      return part;
    });

  test.each([
    ['pieces in any order', made],
    ['changed parts of configurations', mutated],
  ])('%s', (_, texts) => {
    let taken = 0;
    fc.assert(
      fc.property(texts, (yaml) => {
        if (agrees(yaml)) taken++;
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(30);
  });

  test.each([
    '__proto__: {a: 1}',
    '"__proto__": {a: 1}',
    'a: {__proto__: {b: 1}}',
    '<<: {a: 1}',
    '"<<": {a: 1}',
    'a : {b: 1}\na: 2',
    'a: {<<: {b: 1}}',
    `${'x'.repeat(1_100)}: 1`,
    `a: {${'x'.repeat(1_100)}: 1}`,
    'a: {b: 1, b: 2}',
    'a: {b:[c]}',
    'a: {b:{c: d}}',
    'a: [b]#c',
    'a: "b"#c',
    'a: [b,#c\n  d]',
    'a: ["b"#c\n  ]',
    'a:\n  -\n  - b',
    'a:\n-\n- b',
    'a:\n  b: 1\n  - c: 2',
    '{"a": [\n...\n]}',
    'a: "\\ud83d"',
    'a: 12345678901234567890',
  ])('a trap: %j', (yaml) => {
    agrees(yaml);
  });

  test('a setting called __proto__ is left to the schema', () => {
    expect(takeShape({ models: JSON.parse('{"__proto__": {"routes": [{}]}}') as unknown })).toBeUndefined();
  });

  test('one list that stands in two places is checked in both', () => {
    const [routes, limits] = [[{ provider: 'a', model: 'm' }], [{ cost: 5, per: 'day' }]];
    const fileOf = (inModel: unknown, inKey: unknown) => ({
      models: { m: { routes: inModel } },
      master_keys: [{ name: 'k', key: 'sk-0123456789abcdef', limits: inKey }],
    });
    const right = fileOf(routes, limits);
    expect(takeShape(right)).toEqual(configSchema.parse(right));
    for (const list of [routes, limits]) expect(takeShape(fileOf(list, list))).toBeUndefined();
  });

  test('deep nesting is left to the library', () => {
    expect(readPlainYaml(`a: ${'['.repeat(3_000)}${']'.repeat(3_000)}`)).toBeUndefined();
    expect(readPlainYaml(`a:\n ${'- '.repeat(3_000)}1`)).toBeUndefined();
  });
});
