import { describe, expect, test } from 'bun:test';
import { assert, constantFrom, dictionary, integer, property, string } from 'fast-check';
import { type AnswerHead, mostBytesOf, writeAnswerHead } from '../../../src/http1/answer-head.ts';
import { parseResponseHead } from '../../../src/http1/response-head.ts';

const HEAD: AnswerHead = { status: 200, fields: {}, framing: 5, isLast: false };

function textOf(head: Partial<AnswerHead>): string {
  const whole = { ...HEAD, ...head };
  const bytes = Buffer.alloc(mostBytesOf(whole));
  return bytes.toString('latin1', 0, writeAnswerHead(bytes, whole));
}

/** The head without its date. */
function undated(head: Partial<AnswerHead>): string {
  return textOf(head).replace(/date: [^\r]+\r\n/, '');
}

test('a head has its status line, fields, framing and date', () => {
  expect(textOf({ fields: { 'content-type': 'text/plain', 'x-a': 'b\tc' } })).toMatch(
    /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\nx-a: b\tc\r\ncontent-length: 5\r\ndate: \w{3}, [^\r]+ GMT\r\n\r\n$/,
  );
  expect(undated({ status: 599, framing: 'chunked', isLast: true })).toBe(
    'HTTP/1.1 599 \r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n',
  );
  expect(undated({ status: 204, framing: 'none' })).toBe('HTTP/1.1 204 No Content\r\n\r\n');
});

describe('a field is left out', () => {
  test.each(['a\r\nb: c', 'a\n', '\r', '\0', 'a\u007f', 'a\u0001', 'a\u0100', 'ü€'])('with %j', (value) =>
    expect(undated({ fields: { before: '1', odd: value, after: '2' } })).toBe(
      'HTTP/1.1 200 OK\r\nbefore: 1\r\nafter: 2\r\ncontent-length: 5\r\n\r\n',
    ),
  );
  test('if the server sets it', () =>
    expect(
      undated({ fields: { 'content-length': '9', 'transfer-encoding': 'x', connection: 'x', date: 'x' } }),
    ).toBe('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'));
});

const value = string({
  unit: constantFrom('a', ' ', '\t', '\r', '\n', '\0', '\u007f', '\u0080', '\u00ff', '\u0100', ':'),
});
const name = string({ unit: constantFrom('a', 'b', '-', 'x'), minLength: 1 });

test('a parser reads exactly the fields whose values are plain', () =>
  assert(
    property(dictionary(name, value), integer({ min: 0, max: 1e12 }), (fields, length) => {
      const plain = Object.entries(fields).filter(([, text]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text));
      const { date: _, ...read } = {
        ...parseResponseHead(textOf({ fields, framing: length })).headers.toJSON(),
      };
      expect(read).toEqual({
        ...Object.fromEntries(plain.map(([key, text]) => [key, text.replaceAll(/^[ \t]+|[ \t]+$/g, '')])),
        'content-length': String(length),
      });
    }),
  ));

test('it fits into the bytes that it asks for, and never writes beyond those that it has', () =>
  assert(
    property(dictionary(name, value), integer({ min: 0, max: 2_000 }), (fields, size) => {
      const head = { ...HEAD, fields, isLast: true };
      expect(writeAnswerHead(Buffer.alloc(mostBytesOf(head)), head)).toBeGreaterThan(0);
      const bytes = Buffer.alloc(512 + size, 0);
      const end = writeAnswerHead(bytes, head);
      expect(end).toBeLessThanOrEqual(bytes.byteLength);
      if (end !== -1) expect(bytes.toString('latin1', end - 4, end)).toBe('\r\n\r\n');
    }),
  ));
