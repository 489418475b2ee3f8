import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { chat } from './gateway.ts';

for (const workers of [1, 2]) {
  describe(`the playground with ${workers} process(es)`, () => {
    let simulator: Simulator;
    let gateway: DatabaseGateway;
    let folder: string;
    const keys: Record<string, string> = {};

    beforeAll(async () => {
      simulator = await startSimulator({});
      folder = await mkdtemp(join(tmpdir(), 'console-play-'));
      gateway = await startDatabaseGateway({
        dbUrl: 'sqlite::memory:',
        folder,
        args: ['--workers', String(workers)],
      });
      // The provider gets the client's own credential where it has one, which must never be the operator's.
      const provider = { id: 'p', api_base: `${simulator.url}/v1`, forward_client_auth: true };
      await gateway.admin('POST', '/providers', provider);
      await gateway.admin('POST', '/models', { id: 'fast', routes: [{ provider: 'p', model: 'mock/ok' }] });
      await gateway.admin('POST', '/models', { id: 'other', routes: [{ provider: 'p', model: 'mock/ok' }] });
      for (const [id, more] of [
        ['one', { allowed_models: ['fast'] }],
        ['slow', { rate_limit: { requests_per_second: 0.001, burst_size: 1 } }],
        ['off', { is_enabled: false }],
      ] as const)
        keys[id] = String((await gateway.admin('POST', '/master-keys', { id, ...more }))['key']);
    });
    afterAll(async () => {
      gateway.program.kill();
      expect(await gateway.program.exited).toBe(0);
      await simulator.stop();
      await rm(folder, { recursive: true });
    });

    const ask = (model: string, headers: Record<string, string>, more = {}): Promise<Response> =>
      fetch(`${gateway.url}/admin/v1/playground/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(chat(model, more)),
      });
    const bearer = { authorization: `Bearer ${ADMIN_KEY}` };
    const cookieOf = async (key: string): Promise<string> => {
      const response = await fetch(`${gateway.url}/admin/v1/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      });
      expect(response.status).toBe(201);
      return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    };

    test('asks in the name of a key, with its models and its limits, and is counted', async () => {
      const answered = await ask('fast', { ...bearer, 'x-llm-proxy-as': 'one' });
      expect([answered.status, answered.headers.get('x-llm-proxy-permit')]).toEqual([200, null]);
      expect(answered.headers.get('x-llm-proxy-trail')).toContain('p');
      expect(((await answered.json()) as { choices: unknown[] }).choices).toHaveLength(1);
      expect((await ask('other', { ...bearer, 'x-llm-proxy-as': 'one' })).status).toBe(403);
      expect((await ask('fast', { ...bearer, 'x-llm-proxy-as': 'slow' })).status).toBe(200);
      expect((await ask('fast', { ...bearer, 'x-llm-proxy-as': 'slow' })).status).toBe(429);
      for (let n = 0; ; n++) {
        const { requests } = await gateway.admin('GET', '/requests?key=slow');
        if ((requests as unknown[]).length === 2) break;
        expect(n).toBeLessThan(2_000);
        await Bun.sleep(25);
      }
    });

    test('streams', async () => {
      const response = await ask('fast', { ...bearer, 'x-llm-proxy-as': 'one' }, { stream: true });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      expect(await response.text()).toEndWith('data: [DONE]\n\n');
    });

    test('refuses who may not ask, and what names no key', async () => {
      const { secret } = (await gateway.admin('POST', '/accounts', { name: 'v', role: 'viewer' })) as {
        secret: string;
      };
      for (const [headers, status] of [
        [{}, 401],
        [{ authorization: `Bearer ${secret}` }, 403],
        [bearer, 400],
        [{ ...bearer, 'x-llm-proxy-as': 'off' }, 400],
        [{ cookie: await cookieOf(ADMIN_KEY), 'x-llm-proxy-as': 'one' }, 403],
        [{ authorization: `Bearer ${keys['one']}` }, 401],
      ] as const)
        expect([headers, (await ask('fast', headers)).status]).toEqual([headers, status]);
    });

    test("a key's holder asks in the key's own name, and sees its own use, with a session", async () => {
      const own = { cookie: await cookieOf(keys['one'] ?? ''), 'sec-fetch-site': 'same-origin' };
      expect((await ask('fast', { ...own, 'x-llm-proxy-as': 'slow' })).status).toBe(200);
      expect((await ask('other', own)).status).toBe(403);
      const get = async (path: string, headers: Record<string, string> = own) =>
        fetch(`${gateway.url}${path}`, { headers });
      const models = await (await get('/admin/v1/playground/models')).json();
      expect(models).toEqual({ models: ['fast'], patterns: [], keys: [] });
      const key = await get('/v1/key');
      expect([key.status, ((await key.json()) as { name: string }).name]).toEqual([200, 'one']);
      for (const path of [
        '/admin/v1/requests',
        '/admin/v1/live',
        '/admin/v1/providers',
        '/admin/v1/overview',
      ])
        expect([path, (await get(path)).status]).toEqual([path, 403]);
      // The session of an operator is no key, a foreign page gets nothing, and no provider is asked with a cookie.
      expect((await get('/v1/key', { cookie: await cookieOf(ADMIN_KEY) })).status).toBe(401);
      expect((await get('/v1/key', { ...own, 'sec-fetch-site': 'same-site' })).status).toBe(401);
      expect((await get('/v1/files')).status).toBe(401);
    });
  });
}
