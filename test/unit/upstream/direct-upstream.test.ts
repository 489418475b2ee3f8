import { afterEach, describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { createDirectUpstream, type OpenUpstream } from '../../../src/upstream/direct/direct-upstream.ts';
import { until } from '../../e2e/gateway.ts';
import { type Certificates, makeCertificates, OPENSSL } from './certificates.ts';
import { answering, ByHand, closeAll, closing, OK, provide, request, textOf } from './scene.ts';

afterEach(closeAll);

function upstream(): OpenUpstream {
  const opened = createDirectUpstream();
  closing.push(opened.close);
  return opened;
}

test('a request is sent as HTTP/1.1, with the fields that it needs and no others', async () => {
  let received = '';
  const { port } = await provide((socket) =>
    socket.on('data', (data) => {
      received += String(data);
      socket.write(OK);
    }),
  );
  expect(await textOf(await upstream().send(request(port)))).toBe('ok');
  const [head = '', body] = received.split('\r\n\r\n');
  expect(body).toBe('{"a":1}');
  expect(head.split('\r\n')).toEqual([
    'POST /v1/chat/completions?a=1 HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'connection: keep-alive',
    'content-type: application/json',
    'x-own: yes',
    'accept-encoding: identity',
    'accept: */*',
    'user-agent: llm-proxy',
    'authorization: Bearer sk-provider',
    'content-length: 7',
  ]);
});

test('a reply over a new connection says how long the connect took, one over a used connection does not', async () => {
  const { port } = await provide((socket) => socket.on('data', () => socket.write(OK)));
  const own = upstream();
  const times: unknown[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const reply = await own.send(request(port));
    times.push(reply.connectMs);
    expect(await textOf(reply)).toBe('ok');
  }
  expect(times).toEqual([expect.any(Number), undefined]);
});

test('a body arrives as it is, whatever pieces it is in', async () => {
  const received: Buffer[] = [];
  const { port } = await provide((socket) =>
    socket.on('data', (data) => {
      received.push(Buffer.from(data));
      if (String(Buffer.concat(received)).endsWith('end')) socket.write(OK);
    }),
  );
  const sizes = [0, 1, 10, 16_000, 17_000, 3, 70_000, 12_000, 12_000, 12_000, 12_000, 12_000, 12_000, 5];
  const body = [...sizes.map((size, index) => Buffer.alloc(size, index + 65)), Buffer.from('end')];
  const clientHeaders = new Headers({ 'x-long': 'y'.repeat(20_000) });
  for (const more of [{}, { clientHeaders }]) {
    received.length = 0;
    expect(await textOf(await upstream().send(request(port, { body, ...more })))).toBe('ok');
    const [head = '', sent] = String(Buffer.concat(received)).split('\r\n\r\n');
    expect(sent === String(Buffer.concat(body))).toBe(true);
    expect(head).toContain(`content-length: ${Buffer.concat(body).byteLength}`);
  }
});

describe('a connection', () => {
  test('is used again, by requests one after the other', async () => {
    const { port, sockets } = await provide(answering());
    const direct = upstream();
    for (let count = 0; count < 5; count++) expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(sockets.length).toBe(1);
  });
  test('is not used by two at a time', async () => {
    const { port, sockets } = await provide(answering());
    const direct = upstream();
    const replies = await Promise.all([1, 2, 3].map(() => direct.send(request(port))));
    expect(await Promise.all(replies.map(textOf))).toEqual(['ok', 'ok', 'ok']);
    expect(sockets.length).toBe(3);
  });
  test('is not used again after an answer that does not allow it', async () => {
    const { port, sockets } = await provide(
      answering('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok'),
    );
    const direct = upstream();
    for (let count = 0; count < 3; count++) expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(sockets.length).toBe(3);
  });
  test('that the provider closed meanwhile is no failure', async () => {
    const { port, sockets } = await provide(answering());
    const direct = upstream();
    for (let count = 1; count <= 3; count++) {
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      sockets.at(-1)?.end();
      await until(() => sockets.at(-1)?.destroyed);
    }
    expect(sockets.length).toBe(3);
  });
  for (const [how, close] of [
    ['closes', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    test(`that the provider ${how} when the next request comes is replaced, once`, async () => {
      let requests = 0;
      const { port, sockets } = await provide((socket, number) =>
        socket.on('data', () => {
          requests += 1;
          if (number === 0 && requests === 2) close(socket);
          else if (number > 0) close(socket);
          else socket.write(OK);
        }),
      );
      const direct = upstream();
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      expect(await textOf(await direct.send(request(port)))).toBe(how === 'closes' ? 'closed' : 'reset');
      expect([sockets.length, requests]).toEqual([2, 3]);
    });
  }
  for (const [method, takesMs, sends] of [
    ['POST', 150, 2],
    ['GET', 150, 3],
    ['HEAD', 150, 3],
    ['GET', 1500, 2],
  ] as const) {
    test(`on which a ${method} was taken and dropped after ${takesMs} ms ${sends === 2 ? 'failed' : 'is replaced'}`, async () => {
      let requests = 0;
      const { port } = await provide((socket) =>
        socket.on('data', () => {
          requests += 1;
          if (requests === 2) setTimeout(() => socket.end(), takesMs);
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        }),
      );
      const direct = upstream();
      const body = method === 'POST' ? [Buffer.from('{}')] : undefined;
      await textOf(await direct.send(request(port, { body })));
      const reply = await direct.send(request(port, { method, body }));
      expect([await textOf(reply), reply.isResent, requests]).toEqual(
        sends === 2 ? ['closed', undefined, 2] : ['', true, 3],
      );
    });
  }
  test('is closed with the upstream when nobody uses it, and after its request otherwise', async () => {
    const waiting: Socket[] = [];
    const { port, open } = await provide((socket, number) =>
      socket.on('data', () => (number === 0 ? socket.write(OK) : waiting.push(socket))),
    );
    const direct = upstream();
    const first = direct.send(request(port));
    const second = direct.send(request(port));
    await textOf(await first);
    await until(() => waiting.length === 1);
    direct.close();
    await until(() => open() === 1);
    waiting[0]?.write(OK);
    expect(await textOf(await second)).toBe('ok');
    await until(() => open() === 0);
  });
});

describe('an unreachable provider', () => {
  test('refuses', async () => {
    const { port } = await provide(() => undefined);
    await closeAll();
    expect(await textOf(await upstream().send(request(port)))).toBe('refused');
  });
  test('has no address', async () => {
    expect(await textOf(await upstream().send(request('http://nowhere.invalid')))).toBe('dns');
  });
  test('has a missing file of authorities', async () => {
    for (const file of ['/nowhere/ca.pem', tmpdir(), import.meta.path]) {
      const settings = `ca_file: "${file}"`;
      expect(await textOf(await upstream().send(request('https://127.0.0.1:9', { settings })))).toBe('tls');
    }
  });
  test('closes without a word', async () => {
    const { port } = await provide((socket) => socket.end());
    expect(['closed', 'reset']).toContain(await textOf(await upstream().send(request(port))));
  });
  test('does not speak HTTP', async () => {
    const { port, open } = await provide(answering('what?\r\n\r\n'));
    expect(await textOf(await upstream().send(request(port)))).toBe('protocol');
    await until(() => open() === 0);
  });
});

describe('nobody waits any more', () => {
  test('before the request is sent', async () => {
    const { port, sockets } = await provide(answering());
    const cancellation = new ByHand();
    cancellation.now();
    expect((await upstream().send(request(port, { cancellation }))).kind).toBe('aborted');
    expect(sockets.length).toBe(0);
  });
  test('while the answer is waited for', async () => {
    const { port, sockets, open } = await provide(() => undefined);
    const cancellation = new ByHand();
    const sending = upstream().send(request(port, { cancellation }));
    await until(() => sockets.length === 1);
    cancellation.now();
    expect((await sending).kind).toBe('aborted');
    await until(() => open() === 0);
  });
  test('while the body comes', async () => {
    const { port, open } = await provide(
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n'),
    );
    const cancellation = new ByHand();
    const reply = await upstream().send(request(port, { cancellation }));
    const reading = textOf(reply);
    cancellation.now();
    await expect(reading).rejects.toThrow();
    await until(() => open() === 0);
  });
  test('for the rest of a body', async () => {
    const { port, open } = await provide(answering('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'));
    const reply = await upstream().send(request(port));
    if (reply.kind === 'reply') await reply.body?.cancel();
    await until(() => open() === 0);
  });
  test('for a connection, once its limit has passed', async () => {
    // Nothing accepts the connection, so the TLS handshake is never answered.
    const { port, open } = await provide(() => undefined);
    const cancellation = new ByHand();
    const base = `https://127.0.0.1:${port}`;
    const settings = 'timeouts: { connect_timeout: 0.1 }';
    const reply = await upstream().send(
      request(base, { cancellation, settings, onConnectTimeout: cancellation.now }),
    );
    expect(reply.kind).toBe('aborted');
    expect(open()).toBeLessThanOrEqual(1);
  });
});

test('a body that broke off is no whole one', async () => {
  const { port } = await provide((socket) =>
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')),
  );
  await expect(upstream().send(request(port)).then(textOf)).rejects.toThrow('ended prematurely');
});

test('a large body arrives at a provider that reads slowly', async () => {
  const body = Buffer.alloc(3_000_000, 'x');
  let received = 0;
  const { port } = await provide((socket) => {
    socket.on('data', (data) => {
      received += Buffer.byteLength(data);
      socket.pause();
      setTimeout(() => socket.resume(), 1);
      if (received > body.byteLength) socket.write(OK);
    });
  });
  expect(await textOf(await upstream().send(request(port, { body: [Buffer.from('{'), body] })))).toBe('ok');
  expect(received).toBeGreaterThan(body.byteLength);
});

test('an answer that comes before all of the request has gone is taken, and its connection is not used again', async () => {
  const { port, sockets, open } = await provide((socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig');
    });
  });
  const reply = await upstream().send(request(port, { body: [Buffer.alloc(20_000_000, 'x')] }));
  expect([reply.kind === 'reply' && reply.status, await textOf(reply)]).toEqual([413, 'big']);
  sockets[0]?.resume();
  await until(() => open() === 0);
});

test('an unread answer holds the provider up', async () => {
  const total = 64 * 1024 * 1024;
  let isDone = false;
  const { port } = await provide((socket) =>
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      socket.write(Buffer.alloc(total, 'x'), () => {
        isDone = true;
      });
    }),
  );
  const reply = await upstream().send(request(port));
  await Bun.sleep(300);
  expect(isDone).toBe(false);
  expect((await textOf(reply)).length).toBe(total);
});

