import { afterEach, describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseRedisUrl } from '../../../src/lib/redis-url.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { scriptOf } from '../../../src/redis/script.ts';
import { findServer, freePort, REDIS_KINDS, startRedis, type TestRedis } from '../../e2e/redis-server.ts';
import { makeCertificates, OPENSSL } from '../../unit/upstream/certificates.ts';

const opened: (RedisConnection | TestRedis)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await ('stop' in one ? one.stop() : one.close());
});

function connect(url: string, ca?: string): RedisConnection {
  const address = parseRedisUrl(url);
  if (typeof address === 'string') throw new Error(address);
  const connection = new RedisConnection({ address, ca, deadlineMs: 1000 });
  opened.push(connection);
  return connection;
}

async function start(...args: Parameters<typeof startRedis>): Promise<TestRedis> {
  const server = await startRedis(...args);
  opened.push(server);
  return server;
}

/** Tries until the answer is as it should be. */
async function eventually(attempt: () => Promise<unknown>, wanted: unknown): Promise<void> {
  const untilMs = performance.now() + 90_000;
  for (;;) {
    const answer = await attempt().catch((error: unknown) => error);
    if (answer === wanted) return;
    if (performance.now() > untilMs) throw new Error(`last: ${String(answer)}`);
    await Bun.sleep(50);
  }
}

const COUNT = scriptOf("return redis.call('INCR', KEYS[1])");

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`with ${kind}`, () => {
    test('a cluster of three primaries is followed to the slot of our keys, and to where it moves', async () => {
      const bus = [await freePort(), await freePort(), await freePort()];
      const nodes: TestRedis[] = [];
      for (const port of bus) {
        const settings = ['--cluster-enabled', 'yes', '--cluster-port', String(port)];
        nodes.push(await start(kind, { settings: [...settings, '--cluster-node-timeout', '2000'] }));
      }
      const [first, second, third] = nodes as [TestRedis, TestRedis, TestRedis];
      const ranges = ['0 5460', '5461 10922', '10923 16383'];
      for (const [index, node] of nodes.entries())
        await node.command('CLUSTER', 'ADDSLOTSRANGE', ...ranges[index]!.split(' '));
      for (const index of [1, 2])
        await first.command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[index]!.port), String(bus[index]));
      for (const node of nodes)
        await eventually(
          async () => (await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
          true,
        );
      // {llmp:test} is in a slot of one of them; the others answer MOVED.
      const slot = Number((await first.command('CLUSTER', 'KEYSLOT', '{llmp:test}')).match(/\d+/)![0]);
      const owner = nodes[slot <= 5460 ? 0 : slot <= 10_922 ? 1 : 2]!;
      const other = owner === second ? third : second;
      const redis = connect(other.url);
      expect(await redis.run(COUNT, ['{llmp:test}:a'], [])).toBe(1);
      expect(await owner.command('GET', '{llmp:test}:a')).toContain('1');
      // The slot moves while the connection is open.
      const id = /([0-9a-f]{40})/.exec(await other.command('CLUSTER', 'MYID'))![1]!;
      await owner.command('DEL', '{llmp:test}:a');
      for (const node of nodes) await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', id);
      expect(await redis.run(COUNT, ['{llmp:test}:a'], [])).toBe(1);
      expect(await other.command('GET', '{llmp:test}:a')).toContain('1');
    }, 180_000);

    test('sentinels are asked for the primary, again after a failover', async () => {
      const primary = await start(kind);
      const replica = await start(kind, { conf: `replicaof 127.0.0.1 ${primary.port}\n` });
      await eventually(
        async () => (await replica.command('INFO', 'replication')).includes('link_status:up'),
        true,
      );
      const watched = `sentinel monitor main 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 3000
`;
      const sentinel = await start(kind, { conf: watched, settings: ['--sentinel'] });
      const address = sentinel.url.replace('redis://', 'redis+sentinel://127.0.0.1:1,');
      const redis = connect(`${address}/main/0`);
      expect(await redis.run(COUNT, ['{a}'], [])).toBe(1);
      await eventually(
        async () => (await sentinel.command('SENTINEL', 'replicas', 'main')).includes(`${replica.port}`),
        true,
      );
      await primary.crash();
      await eventually(async () => typeof (await redis.run(COUNT, ['{a}'], [])), 'number');
      expect(await replica.command('ROLE')).toContain('master');
    }, 180_000);

    test('a user with a password gets what its rights allow', async () => {
      const server = await start(kind);
      const rights = [
        '+@read',
        '+@write',
        '+@scripting',
        '+info',
        '+ping',
        '+client',
        '+select',
        '+hello',
        '+time',
      ];
      expect(
        await server.command('ACL', 'SETUSER', 'gateway', 'on', '>p@ss:word', '~{llmp:*', ...rights),
      ).toStartWith('+OK');
      await server.command('ACL', 'SETUSER', 'default', 'off');
      const redis = connect(server.url.replace('//', '//gateway:p%40ss%3Aword@') + '/3');
      expect(await redis.run(COUNT, ['{llmp:test}:a'], [])).toBe(1);
      await expect(redis.run(COUNT, ['other'], [])).rejects.toThrow('NOPERM');
      await expect(connect(server.url).send('PING', [])).rejects.toThrow('user and password are wrong');
    });

    test.skipIf(OPENSSL === null)('TLS is used with a certificate of a known authority only', async () => {
      const { caFile, localhost } = makeCertificates();
      const [cert, key] = [join(dirname(caFile), 'localhost.pem'), join(dirname(caFile), 'localhost.key')];
      writeFileSync(cert, localhost.cert);
      writeFileSync(key, localhost.key);
      const tls = { cert, key, ca: caFile };
      const server = await startRedis(kind, { tls }).catch((error: unknown) => String(error));
      // A build without TLS ends at once.
      if (typeof server === 'string') return console.log(`skipped: this ${kind} is built without TLS`);
      opened.push(server);
      const url = server.url.replace('127.0.0.1', 'localhost');
      const ca = readFileSync(caFile, 'utf8');
      expect(await connect(url, ca).send('PING', [])).toBe('PONG');
      await expect(connect(url).send('PING', [])).rejects.toThrow('cannot be connected to');
    });
  });
}
