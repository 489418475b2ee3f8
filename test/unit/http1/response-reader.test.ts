import { describe, expect, test } from 'bun:test';
import { array, assert, constantFrom, integer, property, tuple, uint8Array } from 'fast-check';
import { LastResponseHead, RecentResponseHead } from '../../../src/http1/last-response-head.ts';
import { ResponseReader } from '../../../src/http1/response-reader.ts';
import { ProtocolFault } from '../../../src/http1/response-head.ts';
import { cpuMs } from '../cpu-time.ts';

interface Told {
  readonly status: number | undefined;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isComplete: boolean;
  readonly staysOpen: boolean;
  readonly hasBody: boolean;
}

/** The result of reading these pieces. They are copied, because the reader owns its input. */
function read(pieces: readonly (string | Uint8Array)[], method = 'POST', last?: LastResponseHead): Told {
  const reader = new ResponseReader(method, last);
  const body = pieces.map(
    (piece) =>
      reader.take(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece)) ??
      new Uint8Array(),
  );
  const { head, isComplete, staysOpen, hasBody } = reader;
  return {
    status: head?.status,
    headers: { ...head?.headers.toJSON() },
    body: Buffer.concat(body).toString('latin1'),
    isComplete,
    staysOpen,
    hasBody,
  };
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('a body ends', () => {
  test('after its length', () =>
    expect(read([`${OK}content-length: 5\r\n\r\nhello`])).toMatchObject({
      status: 200,
      body: 'hello',
      isComplete: true,
      staysOpen: true,
    }));
  test('with its last chunk and the trailer', () =>
    expect(
      read([`${OK}Transfer-Encoding: Chunked\r\n\r\n5;x=1\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n`]),
    ).toMatchObject({ body: 'hello world', isComplete: true, staysOpen: true }));
  test('with the connection', () => {
    const reader = new ResponseReader('POST');
    expect(reader.take(Buffer.from(`${OK}\r\nhel`))).toEqual(new Uint8Array(Buffer.from('hel')));
    expect([reader.isComplete, reader.staysOpen, reader.endsWithConnection()]).toEqual([false, false, true]);
  });
  test('at once where it is empty', () =>
    expect(read([`${OK}content-length: 0\r\n\r\n`])).toMatchObject({ isComplete: true, hasBody: true }));
  for (const [what, status, method] of [
    ['HEAD', '200 OK', 'HEAD'],
    ['204', '204 No Content', 'POST'],
    ['304', '304 Not Modified', 'GET'],
  ] as const) {
    test(`before it begins, for ${what}`, () =>
      expect(read([`HTTP/1.1 ${status}\r\ncontent-length: 9\r\n\r\n`], method)).toMatchObject({
        isComplete: true,
        hasBody: false,
        // If the server sent a body anyway, the next request would get it as its answer.
        staysOpen: false,
      }));
  }
  test('not with the connection where more was announced', () => {
    for (const [field, part] of [
      ['content-length: 9', 'half'],
      ['transfer-encoding: chunked', '4\r\nhalf\r\n'],
    ]) {
      const reader = new ResponseReader('POST');
      reader.take(Buffer.from(`${OK}${field}\r\n\r\n${part}`));
      expect([reader.isComplete, reader.endsWithConnection()]).toEqual([false, false]);
    }
  });
});

