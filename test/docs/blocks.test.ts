import { describe, expect, test } from 'bun:test';
import { parse } from 'yaml';
import { compileText } from '../../src/config/read/compile-text.ts';
import { formatProblem } from '../../src/config/read/problems.ts';
import type { Block } from './markdown.ts';
import { readUserPages } from './pages.ts';

const PAGES = await readUserPages();

/** The comments above a block, and their meaning for the tests. */
const NOTES: Readonly<Record<string, string>> = {
  'not run': 'why no test runs it',
  'only on': 'the platform that it is run on, as Node.js calls it',
  'stays running': 'ports that answer once its last command runs, which does not end',
  file: 'the file that a reader puts it into',
  prints: 'a part of what running it prints',
  exits: 'its exit code, where that is not 0',
};
/** Languages of blocks that are not run and have no grammar: output, drawings. */
const PLAIN = new Set(['', 'text']);
/** Languages that `commands.test.ts` runs unless a note says why not. */
const RUN = new Set(['sh', 'bash', 'console', 'js', 'ts', 'python']);
/** Languages that are checked below. */
const CHECKED = new Set(['yaml', 'json']);

const BLOCKS = PAGES.flatMap(({ blocks }) => blocks);

describe.each(PAGES.map((page) => [page.path, page] as const))('%s', (_, { blocks }) => {
  test('a block is run, checked, or says why it is not', () => {
    const silent = blocks.filter(
      ({ language, notes }) =>
        ![PLAIN, RUN, CHECKED].some((languages) => languages.has(language)) &&
        !notes.has('not run') &&
        !notes.has('file'),
    );
    expect(silent.map(({ place, language }) => `${place}: ${language}`)).toEqual([]);
  });

  test('its notes are such as the tests know, and a reason is a sentence', () => {
    const strange = blocks.flatMap(({ place, notes }) =>
      [...notes.keys()].filter((name) => !(name in NOTES)).map((name) => `${place}: ${name}`),
    );
    expect(strange).toEqual([]);
    for (const { place, notes } of blocks)
      for (const reason of notes.get('not run') ?? []) expect(`${place}: ${reason}`).toMatch(/: \S+ \S+/);
  });
});

test.each(only('json'))('%s is JSON', (_, { text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

test.each(only('yaml').filter(([, { notes }]) => !notes.has('not run') && !isForeign(notes)))(
  '%s is a configuration that loads',
  (place, { text }) => {
    const result = compileText(completed(text), {
      file: place,
      // The pages list their variables. The values are the reader's.
      env: Object.fromEntries(
        [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, `value-of-${name}`]),
      ),
      overrides: { host: '127.0.0.1' },
      version: 1,
      now: new Date(0),
    });
    const problems = result.kind === 'refused' ? result.problems.map(formatProblem) : [];
    expect(problems).toEqual([]);
    if (result.kind === 'loaded') expect(result.snapshot.warnings).toEqual([]);
  },
);

/** A file of another program, which the page's commands read. */
function isForeign(notes: Block['notes']): boolean {
  return notes.get('file')?.some((name) => !/config[\w.-]*\.yaml$/.test(name)) ?? false;
}

/** A section of a configuration with its required surroundings: a key, and the providers that its routes name. */
function completed(text: string): string {
  const sections = (parse(text) ?? {}) as Record<string, unknown>;
  const names = [...text.matchAll(/\b(?:backend|provider): "?([\w-]+)/g)].map(([, name]) => name);
  const hasKey = 'master_keys' in sections || 'proxy_api_key' in sections;
  const hasProviders = 'providers' in sections || 'backends' in sections;
  const providers = [...new Set(names.length === 0 ? ['openai'] : names)].map((name) => ({
    name,
    api_base: 'https://api.openai.com/v1',
  }));
  return [
    text,
    ...(hasKey ? [] : ['master_keys: [{ name: "a", key: "sk-long-and-random" }]']),
    ...(hasProviders ? [] : [`providers: ${JSON.stringify(providers)}`]),
  ].join('\n');
}

function only(language: string): (readonly [string, Block])[] {
  return BLOCKS.filter((block) => block.language === language).map((block) => [block.place, block] as const);
}
