import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { readPlainYaml } from '../../../src/config/read/quick/plain-yaml.ts';
import { parseSource } from '../../../src/config/read/source.ts';
import { cpuMs } from '../cpu-time.ts';

test('a fault of the YAML never quotes the text, which may be a secret', () => {
  const marks = [
    '"',
    "'",
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&',
    '*',
    '!',
    '|',
    '>',
    '%',
    '#',
    '?',
    ',',
    '---',
    '\t',
    '@',
  ];
  const text = fc
    .array(fc.constantFrom('sk-secret', ...marks), { maxLength: 10 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (yaml) => {
      const source = parseSource(yaml);
      const messages = source.kind === 'invalid' ? source.faults.map(({ message }) => message) : [];
      // The message contains the name of the setting, which is not secret, but none of the values.
      expect(
        messages.filter((message) => !message.endsWith('is set twice in the same section')).join(),
      ).not.toContain('sk-secret');
    }),
    { numRuns: 5000 },
  );
});

test('places are counted from 1, also in what is missing', () => {
  const source = parseSource('a: 1\nb:\n  - c: 2\n');
  if (source.kind === 'invalid') throw new Error('invalid');
  expect(source.locate([], 'value')).toEqual({ line: 1, column: 1 });
  expect(source.locate(['b', 0, 'c'], 'key')).toEqual({ line: 3, column: 5 });
  expect(source.locate(['b', 0, 'c'], 'value')).toEqual({ line: 3, column: 8 });
  expect(source.locate(['b', 0, 'missing'], 'value')).toEqual({ line: 3, column: 5 });
});

test('a text that is too long to be a configuration is not read, either way', () => {
  const text = `a: 1\n${`# ${'x'.repeat(998)}\n`.repeat(32_000)}`;
  expect(readPlainYaml(text)).toBeUndefined();
  const source = parseSource(text);
  expect(source).toMatchObject({
    kind: 'invalid',
    faults: [{ message: expect.stringContaining('more than 32 million characters') as unknown }],
  });
});

describe('input made to take for ever is refused at once', () => {
  const levels = 3_000;
  test.each([
    ['a list in itself', 'a: &a [*a]', /alias .* within its own anchor/],
    ['a section in itself', 'a: &a { b: { c: *a } }', /alias .* within its own anchor/],
    ['sections in sections', `a: ${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`, /nested too deeply/],
    ['lists in lists', `a: ${'['.repeat(levels)}${']'.repeat(levels)}`, /nested too deeply/],
    [
      'lines that go deeper and deeper',
      Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
      /nested too deeply/,
    ],
  ])('%s', (_, text, message) => {
    let source = parseSource('');
    // This used to take 4 to 15 seconds.
    expect(cpuMs(() => (source = parseSource(text)))).toBeLessThan(3_000);
    expect(source.kind === 'invalid' && source.faults[0]?.message).toMatch(message);
  });

  test('an alias beside its anchor is none of this', () => {
    expect(parseSource('a: &a { b: 1 }\nc: [*a, *a]')).toMatchObject({
      kind: 'parsed',
      value: { a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] },
    });
  });
});