describe('the connection is not used again', () => {
  const cases = {
    'where the provider says so': `${OK}Connection: Close\r\ncontent-length: 2\r\n\r\nok`,
    'in HTTP/1.0': 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok',
    'where two ways to tell the end are given': `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'where more comes than was announced': `${OK}content-length: 2\r\n\r\nok and HTTP/1.1 200 OK`,
    'where chunks come in HTTP/1.0, which has none':
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'where another response follows at once': `${OK}content-length: 2\r\n\r\nok${OK}content-length: 2\r\n\r\nno`,
    'where more comes behind the last chunk': `${OK}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore`,
  };
  for (const [when, text] of Object.entries(cases)) {
    test(when, () => expect(read([text])).toMatchObject({ body: 'ok', isComplete: true, staysOpen: false }));
  }
  test('but it is in HTTP/1.0 if the provider says so', () =>
    expect(read(['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok']).staysOpen).toBe(
      true,
    ));
});

describe('the connection is used again', () => {
  test('where nothing but an empty line is too much', () => {
    for (const text of [`${OK}content-length: 2\r\n\r\nok\r\n`, `${OK}content-length: 0\r\n\r\n\r\n`])
      expect(read([text])).toMatchObject({ isComplete: true, staysOpen: true });
  });
  test('but not behind many', () =>
    expect(read([`${OK}content-length: 2\r\n\r\nok${'\r\n'.repeat(9)}`]).staysOpen).toBe(false));
});

describe('a header', () => {
  test('may come behind an empty line that belongs to the answer before', () => {
    for (const blank of ['\r\n', '\n', '\r\n\r\n'])
      expect(read([blank, `${OK}content-length: 2\r\n\r\nok`])).toMatchObject({ status: 200, body: 'ok' });
  });
  test('ends with its first empty line, whichever way lines end in the body', () =>
    expect(read(['HTTP/1.1 200 OK\ncontent-length: 10\n\none\r\n\r\ntwo.'])).toMatchObject({
      status: 200,
      body: 'one\r\n\r\ntwo'.padEnd(10, '.'),
      isComplete: true,
    }));
  test('may have white space before a colon, which is dropped', () =>
    expect(read([`${OK}Content-Length \t: 2\r\nx : y\r\n\r\nok`])).toMatchObject({
      headers: { 'content-length': '2', x: 'y' },
      body: 'ok',
      isComplete: true,
    }));
  test('may have fields twice, in any case, with any white space', () =>
    expect(
      read([`${OK}A: 1\r\na:2 \r\nB:\t x y \r\nempty:\r\ncontent-length: 0\r\n\r\n`]).headers,
    ).toMatchObject({ a: '1, 2', b: 'x y', empty: '' }));
  test('may hold bytes that are not ASCII', () =>
    expect(read([Buffer.from(`${OK}x: caf\xe9\r\ncontent-length: 0\r\n\r\n`, 'latin1')]).headers['x']).toBe(
      'caf\xe9',
    ));
  test('may go on in the next line', () =>
    expect(read([`${OK}x: one\r\n  two\r\ncontent-length: 0\r\n\r\n`]).headers['x']).toBe('one two'));
  test('may end its lines with a bare LF', () =>
    expect(read(['HTTP/1.1 200 OK\ncontent-length: 2\n\nok'])).toMatchObject({ status: 200, body: 'ok' }));
  test('may end its lines with a bare LF before a body that has an empty line of the other kind', () =>
    expect(read(['HTTP/1.1 200 OK\ncontent-length: 6\n\na\r\n\r\nb'])).toMatchObject({
      headers: { 'content-length': '6' },
      body: 'a\r\n\r\nb',
    }));
  test('may come after others that are not the answer', () =>
    expect(
      read([
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n',
        `${OK}content-length: 2\r\n\r\nok`,
      ]),
    ).toMatchObject({ status: 200, headers: { 'content-length': '2' }, body: 'ok' }));
  test('may say the same length twice', () =>
    expect(read([`${OK}content-length: 2\r\ncontent-length: 2\r\n\r\nok`]).body).toBe('ok'));
  test('joins the values of repeated fields', () =>
    expect(read([`${OK}via: a\r\ncontent-length: 0\r\nVia: b\r\n\r\n`]).headers).toEqual({
      via: 'a, b',
      'content-length': '0',
    }));
});

describe('it is no response', () => {
  const chunked = `${OK}transfer-encoding: chunked\r\n\r\n`;
  const cases = {
    'something else': 'SSH-2.0-OpenSSH\r\n\r\n',
    'a request': 'GET / HTTP/1.1\r\n\r\n',
    'another version': 'HTTP/2.0 200 OK\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
    'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
    'another protocol': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'a line without a colon': `${OK}nonsense\r\n\r\n`,
    'a field without a name': `${OK}: value\r\n\r\n`,
    'a name with a space': `${OK}content length: 2\r\n\r\nok`,
    'a first line that goes on': `${OK} folded\r\n\r\n`,
    'a NUL': `${OK}x: a\0b\r\n\r\n`,
    'two lengths': `${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nok`,
    'a length that is no number': `${OK}content-length: 2x\r\n\r\nok`,
    'a negative length': `${OK}content-length: -2\r\n\r\nok`,
    'a length with white space that is none in HTTP': `${OK}content-length: 2\xa0\r\n\r\nok`,
    'chunks with a vertical tab': `${OK}transfer-encoding: \x0bchunked\r\n\r\n`,
    'chunks with a no-break space': `${OK}transfer-encoding: chunked\xa0\r\n\r\n`,
    'chunks in chunks': `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`,
    'a coding that was withdrawn': `${OK}transfer-encoding: identity\r\n\r\n`,
    'another transfer coding': `${OK}transfer-encoding: gzip, chunked\r\n\r\n`,
    'a chunk without a size': `${chunked}hello\r\n`,
    'a chunk without a size and an end': `${chunked}{"id":"1"}`,
    'a chunk with a sign': `${chunked}-5\r\nhello\r\n`,
    'a chunk that is longer than its size': `${chunked}2\r\nhello\r\n`,
    'a chunk that is longer than its size, without an end': `${chunked}2\r\nhello`,
    'a carriage return in the extension of a chunk': `${chunked}2;a\rb\r\nok\r\n0\r\n\r\n`,
    'a size beyond all measure': `${chunked}fffffffffffff\r\n`,
    'a header beyond all measure, in one piece': `${OK}x: ${'y'.repeat(262_000)}\r\ncontent-length: 0\r\n\r\n`,
    'a header of 37,000 fields': `${OK}${Array.from({ length: 37_000 }, (_, at) => `${at.toString(16)}:\r\n`).join('')}\r\n`,
    'a header with as many fields, folded': `${OK}a: b\r\n${' c\r\n'.repeat(300)}\r\n`,
    'a trailer of many fields': `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${'a:\r\n'.repeat(300)}\r\n`,
    'interim responses without end': 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100),
    'a header without end': `${OK}x: ${'y'.repeat(300_000)}`,
    'a chunk line without end': `${chunked}5;${'x'.repeat(20_000)}`,
    'a trailer without end': `${chunked}0\r\n${'x'.repeat(20_000)}`,
  };
  for (const [what, text] of Object.entries(cases)) {
    test(what, () => expect(() => read([text])).toThrow(ProtocolFault));
  }
});

test('however a response is cut into pieces, it is the same', () => {
  const body = uint8Array({ minLength: 1, maxLength: 40 });
  assert(
    property(array(body, { maxLength: 6 }), array(integer({ min: 1, max: 30 })), (chunks, cuts) => {
      const framed = chunks.flatMap((chunk) => [
        Buffer.from(`${chunk.byteLength.toString(16)}\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]);
      const start = Buffer.from(`${OK}transfer-encoding: chunked\r\nx: 1\r\n\r\n`);
      const whole = Buffer.concat([start, ...framed, Buffer.from('0\r\n\r\n')]);
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const size of cuts) {
        if (at < whole.byteLength) pieces.push(whole.subarray(at, at + size));
        at += size;
      }
      if (at < whole.byteLength) pieces.push(whole.subarray(at));
      expect(read(pieces)).toEqual({
        status: 200,
        headers: { 'transfer-encoding': 'chunked', x: '1' },
        body: Buffer.concat(chunks).toString('latin1'),
        isComplete: true,
        staysOpen: true,
        hasBody: true,
      });
    }),
  );
});