test('a connection whose answer was too large to be kept carries the next one', async () => {
  // This much may arrive at once.
  const size = 400_000;
  const { port, sockets } = await provide(
    answering(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`),
  );
  const direct = upstream();
  for (let count = 0; count < 5; count++) {
    const reply = await direct.send(request(port));
    // The reader starts late.
    await Bun.sleep(20);
    expect((await textOf(reply)).length).toBe(size);
  }
  expect(sockets.length).toBe(1);
});

test('an answer that is not read keeps its connection only as long as it comes', async () => {
  const body = 'y'.repeat(300_000);
  const { port, sockets } = await provide(
    answering(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
  );
  const direct = upstream();
  const unread = await direct.send(request(port));
  await Bun.sleep(50);
  expect((await textOf(await direct.send(request(port)))).length).toBe(body.length);
  expect((await textOf(unread)).length).toBe(body.length);
  expect(sockets.length).toBeLessThanOrEqual(2);
});

describe('poured out', () => {
  const cut = async (text: string, end: (socket: Socket) => void = () => undefined) => {
    const { port, sockets } = await provide((socket) => socket.once('data', () => socket.write(text)));
    const reply = await upstream().send(request(port));
    if (reply.kind !== 'reply' || reply.body === null) throw new Error(reply.kind);
    for (const socket of sockets) end(socket);
    return reply.body;
  };
  const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n';

  test('a body comes to its end', async () => {
    const body = await cut(CHUNKED, (socket) => socket.write('3\r\ntwo\r\n0\r\n\r\n'));
    const pieces: string[] = [];
    expect(await body.pipe((chunk) => void pieces.push(String(Buffer.from(chunk))))).toBe('end');
    expect(pieces).toEqual(['one', 'two']);
  });
  test('a body that breaks off is broken, after what came of it', async () => {
    const body = await cut(CHUNKED, (socket) => socket.resetAndDestroy());
    await Bun.sleep(60);
    const pieces: string[] = [];
    expect(await body.pipe((chunk) => void pieces.push(String(Buffer.from(chunk))))).toBe('broken');
    expect(pieces).toEqual(['one']);
  });
  test('it stops where it is told to', async () => {
    const body = await cut(CHUNKED);
    expect(await body.pipe(() => 'stop')).toBe('stop');
  });
  test('it fails with what the taker throws', async () => {
    const body = await cut(CHUNKED);
    await expect(
      body.pipe(() => {
        throw new Error('no taste');
      }),
    ).rejects.toThrow('no taste');
  });
  test('it waits for a taker that is busy, in order', async () => {
    const body = await cut(CHUNKED, (socket) => socket.write('3\r\ntwo\r\n0\r\n\r\n'));
    const heard: string[] = [];
    const how = await body.pipe(async (chunk) => {
      const text = String(Buffer.from(chunk));
      heard.push(`${text} begins`);
      await Bun.sleep(60);
      heard.push(`${text} ends`);
    });
    expect([how, ...heard]).toEqual(['end', 'one begins', 'one ends', 'two begins', 'two ends']);
  });
});

describe.skipIf(OPENSSL === null)('with TLS', () => {
  const big = `HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n${'y'.repeat(3_000_000)}`;
  const ask = async (
    settings: (made: Certificates) => string,
    {
      which = 'localhost',
      text = OK,
    }: { which?: 'localhost' | 'elsewhere' | 'expired' | 'commonName'; text?: string } = {},
  ): Promise<string> => {
    const made = makeCertificates();
    const { port } = await provide(answering(text), made[which]);
    const base = `https://localhost:${port}`;
    return textOf(await upstream().send(request(base, { settings: settings(made) })));
  };
  const trusting = ({ caFile }: Certificates): string => `ca_file: "${caFile}"`;

  test('a provider is trusted whose certificate is', async () => expect(await ask(trusting)).toBe('ok'));
  test('a large answer is the same', async () =>
    expect((await ask(trusting, { text: big })).length).toBe(3_000_000));
  test('one with a certificate of nobody known is not', async () =>
    expect(await ask(() => 'weight: 1')).toBe('tls'));
  test('one with the name of another is not', async () =>
    expect(await ask(trusting, { which: 'elsewhere' })).toBe('tls'));
  test('one whose certificate has expired is not', async () =>
    expect(await ask(trusting, { which: 'expired' })).toBe('tls'));
  // The runtime and Node.js choose this, as docs/security.md says.
  test('one whose name is only its common name is trusted all the same', async () =>
    expect(await ask(trusting, { which: 'commonName' })).toBe('ok'));
  test('any is where nothing is to be verified', async () =>
    expect(await ask(() => 'verify_ssl: false', { which: 'elsewhere' })).toBe('ok'));
  test('none is where the file with the authority is not there', async () =>
    expect(['tls', 'network']).toContain(await ask(() => 'ca_file: /nowhere/ca.pem')));
  test('one that does not speak it is not', async () => {
    const { port } = await provide(answering('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(['tls', 'closed', 'reset']).toContain(
      await textOf(await upstream().send(request(`https://127.0.0.1:${port}`))),
    );
  });
});
