import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type ObjectScan, scanObject, seemsObject, valueAt } from '../../../src/lib/json/json-scan.ts';
import { stringAt } from '../../../src/lib/json/json-string.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

function found(json: string, ...wanted: string[]): [string, string][] {
  const bytes = bytesOf(json);
  const scan = scanObject(bytes, wanted);
  if (scan.kind !== 'object') throw new Error(`not an object but ${JSON.stringify(scan)}`);
  return scan.members.map((member) => [
    member.key,
    textOf(bytes.subarray(member.valueStart, member.valueEnd)),
  ]);
}

function complaint(json: string | Uint8Array): string {
  const scan = scanObject(typeof json === 'string' ? bytesOf(json) : json, ['model']);
  return scan.kind === 'malformed' ? scan.message : `no complaint: ${scan.kind}`;
}

describe('scanObject finds members', () => {
  test('by name, whatever their type', () => {
    const json = '{"a":1,"b":"x","c":[1,{"a":2}],"d":{"b":3},"e":true,"f":false,"g":null,"h":-1.5e+3}';
    expect(found(json, 'a', 'c', 'd', 'e', 'f', 'g', 'h')).toEqual([
      ['a', '1'],
      ['c', '[1,{"a":2}]'],
      ['d', '{"b":3}'],
      ['e', 'true'],
      ['f', 'false'],
      ['g', 'null'],
      ['h', '-1.5e+3'],
    ]);
  });

  test('only at the top, not where the same key is nested', () => {
    expect(found('{"x":{"model":"inner"},"y":[{"model":"inner"}],"model":"outer"}', 'model')).toEqual([
      ['model', '"outer"'],
    ]);
  });

  test('every time that a key is given, in the order of the bytes', () => {
    expect(found('{"model":"a","x":1,"model":"b"}', 'model')).toEqual([
      ['model', '"a"'],
      ['model', '"b"'],
    ]);
  });

  test('under escaped keys, and says that they are escaped', () => {
    const scan = scanObject(bytesOf('{"\\u006dodel":"a","m\\u006Fdel":"b","model":"c"}'), ['model']);
    expect(scan.kind === 'object' && scan.members.map(({ key, escaped }) => [key, escaped])).toEqual([
      ['model', true],
      ['model', true],
      ['model', false],
    ]);
  });

  test('under keys in another case, and says how they are written', () => {
    expect(found('{"Model":1,"MODEL":2,"\\u004dodel":3,"modex":4}', 'model').map(([key]) => key)).toEqual([
      'Model',
      'MODEL',
      'Model',
    ]);
  });

  test('but not under keys that only look alike', () => {
    expect(found('{"stream\\u007foptions":1,"stream\x7foptions":2}', 'stream_options')).toEqual([]);
  });

  test('after a byte order mark and any white space', () => {
    expect(found('\uFEFF \t\r\n{ \n"model"\t:\r\n "m" \n, "x" : 1 } \n', 'model')).toEqual([
      ['model', '"m"'],
    ]);
  });

  test('among strings full of quotes and backslashes, of every length', () => {
    for (let length = 0; length < 200; length++) {
      const content = 'x'.repeat(length);
      const json = JSON.stringify({
        a: `${content}"`,
        b: `${content}\\`,
        c: `"\\"${content}\\"`,
        model: 'm',
      });
      expect(found(json, 'model')).toEqual([['model', '"m"']]);
    }
  });

  test('behind long texts that are quoted in part, wherever the bytes lie in memory', () => {
    const pieces = fc.constantFrom(
      '"',
      '\\',
      '\n',
      'x',
      '\u00a2',
      '\u{1f600}',
      'y'.repeat(30),
      'z'.repeat(1_100),
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 20, maxLength: 200 }), fc.nat(7), (all, offset) => {
        const json = bytesOf(JSON.stringify({ a: all.join(''), model: 'm' }));
        // Quotes on all sides, which a scanner that reads beyond the view would take for part of it.
        const memory = new Uint8Array(json.length + 16).fill(0x22);
        memory.set(json, offset);
        const view = memory.subarray(offset, offset + json.length);
        const scan = scanObject(view, ['model']);
        expect(scan).toMatchObject({ members: [{ key: 'model', valueEnd: json.length - 1 }] });
        const cut = view.subarray(0, view.length - ',"model":"m"}'.length - 1);
        expect(scanObject(cut, ['model'])).toMatchObject({ kind: 'malformed', offset: cut.length });
      }),
    );
  });

  test('with their type, and the place where another could be put in', () => {
    const scan = scanObject(bytesOf(' {"s":"","n":0,"l":[],"o":{}}'), ['s', 'n', 'l', 'o']);
    expect(scan.kind === 'object' && scan.members.map(({ type }) => type)).toEqual([
      'string',
      'number',
      'array',
      'object',
    ]);
    expect(scan).toMatchObject({ insertAt: 2, empty: false });
    expect(scanObject(bytesOf('{ }'), [])).toMatchObject({ insertAt: 1, empty: true, members: [] });
  });

  test('in a body of 25 MB', () => {
    const json = JSON.stringify({ image: 'A'.repeat(25_000_000), model: 'vision' });
    expect(found(json, 'model')).toEqual([['model', '"vision"']]);
  });

  test('in a view on a larger buffer, with offsets into the view', () => {
    const whole = bytesOf('garbage{"model":"m"}garbage');
    const view = whole.subarray(7, whole.length - 7);
    expect(scanObject(view, ['model'])).toMatchObject({ members: [{ valueStart: 9, valueEnd: 12 }] });
  });
});

