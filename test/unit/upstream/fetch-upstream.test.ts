import { afterEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import type { Upstream } from '../../../src/gateway/ports.ts';
import { socketTurn } from '../../../src/lib/socket-turn.ts';
import { createUpstream } from '../../../src/upstream/upstream.ts';
import { until } from '../../e2e/gateway.ts';
import { makeCertificates, OPENSSL } from './certificates.ts';
import { answering, ByHand, closeAll, closing, OK, provide, request, textOf } from './scene.ts';

afterEach(closeAll);

interface Proxy {
  readonly url: string;
  /** The requests it received, with their credential: `POST http://…` or `CONNECT host:port`. */
  readonly asked: string[];
}

/** An ordinary forward proxy: plain requests carry the whole URL, and TLS uses tunnels. Each connection serves one server. */
async function startProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const { port } = await provide((client) => {
    client.once('data', (data) => {
      const text = String(data);
      const [method = '', url = ''] = text.split(' ', 2);
      asked.push(`${method} ${url} ${/proxy-authorization: (.*)\r/i.exec(text)?.[1] ?? '-'}`);
      const { hostname, port, pathname, search } = new URL(method === 'CONNECT' ? `http://${url}` : url);
      const onward = connect(Number(port), hostname, () => {
        if (method === 'CONNECT') client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        else onward.write(text.replace(url, `${pathname}${search}`));
        onward.pipe(client).pipe(onward);
      });
      onward.on('error', () => client.destroy());
      client.on('close', () => onward.destroy());
    });
  });
  return { url: `http://user:word@127.0.0.1:${port}`, asked };
}

function upstream(): Upstream {
  const opened = createUpstream();
  closing.push(opened.close);
  return opened;
}

test('a journal is written before a request is sent, directly or through a proxy', async () => {
  const { url } = await startProxy();
  let isWritten = false;
  const seen: boolean[] = [];
  const { port } = await provide((socket) => {
    socket.once('data', () => {
      seen.push(isWritten);
      socket.write(OK);
    });
  });
  closing.push(socketTurn.beforeWrites(() => (isWritten = true)));
  const long = { clientHeaders: new Headers({ 'x-own': 'x'.repeat(80_000) }), body: [] };
  for (const more of [{}, long, { settings: `proxy: "${url}"` }]) {
    isWritten = false;
    expect(await textOf(await upstream().send(request(port, more)))).toBe('ok');
  }
  expect(seen).toEqual([true, true, true]);
});

const CREDENTIAL = `Basic ${btoa('user:word')}`;

describe('through the proxy of a provider', () => {
  test('goes its request, with the credential of the proxy', async () => {
    const { url, asked } = await startProxy();
    const { port, sockets } = await provide(answering());
    const settings = `proxy: "${url}"`;
    expect(await textOf(await upstream().send(request(port, { settings })))).toBe('ok');
    expect(asked).toEqual([`POST http://127.0.0.1:${port}/v1/chat/completions?a=1 ${CREDENTIAL}`]);
    expect(sockets.length).toBe(1);
  });

  test.skipIf(OPENSSL === null)('goes TLS as a tunnel', async () => {
    const { url, asked } = await startProxy();
    const { caFile, localhost } = makeCertificates();
    const { port } = await provide(answering(), localhost);
    const settings = `proxy: "${url}", ca_file: "${caFile}"`;
    expect(await textOf(await upstream().send(request(`https://localhost:${port}`, { settings })))).toBe(
      'ok',
    );
    expect(asked).toEqual([`CONNECT localhost:${port} ${CREDENTIAL}`]);
  });

  test('come pieces as they are sent', async () => {
    const { url } = await startProxy();
    const { port } = await provide((socket) =>
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n');
        setTimeout(() => socket.write('3\r\ntwo\r\n0\r\n\r\n'), 50);
      }),
    );
    const reply = await upstream().send(request(port, { settings: `proxy: "${url}"` }));
    if (reply.kind !== 'reply') throw new Error(reply.kind);
    const pieces: string[] = [];
    const how = await reply.body?.pipe((chunk) => {
      pieces.push(String(Buffer.from(chunk)));
      return undefined;
    });
    expect([how, pieces]).toEqual(['end', ['one', 'two']]);
  });

  test('is told when nobody waits any more', async () => {
    const { url } = await startProxy();
    const { port, sockets, open } = await provide((socket) => socket.resume());
    const cancellation = new ByHand();
    const sending = upstream().send(request(port, { cancellation, settings: `proxy: "${url}"` }));
    await until(() => sockets.length === 1);
    cancellation.now();
    expect((await sending).kind).toBe('aborted');
    await until(() => open() === 0);
  });

  test('is no way where the proxy is not there', async () => {
    const { port, sockets } = await provide(answering());
    const settings = 'proxy: "http://127.0.0.1:1"';
    expect(await textOf(await upstream().send(request(port, { settings })))).toBe('refused');
    expect(sockets.length).toBe(0);
  });
});
