import { afterAll, describe, expect, test } from 'bun:test';
import type { MediaReply } from '../../../src/gateway/ports.ts';
import { isForbiddenHost } from '../../../src/lib/outgoing-address.ts';
import { createMediaFetcher } from '../../../src/upstream/media/media-fetcher.ts';
import { makeCertificates, OPENSSL } from './certificates.ts';

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

const heads: Record<string, string>[] = [];

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 60,
  fetch(request) {
    heads.push(request.headers.toJSON());
    const { pathname } = new URL(request.url);
    const png = { headers: { 'content-type': 'image/png' } };
    switch (pathname) {
      case '/a.png':
        return new Response(PNG, png);
      case '/same-host':
        return Response.redirect('/a.png', 302);
      case '/private':
        return Response.redirect('http://10.0.0.1/a.png', 302);
      case '/metadata':
        return Response.redirect('http://169.254.169.254/latest/meta-data/', 307);
      case '/loop':
        return Response.redirect('/loop', 301);
      case '/large':
        return new Response(new Uint8Array(300_000), png);
      case '/large-in-chunks':
        return new Response(pieces(300), png);
      case '/gzip':
        return new Response(PNG, { headers: { 'content-encoding': 'gzip' } });
      case '/silent':
        return new Promise<Response>(() => undefined);
      case '/slow':
        return new Response(pieces(1_000_000, 20), png);
      default:
        return new Response('no', { status: 404 });
    }
  },
});

afterAll(() => server.stop(true));

function pieces(count: number, everyMs = 0): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (everyMs > 0) await Bun.sleep(everyMs);
      if (sent++ < count) controller.enqueue(new Uint8Array(1_000));
      else controller.close();
    },
  });
}

const local = createMediaFetcher({
  resolve: (name) => Promise.resolve([name === 'pictures.test' ? '127.0.0.1' : name]),
  allows: (address) => !isForbiddenHost(address),
});

function get(
  url: string,
  { maxBytes = 200_000, timeoutMs = 20_000, room = Infinity, signal = new AbortController().signal } = {},
  fetcher = local,
): Promise<MediaReply> {
  let left = room;
  const take = (bytes: number): boolean => (left -= bytes) >= 0;
  return fetcher.fetch(url, { maxBytes, timeoutMs, signal, take });
}

const at = (path: string): string => `http://pictures.test:${server.port}${path}`;

async function why(reply: Promise<MediaReply>): Promise<string> {
  const told = await reply;
  return told.kind === 'refused' ? told.why : 'a file';
}

describe('a file', () => {
  test('comes with its content type, and is asked for without any credential', async () => {
    expect(await get(at('/a.png'))).toEqual({
      kind: 'file',
      bytes: Buffer.from(PNG),
      contentType: 'image/png',
    });
    const head = heads.at(-1) ?? {};
    expect(Object.keys(head).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(head['host']).toBe(`pictures.test:${server.port}`);
  });

  test('may be redirected on its host, and nowhere else', async () => {
    expect((await get(at('/same-host'))).kind).toBe('file');
    expect(await why(get(at('/private')))).toBe('it is redirected to another host');
    expect(await why(get(at('/metadata')))).toMatch('no public address');
    expect(await why(get(at('/loop')))).toBe('it is redirected too often');
  });

  test.each([
    ['ftp://pictures.test/a', 'its URL is not one of http or https'],
    ['file:///etc/passwd', 'its URL is not one of http or https'],
    ['http://user:pass@pictures.test/a', 'its URL holds credentials'],
    ['http://metadata.google.internal/a', 'its host has no public address'],
    ['nothing', 'its URL is not one of http or https'],
  ])('%s is not asked for', async (url, reason) => {
    expect(await why(get(url))).toBe(reason);
  });

  test('that is too large, or compressed, or not there, is none', async () => {
    expect(await why(get(at('/large')))).toMatch('larger than');
    expect(await why(get(at('/large-in-chunks')))).toMatch('larger than');
    expect(await why(get(at('/a.png'), { room: 10 }))).toMatch('too large together');
    expect(await why(get(at('/gzip')))).toBe('it comes compressed');
    expect(await why(get(at('/missing')))).toBe('its host answers 404');
  });

  test.each(['/silent', '/slow'])('%s ends with its time, and with its client', async (path) => {
    const roomy = { maxBytes: 1e9 };
    expect(await why(get(at(path), { ...roomy, timeoutMs: 200 }))).toBe('it takes too long');
    const client = new AbortController();
    const reply = get(at(path), { ...roomy, signal: client.signal });
    setTimeout(() => client.abort(), 100);
    expect(await why(reply)).toBe('the client has left');
    expect(await why(get(at(path), { signal: client.signal }))).toBe('the client has left');
  });
});

describe('the address of a file', () => {
  test('is refused where the machine or its network is meant', async () => {
    const asked = heads.length;
    const real = createMediaFetcher();
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f000001', '0'])
      expect(await why(get(`http://${host}:${server.port}/a.png`, {}, real))).toMatch(
        /no public address|reached/,
      );
    expect(heads.length).toBe(asked);
  });

  test('is refused where only one of several is private, and where a connection ends up at another', async () => {
    const asked = heads.length;
    const mixed = createMediaFetcher({
      resolve: () => Promise.resolve(['127.0.0.1', '10.0.0.1']),
      allows: (address) => address === '127.0.0.1',
    });
    expect(await why(get(at('/a.png'), {}, mixed))).toBe('its host has no public address');
    let checks = 0;
    const changing = createMediaFetcher({
      resolve: () => Promise.resolve(['127.0.0.1']),
      allows: () => checks++ === 0,
    });
    expect(await why(get(at('/a.png'), {}, changing))).toBe('its host cannot be reached');
    expect(heads.length).toBe(asked);
  });

  test.skipIf(OPENSSL === null)('needs a certificate that is trusted', async () => {
    const { elsewhere } = makeCertificates();
    const secure = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: elsewhere,
      fetch: () => new Response(PNG),
    });
    expect(await why(get(`https://pictures.test:${secure.port}/a.png`))).toBe('its host cannot be reached');
    await secure.stop(true);
  });
});
