import { afterEach, describe, expect, test } from 'bun:test';
import { createDirectUpstream, type OpenUpstream } from '../../../src/upstream/direct/direct-upstream.ts';
import { until } from '../../e2e/gateway.ts';
import { answering, closeAll, closing, OK, provide, request, textOf } from './scene.ts';

afterEach(closeAll);

const WRONG = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong';

function upstream(distrustMs = 0): OpenUpstream {
  const opened = createDirectUpstream({ distrustMs });
  closing.push(opened.close);
  return opened;
}

describe('a connection is not used again', () => {
  test('where the provider says something unasked while it is idle', async () => {
    const { port, sockets, open } = await provide(answering());
    const direct = upstream();
    await textOf(await direct.send(request(port)));
    await Bun.sleep(20);
    sockets[0]?.write(WRONG);
    await until(() => open() === 0);
    expect(await textOf(await direct.send(request(port)))).toBe('ok');
  });
  test('where bytes came behind an answer, just before the next request', async () => {
    const { port, sockets } = await provide(answering());
    const direct = upstream();
    for (let count = 0; count < 20; count++) {
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      // The bytes have arrived by now but are unread.
      sockets.at(-1)?.write(WRONG);
    }
    expect(sockets.length).toBe(20);
  });
  for (const [what, method, head] of [
    ['a 204', 'POST', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a 204 with a length', 'POST', 'HTTP/1.1 204 No Content\r\ncontent-length: 43\r\n\r\n'],
    ['a 204 in chunks', 'POST', 'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 43\r\n\r\n'],
    ['the answer to HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 43\r\n\r\n'],
  ] as const) {
    test(`after ${what}, behind which a body may come late`, async () => {
      const { port, sockets } = await provide((socket, number) =>
        socket.on('data', () => {
          socket.write(number === 0 ? head : OK);
          if (number === 0) setTimeout(() => socket.destroyed || socket.write(WRONG), 30);
        }),
      );
      const direct = upstream();
      const body = method === 'POST' ? [Buffer.from('{}')] : undefined;
      expect(await textOf(await direct.send(request(port, { method, body })))).toBe('');
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      expect(sockets.length).toBe(2);
    });
  }
});

describe('a connection is used again', () => {
  test('behind an empty line, whenever that comes', async () => {
    const { port, sockets } = await provide((socket) =>
      socket.on('data', () => {
        socket.write(OK);
        setImmediate(() => socket.write('\r\n'));
      }),
    );
    const direct = upstream();
    for (let count = 0; count < 20; count++) {
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      if (count % 2 === 0) await Bun.sleep(1);
    }
    expect(sockets.length).toBe(1);
  });
  test('after a turn of the event loop, which the next request waits for', async () => {
    const { port, sockets } = await provide(answering());
    const direct = upstream();
    for (let count = 0; count < 50; count++)
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(sockets.length).toBe(1);
  });
});

describe('a provider that says more than its answers', () => {
  test('is spoken to over new connections for a while', async () => {
    const { port, sockets, open } = await provide((socket, number) =>
      socket.on('data', () => socket.write(number === 1 ? `${OK}${WRONG}` : OK)),
    );
    const direct = upstream(1_000);
    const replies = await Promise.all([1, 2, 3].map(() => direct.send(request(port))));
    expect(await Promise.all(replies.map(textOf))).toEqual(['ok', 'ok', 'ok']);
    await until(() => open() === 0);
    expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(sockets.length).toBe(5);
    for (let before = 0; before < sockets.length; await Bun.sleep(50)) {
      before = sockets.length;
      await textOf(await direct.send(request(port)));
    }
  });
  test('is not taken for one when it says farewell to an idle connection', async () => {
    const { port, sockets, open } = await provide(answering());
    const direct = upstream(60_000);
    await textOf(await direct.send(request(port)));
    await Bun.sleep(1_100);
    sockets[0]?.end('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    await until(() => open() === 0);
    for (let count = 0; count < 3; count++) await textOf(await direct.send(request(port)));
    expect(sockets.length).toBe(2);
  });
});
