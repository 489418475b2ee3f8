import { Ajv } from 'ajv';
import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { listSettings, typesOf, writePath } from '../../../scripts/reference/settings.ts';
import { configSchemaText } from '../../../src/config/schema/json-schema.ts';
import { checkShape } from '../../../src/config/read/shape.ts';
import { BAD_CONFIGURATIONS } from '../../unit/config/bad-configurations.ts';
import { fileWith, FIRST_FILES, VALUES } from './file-with.ts';

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string) => Bun.file(new URL(path, ROOT)).text();

// Editors read the schema from the file. Strict mode rejects keywords that they do not know.
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  JSON.parse(await text('config.schema.json')),
);

/** The errors that an editor underlines. */
function faultsOf(value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const isShape = (value: unknown): boolean => checkShape({ value, expanded: new Set() }).findings.length === 0;

test('it is what the schema makes it: run `npm run generate`', async () => {
  expect(await text('config.schema.json')).toBe(configSchemaText());
});

describe('it accepts', () => {
  for (const path of [
    'config.example.yaml',
    'test/golden/config/seed-a.yaml',
    'test/golden/config/seed-b.yaml',
  ]) {
    test(path, async () => expect(faultsOf(parse(await text(path)))).toEqual([]));
  }

  for (const [provider, file] of FIRST_FILES)
    test(`what init writes for ${provider}`, () => expect(faultsOf(parse(file))).toEqual([]));
});

describe('an editor underlines every shape that the program refuses', () => {
  for (const { kind, text: file } of BAD_CONFIGURATIONS) {
    let value: unknown;
    try {
      value = parse(file);
    } catch {
      continue;
    }
    if (isShape(value) || file.includes('${')) continue;
    test(kind, () => expect(faultsOf(value)).not.toEqual([]));
  }
});

describe('every setting has the values in an editor that it has in the program', () => {
  for (const setting of listSettings()) {
    test(writePath(setting.path), () => {
      for (const value of VALUES) {
        const file = fileWith(setting.path, value);
        expect([value, faultsOf(file).length === 0]).toEqual([value, isShape(file)]);
      }
    });
  }
});

test('a variable may stand wherever a text, a number or a switch may', () => {
  const scalars = listSettings().filter(({ alternatives }) =>
    typesOf(alternatives).some((type) => ['string', 'number', 'integer', 'boolean'].includes(type)),
  );
  const refused = scalars.filter((setting) =>
    ['${VAR}', '${VAR:-1}'].some((value) => faultsOf(fileWith(setting.path, value)).length > 0),
  );
  expect(refused.map(({ path }) => writePath(path))).toEqual([]);
  expect(scalars.length).toBeGreaterThan(60);
});

test('an editor shows a description for each setting, and the default of an omitted one', () => {
  const silent = listSettings().filter(({ description }) => !/^\S.{9,}[.?]$/s.test(description));
  expect(silent.map(({ path }) => writePath(path))).toEqual([]);
  const untold = listSettings().filter(
    ({ description, isRequired, default: fallback, alternatives }) =>
      !isRequired &&
      fallback === undefined &&
      !typesOf(alternatives).includes('object') &&
      !/Default|If omitted|Required unless|Another word|Set one of the two/.test(description),
  );
  expect(untold.map(({ path }) => writePath(path))).toEqual([
    'providers[].api_base',
    'backends[].api_base',
    'models.<name>.routes[].backend',
  ]);
});
