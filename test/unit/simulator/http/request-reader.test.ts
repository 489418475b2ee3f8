import { describe, expect, test } from 'bun:test';
import { RequestReader } from '../../../../src/simulator/http/request-reader.ts';

function read(...pieces: readonly (string | Buffer)[]): ReturnType<RequestReader['next']> {
  const reader = new RequestReader();
  for (const piece of pieces) reader.push(Buffer.from(piece as string));
  return reader.next();
}

const CHUNKED = 'POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('reading requests', () => {
  test('a request is the same however its bytes are cut', () => {
    const bytes = Buffer.from(`${CHUNKED}4;name=value\r\nWiki\r\n6\r\npédia\r\n0\r\nTrailer: x\r\n\r\n`);
    for (let at = 0; at <= bytes.length; at++) {
      const reading = read(bytes.subarray(0, at), bytes.subarray(at));
      expect(reading).toMatchObject({
        kind: 'request',
        request: { path: '/a', target: '/a?b=c', method: 'POST' },
      });
      if (reading.kind === 'request') expect(reading.request.body.toString()).toBe('Wikipédia');
    }
    expect(read(...[...bytes].map((byte) => Buffer.from([byte])))).toMatchObject({ kind: 'request' });
  });

  test('a request is incomplete while a byte is missing', () => {
    const text = `${CHUNKED}4\r\nWiki\r\n0\r\n\r\n`;
    for (let length = 0; length < text.length; length++) {
      expect(read(text.slice(0, length)).kind).toBe('incomplete');
    }
  });

  test('two requests in one piece are read separately', () => {
    const reader = new RequestReader();
    reader.push(Buffer.from('GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET'));
    expect(reader.next()).toMatchObject({ kind: 'request', request: { path: '/1' } });
    expect(reader.next()).toMatchObject({ kind: 'request', request: { path: '/2' } });
    expect(reader.next()).toEqual({ kind: 'incomplete' });
  });

  test('the body limit applies per request, not per connection', () => {
    const reader = new RequestReader();
    const body = Buffer.alloc(0x3c0_0000);
    for (let count = 0; count < 2; count++) {
      for (const piece of [Buffer.from(`${CHUNKED}3c00000\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
        reader.push(piece);
      expect(reader.next().kind).toBe('request');
    }
  });

  test('a client that waits for 100 Continue is reported once', () => {
    const reader = new RequestReader();
    reader.push(Buffer.from('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n'));
    expect(reader.next()).toEqual({ kind: 'continue' });
    expect(reader.next()).toEqual({ kind: 'incomplete' });
    reader.push(Buffer.from('ab'));
    expect(reader.next().kind).toBe('request');
  });

  test('100 MB in small pieces are read quickly', () => {
    const reader = new RequestReader();
    const pieces = 25_600;
    reader.push(Buffer.from(`POST / HTTP/1.1\r\nContent-Length: ${pieces * 4096}\r\n\r\n`));
    const piece = Buffer.alloc(4096, 1);
    for (let count = 1; count < pieces; count++) {
      reader.push(piece);
      expect(reader.next().kind === 'incomplete').toBe(true);
    }
    reader.push(piece);
    const reading = reader.next();
    expect(reading.kind === 'request' && reading.request.body.length).toBe(pieces * 4096);
  });
});

describe('refusing invalid requests', () => {
  const invalid: Readonly<Record<string, readonly [status: number, text: string]>> = {
    'both framings': [400, 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    'two lengths': [400, 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    'a length that is no number': [400, 'POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n'],
    'an unknown transfer coding': [501, 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n'],
    'a folded header': [400, 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n'],
    'a space before the colon': [400, 'GET / HTTP/1.1\r\nA : b\r\n\r\n'],
    'a bare line feed in a value': [400, 'GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n'],
    'a NUL': [400, 'GET / HTTP/1.1\r\nA: b\0\r\n\r\n'],
    'another version': [400, 'GET / HTTP/2.0\r\n\r\n'],
    'a chunk size that is none': [400, `${CHUNKED}x\r\n`],
    'a chunk that is too long': [400, `${CHUNKED}1\r\nab\r\n`],
    'a head that never ends': [431, `GET / HTTP/1.1\r\nA: ${'b'.repeat(70_000)}`],
    'a body that is too large': [413, 'POST / HTTP/1.1\r\nContent-Length: 104857601\r\n\r\n'],
    'a chunk that is too large': [413, `${CHUNKED}6400001\r\n`],
  };
  for (const [name, [status, text]] of Object.entries(invalid)) {
    test(name, () => expect(read(text)).toMatchObject({ kind: 'invalid', status }));
  }
});