describe('scanObject refuses', () => {
  test('every beginning of an object that is cut off, at the offset where it ends', () => {
    const whole = bytesOf('{"a":[1,-2.5e1,"\\u00e9 \\" x",{"b":null}],"c":{"d":true,"e":[]},"文":"字"}');
    for (let length = 0; length < whole.length; length++) {
      expect(scanObject(whole.subarray(0, length), ['a'])).toMatchObject({
        kind: 'malformed',
        offset: length,
      });
    }
    expect(scanObject(whole, []).kind).toBe('object');
  });

  test.each([
    ['{"a":1,}', 'a key in quotes'],
    ['{,"a":1}', 'a key in quotes'],
    ['{"a" 1}', "':'"],
    ['{"a":1 "b":2}', "',' or '}'"],
    ['{"a":[1 2]}', "',' or ']'"],
    ['{"a":[1,]}', 'a value'],
    ['{"a":[1,22,,3]}', 'a value'],
    ['{"a":[1,22,03]}', "',' or ']'"],
    ['{"a":[1,22,03,4]}', "',' or ']'"],
    ['{"a":[1}', "',' or ']'"],
    ['{"a":{"b":1]}', "',' or '}'"],
    ['{"a":{"b":1,}}', 'a key in quotes'],
    ['{"a":}', 'a value'],
    ['{"a":tru}', "'true'"],
    ['{"a":nul}', "'null'"],
    ['{"a":falsy}', "'false'"],
    ['{"a":01}', "',' or '}'"],
    ['{"a":-}', 'a digit'],
    ['{"a":1.}', 'a digit'],
    ['{"a":.5}', 'a value'],
    ['{"a":1e}', 'a digit'],
    ['{"a":+1}', 'a value'],
    ['{"a":NaN}', 'a value'],
    ["{'a':1}", 'a key in quotes'],
    ['{a:1}', 'a key in quotes'],
    ['{"a":1}}', 'the end'],
    ['{"a":1} x', 'the end'],
    ['{"a":1}\0', 'the end'],
    ['{"a":1 /* no */}', "',' or '}'"],
    ['', 'a value'],
    ['not json', "'null'"],
  ])('%p, and says that it expected %p', (json, expected) => {
    expect(complaint(json)).toStartWith(`expected ${expected} but found`);
  });

  test('with the line, the column in characters, the byte, and what it found there', () => {
    expect(complaint('{\n  "文字": 1,\n  "b": "é" x\n}')).toBe(
      "expected ',' or '}' but found 'x' at line 3, column 12 (byte 29)",
    );
    expect(complaint('{"a":文}')).toBe("expected a value but found '文' at line 1, column 6 (byte 5)");
    expect(complaint('{"a":\x01}')).toBe('expected a value but found byte 0x01 at line 1, column 6 (byte 5)');
    expect(complaint('{"a":"b')).toBe(
      "expected the closing '\"' of a string but found the end of the data at line 1, column 8 (byte 7)",
    );
  });

  test('nesting that is made to exhaust a stack, but not deep nesting as such', () => {
    const nest = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(complaint(nest(10_000))).toBe('no complaint: object');
    expect(complaint(nest(10_001))).toStartWith('expected at most 10000 levels of nesting');
    expect(complaint(`{"a":${'[{"b":'.repeat(1_000_000)}`)).toContain('levels of nesting');
  });

  test('a wanted key without end', () => {
    expect(complaint(`{${'"model":1,'.repeat(1_000)}"x":1}`)).toContain('fewer repetitions of a key');
  });

  test('an escaped key that no parser reads for sure', () => {
    expect(complaint('{"\\x6dodel":1}')).toStartWith('expected a valid key');
  });
});

