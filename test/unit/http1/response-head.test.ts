import { describe, expect, test } from 'bun:test';
import { array, assert, constantFrom, property, string } from 'fast-check';
import { parseResponseHead, ProtocolFault } from '../../../src/http1/response-head.ts';

/** The fields as the runtime's `Headers` would read these lines; undefined if it refuses one. */
function byRuntime(lines: readonly string[]): Record<string, string> | undefined {
  const headers = new Headers();
  try {
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers.append(line.slice(0, Math.max(0, colon)), line.slice(colon + 1));
    }
  } catch {
    return undefined;
  }
  return Object.fromEntries(headers);
}

function byParser(lines: readonly string[]): Record<string, string> | undefined {
  try {
    return { ...parseResponseHead(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`).headers.toJSON() };
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolFault);
    return undefined;
  }
}

describe('fields', () => {
  const odd = constantFrom(
    ':',
    ' ',
    '\t',
    ',',
    '\0',
    '\u007f',
    '\u0080',
    '\u00ff',
    'é',
    'a',
    'Z',
    '-',
    '"',
    '(',
    '\u000b',
  );
  const text = string({ unit: odd, maxLength: 8 });

  test('are read as the runtime reads them', () =>
    assert(
      property(array(text, { maxLength: 4 }), (values) => {
        const lines = values.map((value, at) => `x-${at}:${value}`);
        expect(byParser(lines)).toEqual(byRuntime(lines));
      }),
      { numRuns: 2_000 },
    ));

  test('have the names that the runtime accepts', () =>
    assert(
      property(text, (name) => {
        // White space before the colon is dropped, and a folded line is none of its own.
        const line = `a${name.replaceAll(/[ \t]+(?=:|$)/g, '')}: b`;
        expect(byParser([line])).toEqual(byRuntime([line]));
      }),
      { numRuns: 2_000 },
    ));

  test.each([
    ['repeated', ['a: 1', 'A: 2'], { a: '1, 2' }],
    ['folded', ['a: 1', ' 2', '\t3'], { a: '1 2 3' }],
    ['with white space before the colon', ['a \t: 1'], { a: '1' }],
    [
      'named like a member of objects',
      ['__proto__: 1', 'constructor: 2'],
      { ['__proto__']: '1', constructor: '2' },
    ],
    ['with nothing in them', ['a:', 'a: 1'], { a: ', 1' }],
    ['ended by several carriage returns', ['a: 1\r'], { a: '1' }],
  ])('may be %s', (_, lines, fields) => expect(byParser(lines)).toEqual(fields));

  test.each([
    ['without a name', [': 1']],
    ['without a colon', ['a']],
    ['folded before the first', [' a: 1']],
    ['with a carriage return inside', ['a: 1\r2']],
    ['with a NUL', ['a: \0']],
  ])('are refused %s', (_, lines) => expect(byParser(lines)).toBeUndefined());
});
