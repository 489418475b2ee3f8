import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { AnswerCache } from '../../../src/gateway/cache/answer-cache.ts';
import { Broadcast } from '../../../src/gateway/cache/broadcast.ts';
import type { Flight } from '../../../src/gateway/cache/flight.ts';
import type { StoredAnswer } from '../../../src/gateway/cache/stored-answer.ts';
import { parseRedisUrl } from '../../../src/lib/redis-url.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { RedisAnswers } from '../../../src/redis/redis-answers.ts';
import { eventually } from '../eventually.ts';
import { snapshotOf } from '../../unit/config/configuration.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from '../../e2e/redis-server.ts';

/** A busy machine answers within this. */
const DEADLINE_MS = 20_000;

const CONFIG = `
server: { host: 127.0.0.1 }
providers: [{ name: p, api_base: "http://127.0.0.1:1/v1", api_key: sk-a }]
models: {}
`;

const ANSWER: StoredAnswer = {
  model: 'fast',
  keyId: 'key-1',
  keyName: 'web',
  print: '',
  status: 200,
  fields: {},
  pieces: [{ atMs: 0, bytes: Buffer.from('Hi') }],
  byteLength: 2,
  isStream: false,
  storedAtMs: 0,
  ttlMs: 600_000,
  costNano: 1,
};

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`answers in ${kind}`, () => {
    let server: TestRedis;
    const gateways: RedisAnswers[] = [];

    beforeAll(async () => {
      server = await startRedis(kind);
    });
    afterAll(async () => {
      for (const gateway of gateways) gateway.close();
      await server.stop();
    });

    function gateway(url = server.url, lookMs = DEADLINE_MS): RedisAnswers {
      const address = parseRedisUrl(url);
      if (typeof address === 'string') throw new Error(address);
      const redis = new RedisConnection({ address, deadlineMs: lookMs });
      const opened = new RedisAnswers({ redis, namespace: 'test', secret: 'a secret', lookMs });
      gateways.push(opened);
      return opened;
    }

    test('are forgotten again where a Redis that takes over was not told of it', async () => {
      const [one, other] = [gateway(), gateway()];
      expect(await one.keep('id', ANSWER, 0)).toBe(true);
      expect(await other.find('id', 0)).toMatchObject({ status: 200 });
      await one.forget({ model: 'fast' });
      expect(await other.find('id', 0)).toBeUndefined();
      await server.command('DEL', '{llmp:test}:forgotten');
      await eventually(async () => expect(await other.find('id', 0)).toBeUndefined());
      // An answer that was asked for since is kept.
      expect(await one.keep('id', ANSWER, 0)).toBe(true);
      await server.command('DEL', '{llmp:test}:forgotten');
      await eventually(async () =>
        expect(await server.command('EXISTS', '{llmp:test}:forgotten')).toContain(':1'),
      );
      expect(await other.find('id', 0)).toMatchObject({ status: 200 });
    });

    test('tell whether another gateway has forgotten them since a request began', async () => {
      const [one, other] = [gateway(), gateway()];
      const answer = { ...ANSWER, model: 'joined' };
      await one.forget({ key: 'web' });
      expect(await other.isForgotten(answer, 60_000)).toBe(true);
      await Bun.sleep(5);
      expect(await other.isForgotten(answer, 1)).toBe(false);
      expect(await other.isForgotten({ ...answer, keyName: 'tests', keyId: 'key-2' }, 60_000)).toBe(false);
      const cache = new AnswerCache(snapshotOf(CONFIG), other);
      const begin = (): Flight => cache.begin('id', answer, new Broadcast(0, () => 0), 0);
      const flight = begin();
      expect(await cache.unforgotten(flight, 1)).toBe(flight);
      expect(await cache.unforgotten(flight, 60_000)).toBeUndefined();
      expect(cache.flight('id')).toBeUndefined();
      const next = begin();
      expect(await cache.unforgotten(flight, 60_000)).toBe(next);
    });

    test('are away if a look takes too long in all, though no single command does', async () => {
      await gateway().keep('slow', ANSWER, 0);
      let delayMs = 0;
      const proxy = slowProxy(server.port, () => delayMs);
      try {
        const slow = gateway(`redis://127.0.0.1:${proxy.port}`, 1000);
        await eventually(async () => expect(await slow.find('slow', 0)).toMatchObject({ status: 200 }));
        delayMs = 600;
        expect(await slow.find('slow', 0)).toBe('away');
      } finally {
        proxy.stop(true);
      }
    });
  });
}

/** Passes on what a server says with a delay. */
function slowProxy(port: number, delayMs: () => number): Bun.TCPSocketListener<Promise<Bun.Socket>> {
  return Bun.listen<Promise<Bun.Socket>>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(client) {
        const say = (bytes: Buffer): void =>
          void setTimeout(() => client.write(Buffer.from(bytes)), delayMs());
        client.data = Bun.connect({
          hostname: '127.0.0.1',
          port,
          socket: { data: (_, bytes) => say(bytes) },
        });
      },
      data: async (client, bytes) => {
        const copy = Buffer.from(bytes);
        (await client.data).write(copy);
      },
      close: async (client) => {
        (await client.data).end();
      },
    },
  });
}
