import { expect, test } from 'bun:test';
import { LastRequestHead } from '../../../../src/http1/last-request-head.ts';
import { UnreadBytes } from '../../../../src/server/lean/unread-bytes.ts';

test('gives back what was added, however it came', () => {
  const unread = new UnreadBytes();
  const text = 'POST /v1/messages HTTP/1.1\r\n\r\nbody and the next request';
  for (const byte of Buffer.from(text)) unread.add(Buffer.of(byte));
  expect(unread.size).toBe(text.length);
  const end = unread.endOfHead();
  expect(unread.text(end)).toBe('POST /v1/messages HTTP/1.1');
  unread.take(end + 4);
  const body = unread.take(4);
  unread.add(Buffer.from('!'));
  // Later bytes do not change those that were taken.
  expect(body.toString()).toBe('body');
  expect(unread.take().toString()).toBe(' and the next request!');
  expect(unread.size).toBe(0);
});

test('does not write into a buffer that it was given', () => {
  const given = Buffer.from('abcdef');
  const unread = new UnreadBytes();
  unread.add(given.subarray(0, 3));
  unread.add(Buffer.from('xyz'));
  expect([unread.take().toString(), given.toString()]).toEqual(['abcxyz', 'abcdef']);
});

test('finds the end of a head however it is cut, and the end of the next', () => {
  const head = 'POST /v1/messages HTTP/1.1\r\nhost: a';
  for (let cut = 0; cut <= head.length + 4; cut++) {
    const unread = new UnreadBytes();
    const bytes = Buffer.from(`${head}\r\n\r\n`);
    unread.add(Buffer.from(bytes.subarray(0, cut)));
    expect(unread.endOfHead()).toBe(cut === bytes.byteLength ? head.length : -1);
    unread.add(Buffer.from(bytes.subarray(cut)));
    expect(unread.endOfHead()).toBe(head.length);
    unread.take(bytes.byteLength);
    unread.add(Buffer.from('A\r\n\r\n'));
    expect(unread.endOfHead()).toBe(1);
  }
});

test('knows a head that repeats the last one, once all of it has come', () => {
  const head = 'POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 7';
  const repeated = `${head}0\r\n\r\n`;
  for (let cut = 1; cut < repeated.length; cut++) {
    const lastHead = new LastRequestHead();
    lastHead.read(head);
    const unread = new UnreadBytes();
    unread.add(Buffer.from(repeated.slice(0, 1)));
    unread.add(Buffer.from(repeated.slice(1, cut)));
    expect(unread.repeated(lastHead)).toBeUndefined();
    unread.add(Buffer.from(`${repeated.slice(cut)}{"mod`));
    expect(unread.repeated(lastHead)).toMatchObject({ bytes: repeated.length, head: { contentLength: 70 } });
  }
});
