import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, timeUntil } from './db-program.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';
import { findServer, REDIS_KINDS, startRedis, type TestRedis } from './redis-server.ts';

const SECRET_KEY = 'c2VjcmV0LW9mLWFsbC1nYXRld2F5cw-7d1f';

interface Node {
  readonly url: string;
  readonly program: TestProcess;
}

interface Reply {
  readonly cache: string | null;
  readonly text: string;
  readonly ms: number;
}

for (const kind of REDIS_KINDS) {
  describe.skipIf(findServer(kind) === undefined)(`gateways that serve a file, with ${kind}`, () => {
    let simulator: Simulator;
    let redis: TestRedis;
    let folder: string;
    const nodes: Node[] = [];

    beforeAll(async () => {
      simulator = await startSimulator();
      redis = await startRedis(kind);
      folder = mkdtempSync(join(tmpdir(), 'llm-proxy-cache-'));
      nodes.push(
        ...(await Promise.all([
          startNode('a'),
          startNode('b'),
          startNode('c', 'another-secret-of-40-digits-0192837'),
        ])),
      );
    });
    afterAll(async () => {
      for (const { program } of nodes) program.kill('SIGTERM');
      await Promise.all(nodes.map(({ program }) => program.exited));
      await Promise.all([simulator.stop(), redis.stop()]);
      rmSync(folder, { recursive: true });
    });

    async function startNode(name: string, secret = SECRET_KEY): Promise<Node> {
      const own = join(folder, name);
      mkdirSync(own);
      writeFileSync(
        join(own, 'config.yaml'),
        `
server: { host: 127.0.0.1, port: 0 }
workers: ${name === 'b' ? 2 : 1}
providers: [{ name: a, api_base: "${simulator.url}/v1", api_key: sk-a }]
models: { fast: { cache: {}, routes: [{ provider: a, model: mock/ok }] }, slow: { cache: {}, routes: [{ provider: a, model: "mock/drip?ms=20" }] } }
teams: [{ name: search }]
cache: { store: redis }
shared_state: { driver: redis, url: "${redis.url}", deadline_ms: 5000 }
spend: { journal: memory }
master_keys:
  - { name: one, key: sk-one-0123456789 }
  - { name: two, key: sk-two-0123456789 }
  - { name: three, key: sk-three-0123456789, team: search }
  - { name: four, key: sk-four-0123456789, team: search }
  - { name: hour, key: sk-hour-0123456789, cache: { enabled: false }, limits: [{ requests: 40, per: hour }, { concurrent: 5 }, { requests: 1000, per: day }] }
`,
      );
      const env = { ADMIN_KEY, SECRET_KEY: secret };
      const program = startProcess(['--config', 'config.yaml'], { cwd: own, env });
      const [, url = ''] = await program.printed(/listening on (http\S+)/);
      return { url, program };
    }

    async function ask(node: number, key: string, body: object): Promise<Reply> {
      const beganMs = performance.now();
      const response = await fetch(`${nodes[node]!.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer sk-${key}-0123456789` },
        body: JSON.stringify({ temperature: 0, ...body }),
      });
      const text = await response.text();
      expect([response.status, text.length > 0]).toEqual([200, true]);
      return { cache: response.headers.get('x-llm-proxy-cache'), text, ms: performance.now() - beganMs };
    }

    /** An answer is kept a moment after it was sent. */
    async function untilHit(node: number, key: string, body: object): Promise<Reply> {
      for (let tries = 0; tries < 1_000; tries++) {
        const reply = await ask(node, key, body);
        if (reply.cache === 'hit') return reply;
        await Bun.sleep(20);
      }
      throw new Error('never a hit');
    }

    const askForHour = (node: number): Promise<Response> =>
      fetch(`${nodes[node]!.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-hour-0123456789' },
        body: JSON.stringify(chat('slow')),
      });
    let hourBeganMs = 0;
    /** The requests of the key's limit of an hour that have flowed in since they were first used. */
    const inflowOfHour = (): number => Math.ceil((40 * (performance.now() - hourBeganMs)) / 3_600_000);
    const metrics = async (): Promise<string> => (await fetch(`${nodes[0]!.url}/metrics`)).text();

    async function admin<T>(node: number, path: string): Promise<T> {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      return (await (await fetch(`${nodes[node]!.url}/admin/v1${path}`, { headers })).json()) as T;
    }

    const forgetting = (node: number, query: string): Promise<Response> => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      return fetch(`${nodes[node]!.url}/admin/v1/cache${query}`, { method: 'DELETE', headers });
    };
    const forget = async (node: number, query: string): Promise<void> => {
      expect((await forgetting(node, query)).status).toBe(200);
    };

    test('an answer of one gateway is a hit on another one, also as a stream', async () => {
      for (const stream of [false, true]) {
        const body = chat('fast', { user: `first ${stream}`, stream });
        const first = await ask(0, 'one', body);
        expect(first.cache).toBe('miss');
        const before = simulator.attempts.length;
        expect((await untilHit(1, 'one', body)).text).toBe(first.text);
        expect(simulator.attempts.length - before).toBeLessThanOrEqual(1);
      }
    });

    test('tenants never meet: a key without a team has its own, and a team shares', async () => {
      const body = chat('fast', { user: 'tenants' });
      await ask(0, 'one', body);
      await untilHit(0, 'one', body);
      expect((await ask(1, 'two', body)).cache).toBe('miss');
      expect((await ask(1, 'three', body)).cache).toBe('miss');
      expect((await untilHit(0, 'four', body)).cache).toBe('hit');
    });

    test('Redis sees neither questions nor answers, and a gateway with another secret finds nothing', async () => {
      const body = chat('fast', { user: 'sealed' });
      const { text } = await ask(0, 'one', body);
      await untilHit(0, 'one', body);
      expect((await ask(2, 'one', body)).cache).toBe('miss');
      const { content } = (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]!
        .message;
      await redis.command('SAVE');
      const seen = Buffer.from(await Bun.file(join(redis.folder, 'dump.rdb')).arrayBuffer()).toString(
        'latin1',
      );
      for (const secret of [content, 'mock/ok', 'Hello!']) expect(seen).not.toContain(secret);
    });

    test('a thousand identical requests at once make one call', async () => {
      const before = simulator.attempts.length;
      const body = chat('slow', { user: 'crowd' });
      const replies = await Promise.all(Array.from({ length: 1000 }, () => ask(0, 'one', body)));
      expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
      expect(simulator.attempts.length - before).toBe(1);
    });

    test('DELETE on one gateway forgets on all, by model and by key, also what is under way', async () => {
      const [mine, yours] = [chat('fast', { user: 'mine' }), chat('slow', { user: 'yours' })];
      for (const body of [mine, yours]) {
        await ask(0, 'one', body);
        await untilHit(1, 'one', body);
      }
      await forget(0, '?model=fast');
      // Where Redis is slow, a request may still join one that has just ended.
      expect((await ask(1, 'one', mine)).cache).not.toBe('hit');
      await untilHit(1, 'one', yours);
      await untilHit(1, 'one', mine);
      await forget(0, '?key=one');
      expect((await ask(1, 'one', mine)).cache).not.toBe('hit');
      const before = simulator.attempts.length;
      const asking = ask(1, 'two', yours);
      await until(() => simulator.attempts.length > before || undefined);
      await forget(0, '');
      await asking;
      await Bun.sleep(200);
      expect((await ask(0, 'two', yours)).cache).not.toBe('hit');
    });

    test('limits under a day, and of requests under way, hold over all of them', async () => {
      let underWay = 0;
      let most = 0;
      const statuses: number[] = [];
      const client = async (node: number): Promise<void> => {
        for (let refused = 0; refused < 12;) {
          const response = await askForHour(node);
          if (response.ok) most = Math.max(most, (underWay += 1));
          await response.text();
          if (response.ok) underWay -= 1;
          statuses.push(response.status);
          refused = response.ok ? 0 : refused + 1;
          if (!response.ok) await Bun.sleep(100);
        }
      };
      hourBeganMs = performance.now();
      await Promise.all([0, 0, 1, 1, 2, 2].flatMap((node) => [client(node), client(node)]));
      const inflow = inflowOfHour();
      expect(statuses.filter((status) => status === 200).length).toBeWithin(36, 40 + inflow + 1);
      expect(most).toBeLessThanOrEqual(5);
      for (const node of [0, 1]) {
        const { limits } = await admin<{ limits: { counter: string; counted_by: string }[] }>(
          node,
          '/limits',
        );
        expect(Object.fromEntries(limits.map((limit) => [limit.counter, limit.counted_by]))).toEqual({
          'key:hour/requests/hour': 'all machines',
          'key:hour/concurrent': 'all machines',
          'key:hour/requests/day': 'this machine',
        });
      }
      // On a busy machine one may look silent for a moment.
      await timeUntil(async () => {
        const listed = await admin<{ nodes: { state: string; is_this: boolean }[] }>(0, '/nodes');
        return listed.nodes.filter(({ state }) => state === 'live').length === 3;
      }, 60_000);
      expect(nodes[0]!.program.stdout()).toContain('Limits of a day or longer are shared only with');
    }, 120_000);

    test('without Redis, requests are served as if nothing was cached', async () => {
      const body = chat('fast', { user: 'away' });
      await ask(0, 'one', body);
      await untilHit(0, 'one', body);
      redis.freeze();
      for (let count = 0; count < 5; count++) {
        const { cache, ms } = await ask(0, 'one', body);
        expect(cache).not.toBe('hit');
        expect(ms).toBeLessThan(20_000);
      }
      redis.thaw();
      await untilHit(0, 'one', body);
      await redis.crash();
      expect((await ask(0, 'one', body)).cache).not.toBe('hit');
      const refused = await forgetting(0, '');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await refused.text()).toContain('Redis does not answer');
      await redis.restart();
      await untilHit(0, 'one', body);
      await timeUntil(async () => (await metrics()).includes('llm_proxy_lease_store_up 1\n'), 60_000);
      // It learns from the gateways that the hour's requests are used up, but for those that have flowed in since they asked.
      let served = 0;
      for (;;) {
        const response = await askForHour(1);
        await response.text();
        if (!response.ok) break;
        served += 1;
      }
      expect(served).toBeLessThanOrEqual(2 * inflowOfHour() + 1);
    });
  });
}