test('JSON that is not an object is distinguished from text that is not JSON', () => {
  const kinds = ['[1,{"a":2}]', '"x"', '-1', 'true', 'null', '[1', '"x'].map((json) =>
    scanObject(bytesOf(json), []),
  );
  expect(kinds.map((scan) => (scan.kind === 'not-an-object' ? scan.type : scan.kind))).toEqual([
    'array',
    'string',
    'number',
    'true',
    'null',
    'malformed',
    'malformed',
  ]);
});

test('an object is suspected by its first brace alone', () => {
  expect(seemsObject(bytesOf(`\uFEFF${' '.repeat(500)}{`))).toBe(true);
  expect(seemsObject(bytesOf('[{'))).toBe(false);
  expect(seemsObject(new Uint8Array(0))).toBe(false);
});

test('strings with lone surrogates are read, strings with bad UTF-8 or control characters are not', () => {
  const read = (bytes: Uint8Array): string | undefined => stringAt(bytes, 0, bytes.length);
  expect(read(bytesOf('"\\ud800x"'))).toBe('\ud800x');
  expect(read(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
  expect(read(bytesOf('"a\nb"'))).toBeUndefined();
  expect(read(bytesOf('12'))).toBeUndefined();
  expect(valueAt(bytesOf('x{"a":1}'), 1, 8)).toEqual({ a: 1 });
});

describe('for any JSON, with any white space and escapes', () => {
  test('the members are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('model', 'stream', 'a', 'b"\\', ''), fc.jsonValue()),
        styles,
        render,
      ),
      { numRuns: 500 },
    );

    function render(value: Record<string, unknown>, style: Style): void {
      const json = write(value, style);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      for (const [key, text] of found(json, 'model', 'stream')) {
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value[key])));
      }
      const expected = Object.keys(value).filter((key) => key === 'model' || key === 'stream');
      expect(found(json, 'model', 'stream').map(([key]) => key)).toEqual(expected);
    }
  });

  test('it is valid exactly where JSON.parse says so, after one character was lost, added or changed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.nat(), fc.jsonValue()))),
        styles,
        fc.nat(),
        fc.constantFrom(...Array.from('{}[],:"\\ 0-.eE+tn\n')),
        (value, style, at, mark) => {
          const json = write({ v: value }, style);
          const index = at % json.length;
          for (const damaged of [
            json.slice(0, index) + json.slice(index + 1),
            json.slice(0, index) + mark + json.slice(index),
            json.slice(0, index) + mark + json.slice(index + 1),
          ]) {
            agree(damaged);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The scanner may be laxer than JSON.parse about the contents of strings, and about nothing else. */
function agree(json: string): void {
  const scan: ObjectScan = scanObject(bytesOf(json), []);
  let valid = true;
  try {
    JSON.parse(json);
  } catch {
    valid = false;
  }
  if (valid) expect(scan.kind).not.toBe('malformed');
  else if (scan.kind !== 'malformed') expect(() => JSON.parse(withBlankStrings(json))).not.toThrow();
}

/** Replaces everything in strings that JSON.parse might reject. */
function withBlankStrings(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\[^])*"/g, '""');
}

interface Style {
  readonly space: string;
  readonly escapes: boolean;
}

const styles: fc.Arbitrary<Style> = fc.record({
  space: fc.constantFrom('', ' ', '\n', '\t\r\n  '),
  escapes: fc.boolean(),
});

/** Writes JSON with white space everywhere and, on request, every character escaped. */
function write(value: unknown, style: Style): string {
  const { space } = style;
  if (typeof value === 'string') return quote(value, style);
  if (Array.isArray(value))
    return `[${space}${value.map((each) => write(each, style)).join(`${space},${space}`)}${space}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, each]) => `${quote(key, style)}${space}:${space}${write(each, style)}`,
    );
    return `{${space}${members.join(`${space},${space}`)}${space}}`;
  }
  return JSON.stringify(value);
}

function quote(text: string, style: Style): string {
  if (!style.escapes) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}
