import { expect, test } from 'bun:test';
import { array, assert, constantFrom, property, tuple } from 'fast-check';
import {
  LastRequestHead,
  type PlacedHead,
  RecentRequestHeads,
} from '../../../src/http1/last-request-head.ts';
import { parseRequestHead } from '../../../src/http1/request-head.ts';

const LINE = 'POST /v1/messages HTTP/1.1';

function textOf(lines: readonly string[], line = LINE): string {
  return [line, ...lines].join('\r\n');
}

function bytesOf(text: string, body = ''): Buffer {
  return Buffer.from(`${text}\r\n\r\n${body}`, 'latin1');
}

function meaning(placed: PlacedHead | undefined): unknown {
  if (placed === undefined) return undefined;
  const { head, bytes } = placed;
  return { ...head, headers: { ...head.headers.toJSON() }, bytes };
}

function after(lines: readonly string[], line = LINE): LastRequestHead {
  const last = new LastRequestHead();
  const text = `${textOf(lines, line)}\r\n\r\n`;
  // An empty line ends the head.
  last.read(text.slice(0, text.indexOf('\r\n\r\n')));
  return last;
}

test('a head that repeats the last is found, and its fields are the same object', () => {
  const last = new LastRequestHead();
  const text = textOf(['host: a', 'Content-Length: 5', 'x-a: 1']);
  const read = last.read(text);
  const found = last.find(bytesOf(text, 'hello'));
  expect(found).toBe(read);
  expect(found?.bytes).toBe(text.length + 4);
});

test('a head with another length has the same fields but for its length', () => {
  const last = new LastRequestHead();
  const first = last.read(textOf(['host: a', 'Content-Length: 5', 'x-a: 1']));
  const found = last.find(bytesOf(textOf(['host: a', 'Content-Length: 1234', 'x-a: 1']), 'body'));
  expect(found?.head.contentLength).toBe(1234);
  expect(found?.head.headers.get('content-length')).toBe('1234');
  expect(found?.head.headers.shared).toBe(first?.head.headers.shared ?? {});
  // The same length in more digits makes a longer head.
  const text = textOf(['host: a', 'Content-Length: 0005', 'x-a: 1']);
  expect(last.find(bytesOf(text, 'hello'))?.bytes).toBe(text.length + 4);
});

test('a GET that repeats the last is found, whatever follows it', () => {
  const text = textOf(['host: a', 'x-a: 1'], 'GET /v1/models HTTP/1.1');
  const last = new LastRequestHead();
  const read = last.read(text);
  expect(read).toMatchObject({ bytes: text.length + 4, head: { contentLength: 0 } });
  expect(last.find(bytesOf(text, text))).toBe(read);
  expect(last.find(bytesOf(`${text}\r\ncontent-length: 5`, 'hello'))).toBeUndefined();
});

test('before the first head, and after one that is not plain, nothing is found', () => {
  const text = textOf(['host: a', 'content-length: 5']);
  const last = new LastRequestHead();
  expect(last.find(bytesOf(text))).toBeUndefined();
  last.read(textOf(['content-length: 5']));
  expect(last.find(bytesOf(text))).toBeUndefined();
});

test('it finds nothing that the parser would read differently', () => {
  const line = constantFrom(
    'host: a',
    'Host: a',
    'content-length: 5',
    'Content-Length: 123',
    'content-length:7',
    'content-length: 07',
    'content-length: 1234567890123',
    'content-length: +5',
    'content-length: 5 ',
    'content-length: 5, 5',
    'content-length: ',
    'transfer-encoding: chunked',
    'x-content-length: 5',
    'x-a: content-length: 5',
    'connection: close',
    'x-a: 1',
    '',
  );
  const lines = array(line, { maxLength: 4 });
  const verb = constantFrom(LINE, 'GET /v1/models HTTP/1.1');
  assert(
    property(tuple(lines, lines, verb), ([one, other, start]) => {
      const head = textOf(other, start);
      const end = `${head}\r\n\r\n`.indexOf('\r\n\r\n');
      const parsed = parseRequestHead(head.slice(0, end));
      const found = after(one, start).find(bytesOf(head, '{}'));
      if (found === undefined) return;
      expect(meaning(found)).toEqual(meaning(parsed && { head: parsed, bytes: end + 4 }));
    }),
    { numRuns: 20_000 },
  );
});

test('a head that is cut anywhere is not found', () => {
  const text = textOf(['host: a', 'content-length: 5', 'x-a: 1']);
  const last = after(['host: a', 'content-length: 5', 'x-a: 1']);
  const bytes = bytesOf(text);
  for (let end = 0; end < bytes.byteLength; end++) expect(last.find(bytes.subarray(0, end))).toBeUndefined();
});

test('another connection whose head was parsed lately gets the same fields', () => {
  const recent = new RecentRequestHeads();
  const lines = ['host: a', 'content-length: 5'];
  const first = new LastRequestHead(recent);
  const read = first.read(textOf(lines));
  const other = new LastRequestHead(recent);
  // One that another server has to answer is not shared.
  expect(other.findRecent(bytesOf(textOf(lines)))).toBeUndefined();
  first.share();
  expect(other.find(bytesOf(textOf(lines)))).toBeUndefined();
  const found = other.findRecent(bytesOf(textOf(['host: a', 'content-length: 77'])));
  expect(found?.head.headers.shared).toBe(read?.head.headers.shared ?? {});
  expect(found?.head.contentLength).toBe(77);
  expect(other.find(bytesOf(textOf(lines)))).toBe(read);
  for (const host of ['b', 'c', 'd', 'e']) {
    const next = new LastRequestHead(recent);
    next.read(textOf([`host: ${host}`, ...lines.slice(1)]));
    next.share();
  }
  expect(new LastRequestHead(recent).findRecent(bytesOf(textOf(lines)))).toBeUndefined();
});
