import { afterEach, describe, expect, test } from 'bun:test';
import type { PoolLimits } from '../../../src/upstream/direct/connection-pool.ts';
import { createDirectUpstream, type OpenUpstream } from '../../../src/upstream/direct/direct-upstream.ts';
import { until } from '../../e2e/gateway.ts';
import { answering, ByHand, closeAll, closing, provide, request, textOf } from './scene.ts';

afterEach(closeAll);

function upstream(limits: Partial<PoolLimits>): OpenUpstream {
  const opened = createDirectUpstream(limits);
  closing.push(opened.close);
  return opened;
}

/** A request over TLS that gives up soon. */
function giveUp(direct: OpenUpstream, port: number): Promise<string> {
  const cancellation = new ByHand();
  const settings = 'timeouts: { connect_timeout: 0.05 }';
  const given = request(`https://127.0.0.1:${port}`, {
    cancellation,
    settings,
    onConnectTimeout: cancellation.now,
  });
  return direct.send(given).then(textOf);
}

describe('idle connections', () => {
  test('are closed when nobody has used them for a while, and the one in use is not', async () => {
    const { port, sockets, open } = await provide(answering());
    const direct = upstream({ idleMs: 500 });
    await Promise.all([1, 2, 3].map(async () => textOf(await direct.send(request(port)))));
    expect(open()).toBe(3);
    while (open() > 1) {
      expect(await textOf(await direct.send(request(port)))).toBe('ok');
      // A connection that was just used rests for one turn of the event loop.
      await Bun.sleep(2);
    }
    expect(sockets.length).toBe(3);
    await until(() => open() === 0);
    expect(await textOf(await direct.send(request(port)))).toBe('ok');
    expect(sockets.length).toBe(4);
  });
  test('are kept up to a number', async () => {
    const { port, open } = await provide(answering());
    const direct = upstream({ mostIdle: 2 });
    await Promise.all([1, 2, 3, 4, 5].map(async () => textOf(await direct.send(request(port)))));
    await until(() => open() === 2);
  });
});

describe('connections that do not open', () => {
  test('are not started without end', async () => {
    // The TLS handshake is never answered.
    const { port, sockets } = await provide(() => undefined);
    const direct = upstream({ mostAbandoned: 2 });
    for (let count = 0; count < 6; count++) expect(await giveUp(direct, port)).toBe('aborted');
    expect(sockets.length).toBe(3);
  });
  test('are given up in the end, and make place for others', async () => {
    const { port, sockets, open } = await provide(() => undefined);
    const direct = upstream({ mostAbandoned: 1, openingMs: 1_000 });
    for (let count = 0; count < 4; count++) expect(await giveUp(direct, port)).toBe('aborted');
    await until(() => open() === 0);
    const before = sockets.length;
    expect(await giveUp(direct, port)).toBe('aborted');
    expect(sockets.length).toBe(before + 1);
  });
  test('fail the request that still waits for one', async () => {
    const { port } = await provide(() => undefined);
    const direct = upstream({ openingMs: 100 });
    expect(await textOf(await direct.send(request(`https://127.0.0.1:${port}`)))).toBe('network');
  });
});
