import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { listSettings, type Setting, typesOf, writePath } from '../../../scripts/reference/settings.ts';
import { normalise } from '../../../src/config/read/normalise.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';
import { fileWith } from './file-with.ts';

const SETTINGS = listSettings();

describe('config.example.yaml', () => {
  /** The file with its commented-out settings turned on. */
  const example: Promise<unknown> = Bun.file(new URL('../../../config.example.yaml', import.meta.url))
    .text()
    .then((text) => parse(text.replaceAll(/^( *)# ( *[a-z_]+:(?: .*)?)$/gm, '$1$2')));

  /** Every value of a setting in the file. */
  function valuesAt(node: unknown, [step, ...rest]: readonly string[]): unknown[] {
    if (step === undefined) return node === undefined ? [] : [node];
    if (typeof node !== 'object' || node === null) return [];
    if (step === '[]' || step === '*') return Object.values(node).flatMap((inner) => valuesAt(inner, rest));
    return valuesAt((node as Record<string, unknown>)[step], rest);
  }

  test('has every setting, but for the other words for the same', async () => {
    const file = await example;
    const missing = SETTINGS.filter(({ path }) => valuesAt(file, path).length === 0).map(({ path }) =>
      writePath(path),
    );
    // The meters, and the limits of keys and owners, repeat settings that the file has elsewhere.
    const isAgain = (path: string): boolean =>
      /^(?:backends|prices\.models\.<name>\.(?:above|tiers)|.*\.(?:limits|per_user|per_end_user)\[\]\.)/.test(
        path,
      );
    expect(missing.filter((path) => !isAgain(path))).toEqual([
      'providers[].url',
      // The file says "as below" about these.
      'providers[].timeouts.answer_timeout',
      'providers[].timeouts.thinking_timeout',
      'providers[].timeouts.commit_after',
      'providers[].timeouts.idle_timeout',
      'providers[].timeouts.request_timeout',
      'models.<name>.routes[].provider',
    ]);
  });

  test('says the default of every setting that has one, where it does not show what else one can do', async () => {
    const file = await example;
    const others = SETTINGS.filter(({ default: fallback, path, alternatives }) => {
      const values = valuesAt(file, path);
      const isPlain = !typesOf(alternatives).some((type) => type === 'array' || type === 'object');
      return isPlain && fallback !== undefined && values.length > 0 && !values.includes(fallback);
    });
    expect(others.map(({ path }) => writePath(path))).toEqual([
      'server.host',
      'master_keys[].enabled',
      'providers[].timeouts.connect_timeout',
      'providers[].timeouts.first_byte_timeout',
      'models.<name>.rewrite_response_model',
    ]);
  });
});

const PROVIDERS = [{ name: 'a', api_base: 'https://a.example.com' }];

/** The settings that a file results in. A provider is added for the settings of providers. */
function inForce(file: unknown): unknown {
  return normalise(configSchema.parse({ providers: PROVIDERS, ...Object(file) })).settings;
}

/** Settings that, when omitted, take the value of another one. Their default is that of the other one. */
const INHERITED = [
  'models.<name>.routes[].weight',
  'models.<name>.rewrite_response_model',
  'server.drain_delay',
];

describe('a default that the schema, the reference and the editor state is the one in force', () => {
  for (const setting of SETTINGS) {
    const path = writePath(setting.path);
    if (setting.default === undefined || INHERITED.includes(path)) continue;
    test(path, () => {
      const leftOut = inForce(fileWith(setting.path, null));
      expect(inForce(fileWith(setting.path, setting.default))).toEqual(leftOut);
      expect(inForce(fileWith(setting.path, otherThanDefault(setting)))).not.toEqual(leftOut);
    });
  }
});

/** An allowed value that is not the default. */
function otherThanDefault({ path, default: fallback, example, alternatives }: Setting): unknown {
  if (typeof fallback === 'boolean') return !fallback;
  const words = alternatives.flatMap(({ enum: some, const: one }) => some ?? one ?? []);
  if (words.length > 0) return words.find((word) => word !== fallback) ?? example;
  if (typeof fallback === 'number') return fallback + 1;
  if (typeof fallback === 'string') return `${fallback}x`;
  return example ?? OTHERS[path[0] ?? ''];
}

const OTHERS: Readonly<Record<string, unknown>> = {
  master_keys: [{ name: 'a', key: 'b' }],
  providers: PROVIDERS,
  backends: PROVIDERS,
  models: { m: { routes: [{ backend: 'a' }] } },
  detection: ['429'],
  teams: [{ name: 'a' }],
  users: [{ name: 'a' }],
  alerts: [{ url: 'https://a' }],
};

test('a default that gives way to another setting, or to a variable, says so', () => {
  const settings = INHERITED.map((path) => SETTINGS.find((each) => writePath(each.path) === path));
  expect(settings.map((setting) => setting?.default)).toEqual([1, false, 0]);
  expect(settings.map((setting) => setting?.description)).toEqual([
    expect.stringContaining("Default: the provider's weight."),
    expect.stringContaining("Default: the top level's setting."),
    expect.stringContaining('If omitted, the environment variable LLM_PROXY_DRAIN_DELAY applies.'),
  ]);
});
