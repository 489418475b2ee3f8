import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { matcher } from '../../../src/config/compile/name-pattern.ts';

test('* stands for any text, also for none', () => {
  const matching = (pattern: string, names: string[]) => names.filter(matcher(pattern));
  expect(matching('gpt-*', ['gpt-', 'gpt-4', 'xgpt-4', 'gpt'])).toEqual(['gpt-', 'gpt-4']);
  expect(matching('*-mini', ['4-mini', '-mini', 'mini'])).toEqual(['4-mini', '-mini']);
  expect(matching('a*b*c', ['abc', 'axbxc', 'acb', 'abbc', 'ac'])).toEqual(['abc', 'axbxc', 'abbc']);
  expect(matching('aa*aa', ['aaa', 'aaaa'])).toEqual(['aaaa']);
  expect(matching('a*b*b', ['ab', 'abb'])).toEqual(['abb']);
  expect(matching('*', ['', 'any/thing'])).toEqual(['', 'any/thing']);
  expect(matching('a.c', ['abc', 'a.c'])).toEqual(['a.c']);
});

test('it matches what the same pattern as a regular expression matches', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  fc.assert(
    fc.property(text, name, (pattern, candidate) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(candidate);
      expect(matcher(pattern)(candidate)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
