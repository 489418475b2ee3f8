import { describe, expect, test } from 'bun:test';
import { createServer, type Socket } from 'node:net';
import { unreachableReason } from '../../../src/upstream/failure.ts';

describe('the codes of errors have a reason each', () => {
  const reasons: Readonly<Record<string, string>> = {
    ENOTFOUND: 'dns',
    EAI_AGAIN: 'dns',
    ECONNREFUSED: 'refused',
    ConnectionRefused: 'refused',
    ECONNRESET: 'reset',
    ConnectionClosed: 'closed',
    EPIPE: 'closed',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
    CERT_HAS_EXPIRED: 'tls',
    ERR_TLS_CERT_ALTNAME_INVALID: 'tls',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
    UNABLE_TO_GET_ISSUER_CERT: 'tls',
    EPROTO: 'tls',
    InvalidHTTPResponse: 'protocol',
    Malformed_HTTP_Response: 'protocol',
    UnsupportedHTTPVersion: 'protocol',
    EHOSTUNREACH: 'network',
  };
  for (const [code, reason] of Object.entries(reasons)) {
    test(`${code}: ${reason}`, () => expect(unreachableReason({ code })).toBe(reason as 'dns'));
  }

  test('an error without a code is a network failure', () => {
    for (const error of [new Error('?'), 'text', null, undefined, { code: 7 }])
      expect(unreachableReason(error)).toBe('network');
  });
});

describe('the errors that fetch really throws are understood:', () => {
  async function thrownBy(url: string): Promise<unknown> {
    try {
      await fetch(url);
    } catch (error) {
      return error;
    }
    throw new Error('it was answered');
  }

  /** A server that handles each connection this way. */
  async function withServer(onData: (socket: Socket) => void, scheme = 'http'): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => onData(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const error = await thrownBy(`${scheme}://127.0.0.1:${port}/`);
    server.close();
    return unreachableReason(error);
  }

  test('no process listens', async () => {
    const free = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
    const { port } = free;
    free.stop(true);
    expect(unreachableReason(await thrownBy(`http://127.0.0.1:${port}/`))).toBe('refused');
  });

  test('the connection is reset', async () =>
    expect(await withServer((socket) => socket.resetAndDestroy())).toMatch(/^(reset|closed)$/));

  test('the connection is closed without an answer', async () =>
    expect(await withServer((socket) => socket.end())).toMatch(/^(reset|closed)$/));

  test('the answer is not HTTP', async () =>
    expect(await withServer((socket) => socket.end('this is not HTTP\r\n\r\n'))).toBe('protocol'));

  test('the server does not speak TLS', async () =>
    expect(await withServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'https')).toBe(
      'tls',
    ));
});
