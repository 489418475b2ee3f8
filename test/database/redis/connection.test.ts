import { afterEach, describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import { join } from 'node:path';
import { parseRedisUrl } from '../../../src/lib/redis-url.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { RedisUnavailable } from '../../../src/redis/redis-unavailable.ts';
import { scriptOf } from '../../../src/redis/script.ts';
import { eventually } from '../eventually.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from '../../e2e/redis-server.ts';

/** Longer than a busy machine needs, and far shorter than what hangs. */
const SOON_MS = 10_000;

const opened: (RedisConnection | TestRedis)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await ('stop' in one ? one.stop() : one.close());
});

/** A busy machine answers within this. */
const DEADLINE_MS = 20_000;
/** For the tests of the deadline itself. */
const SHORT_DEADLINE_MS = 200;

function connect(url: string, deadlineMs = DEADLINE_MS): RedisConnection {
  const address = parseRedisUrl(url);
  if (typeof address === 'string') throw new Error(address);
  const connection = new RedisConnection({ address, deadlineMs });
  opened.push(connection);
  return connection;
}

async function failureOf(answer: Promise<unknown>): Promise<{ readonly text: string; readonly ms: number }> {
  const beganMs = performance.now();
  try {
    await answer;
  } catch (error) {
    expect(error).toBeInstanceOf(RedisUnavailable);
    return { text: (error as Error).message, ms: performance.now() - beganMs };
  }
  throw new Error('it was answered');
}

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`the connection to ${kind}`, () => {
    async function start(deadlineMs?: number): Promise<{ server: TestRedis; redis: RedisConnection }> {
      const server = await startRedis(kind);
      opened.push(server);
      return { server, redis: connect(server.url, deadlineMs) };
    }

    test('rejects what is sent while it is down, and never runs it later', async () => {
      const { server, redis } = await start();
      await redis.send('PING', []);
      await server.crash();
      expect((await failureOf(redis.send('INCR', ['late']))).ms).toBeLessThan(SOON_MS);
      await server.restart();
      await eventually(() => redis.send('PING', []));
      await Bun.sleep(500);
      expect(await redis.send('GET', ['late'])).toBeNull();
    });

    test('rejects what is under way when it is killed', async () => {
      const { server, redis } = await start();
      await redis.send('PING', []);
      server.freeze();
      const failure = failureOf(redis.send('PING', []));
      await server.crash();
      expect((await failure).ms).toBeLessThan(SOON_MS);
    });

    test('waits no longer than the deadline for a server that hangs, and after three of them not at all', async () => {
      const { server, redis } = await start(SHORT_DEADLINE_MS);
      await eventually(() => redis.send('PING', []));
      server.freeze();
      for (let at = 0; at < 3; at++) {
        const { text, ms } = await failureOf(redis.send('PING', []));
        expect(text).toBe('no answer in 200 ms');
        expect(ms).toBeLessThan(SOON_MS);
      }
      expect((await failureOf(redis.send('PING', []))).text).toBe('3 commands in a row had no answer');
      server.thaw();
      expect(await eventually(() => redis.send('PING', []))).toBe('PONG');
    });

    test('takes commands that hang together for one deadline', async () => {
      const { server, redis } = await start(SHORT_DEADLINE_MS);
      await eventually(() => redis.send('PING', []));
      server.freeze();
      await Promise.all(Array.from({ length: 10 }, () => failureOf(redis.send('PING', []))));
      const next = failureOf(redis.send('PING', []));
      expect((await next).text).toBe('no answer in 200 ms');
    });

    test('hears an answer that came while this process was busy', async () => {
      const { server } = await start();
      // A busy machine may keep the server from answering within the deadline, too.
      const hears = async (): Promise<void> => {
        const redis = connect(server.url, SHORT_DEADLINE_MS);
        await redis.send('PING', []);
        const answer = redis.send('PING', []);
        Bun.sleepSync(220);
        expect(await answer).toBe('PONG');
      };
      await eventually(hears);
    });

    test('gives up to connect to what accepts and says nothing', async () => {
      const { server } = await start();
      server.freeze();
      const redis = connect(server.url);
      const { ms } = await failureOf(redis.send('PING', []));
      expect(ms).toBeLessThan(SOON_MS);
    });

    test('loads a script that the server does not know, once', async () => {
      const { redis } = await start();
      const script = scriptOf("return {KEYS[1], ARGV[1], '9007199254740993'}");
      const answer = ['{a}', 'b', '9007199254740993'];
      expect(await redis.run(script, ['{a}'], ['b'])).toEqual(answer);
      await redis.send('SCRIPT', ['FLUSH']);
      expect(await redis.run(script, ['{a}'], ['b'])).toEqual(answer);
      expect(await redis.send('SCRIPT', ['EXISTS', script.sha])).toEqual([1]);
    });

    test('passes on errors of a script, which are bugs', async () => {
      const { redis } = await start();
      const wrong = redis.run(scriptOf("return redis.call('NOTHING')"), [], []);
      await expect(wrong).rejects.not.toBeInstanceOf(RedisUnavailable);
      expect(await redis.send('PING', [])).toBe('PONG');
    });

    test('stays open while nothing is sent, and is the only one', async () => {
      const { redis } = await start();
      const id = await redis.send('CLIENT', ['ID']);
      await Bun.sleep(1500);
      expect(await redis.send('CLIENT', ['ID'])).toBe(id);
      await Promise.all(Array.from({ length: 50 }, () => redis.send('PING', [])));
      const list = String(await redis.send('CLIENT', ['LIST']));
      expect(list.match(/name=llm-proxy/g)).toHaveLength(1);
    });

    test('refuses more than 64 calls at once', async () => {
      const { server, redis } = await start(SHORT_DEADLINE_MS);
      await eventually(() => redis.send('PING', []));
      server.freeze();
      const calls = Array.from({ length: 70 }, () => failureOf(redis.send('PING', [])));
      const texts = (await Promise.all(calls)).map(({ text }) => text);
      expect(texts.filter((text) => text === 'too many calls are under way')).toHaveLength(6);
    });

    test('takes a server that turned into a replica for unavailable, and tries another one', async () => {
      const { server: old, redis: _ } = await start();
      const { server: next } = await start();
      const redis = connect(`${old.url},127.0.0.1:${next.port}`);
      await redis.send('SET', ['where', 'old']);
      await old.command('REPLICAOF', '127.0.0.1', String(next.port));
      expect((await failureOf(redis.send('SET', ['where', 'new']))).text).toStartWith('READONLY');
      await eventually(() => redis.send('SET', ['where', 'new']));
      expect(await next.command('GET', 'where')).toContain('new');
    });

    test('takes a cluster without its slots for unavailable', async () => {
      const server = await startRedis(kind, {
        settings: ['--cluster-enabled', 'yes', '--cluster-port', '0'],
      });
      opened.push(server);
      const { text } = await failureOf(connect(server.url).send('SET', ['{a}', '1']));
      expect(text).toStartWith('CLUSTERDOWN');
    });
  });
}

test('a server that loads its data is unavailable', async () => {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket, bytes) {
        for (const command of bytes
          .toString('latin1')
          .split(/\*\d+\r\n/)
          .slice(1)) {
          const isHello = command.includes('HELLO');
          socket.write(isHello ? '%1\r\n+proto\r\n:3\r\n' : '-LOADING Redis is loading the dataset\r\n');
        }
      },
    },
  });
  const redis = connect(`redis://127.0.0.1:${server.port}`);
  expect((await failureOf(redis.send('GET', ['a']))).text).toStartWith('LOADING');
  server.stop(true);
});

test('no message is subscribed to: a subscription of the runtime is deaf after a reconnection', async () => {
  const folder = join(import.meta.dir, '..', '..', '..', 'src', 'redis');
  for await (const file of new Glob('*.ts').scan(folder)) {
    expect(await Bun.file(join(folder, file)).text()).not.toMatch(/\b(?:p|s)?subscribe\b/i);
  }
});