test('the time for a header grows no faster than the number of its pieces and lines', () => {
  const timeOf = (size: number, piece: (at: number) => string): number => {
    const reader = new ResponseReader('POST');
    reader.take(Buffer.from(OK));
    const pieces = Array.from({ length: size }, (_, at) => Buffer.from(piece(at)));
    return cpuMs(() => {
      for (const bytes of pieces) reader.take(bytes);
    });
  };
  for (const piece of [(): string => 'a', (at: number): string => (at % 1000 === 0 ? '\n' : 'a')]) {
    timeOf(60_000, piece);
    // Other work on the machine only adds.
    const least = (size: number): number => Math.min(...Array.from({ length: 3 }, () => timeOf(size, piece)));
    // Quadratic work would take 144 times as long, which is seconds.
    expect(least(60_000)).toBeLessThan(40 * least(5_000) + 100);
  }
});

describe('a head is the same', () => {
  const field = constantFrom('a: 1', 'Date: Mon', 'content-length: 2', 'connection: close', ' folded', 'x');
  const end = constantFrom('\r\n', '\n');
  const heads = array(tuple(field, end), { maxLength: 5 });

  test('in one piece and byte by byte, however its lines end', () =>
    assert(
      property(heads, end, end, (lines, first, last) => {
        const text = `HTTP/1.1 200 OK${first}${lines.map((parts) => parts.join('')).join('')}${last}ok`;
        const whole = outcomeOf(() => read([text]));
        expect(outcomeOf(() => read(text.split('')))).toEqual(whole);
      }),
      { numRuns: 3_000 },
    ));

  test('as on another connection, whatever head was the last on this one, or on one to the same server', () =>
    assert(
      property(heads, heads, (one, other) => {
        const recent = new RecentResponseHead();
        const last = new LastResponseHead(recent);
        const textOf = (lines: typeof one): string =>
          `HTTP/1.1 200 OK\r\n${lines.map((parts) => parts.join('')).join('')}\r\nok`;
        for (const lines of [one, other, other, one]) {
          const piece = textOf(lines);
          const alone = outcomeOf(() => read([piece]));
          expect(outcomeOf(() => read([piece], 'POST', last))).toEqual(alone);
          expect(outcomeOf(() => read([piece], 'POST', new LastResponseHead(recent)))).toEqual(alone);
        }
      }),
      { numRuns: 3_000 },
    ));
});

test('connections to one server share the head that both received', () => {
  const recent = new RecentResponseHead();
  const text = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
  const [first, second] = [recent, recent].map((each) => {
    const reader = new ResponseReader('POST', new LastResponseHead(each));
    reader.take(Buffer.from(text));
    return reader.head;
  });
  expect(first).toBeDefined();
  expect(second).toBe(first);
});

function outcomeOf(reading: () => Told): Told | 'fault' {
  try {
    return reading();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolFault);
    return 'fault';
  }
}
