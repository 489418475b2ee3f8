import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { chat, until } from './gateway.ts';

/** The live events of a gateway as a page reads them. */
interface Live {
  readonly of: (event: string) => Record<string, any>[]; // oxlint-disable-line typescript/no-explicit-any
  readonly text: () => string;
  readonly isOver: () => boolean;
  readonly leave: () => void;
}

async function openLive(url: string, headers: Record<string, string>): Promise<Live> {
  const abort = new AbortController();
  const response = await fetch(`${url}/admin/v1/live`, { headers, signal: abort.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  let isOver = false;
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    } catch {
      // The test has left.
    }
    isOver = true;
  })();
  return {
    text: () => text,
    isOver: () => isOver,
    leave: () => abort.abort(),
    of: (event) =>
      [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].flatMap(([, name, data]) =>
        name === event ? [JSON.parse(data ?? '')] : [],
      ),
  };
}

const BEARER = { authorization: `Bearer ${ADMIN_KEY}` };

for (const workers of [1, 2]) {
  describe(`with ${workers} process(es)`, () => {
    let simulator: Simulator;
    let gateway: DatabaseGateway;
    let folder: string;
    let key: string;

    beforeAll(async () => {
      simulator = await startSimulator({});
      folder = await mkdtemp(join(tmpdir(), 'console-live-'));
      const args = ['--workers', String(workers)];
      gateway = await startDatabaseGateway({ dbUrl: 'sqlite::memory:', folder, args });
      await gateway.admin('POST', '/providers', {
        id: 'p',
        api_base: `${simulator.url}/v1`,
        api_key: 'sk-p-secret',
      });
      await gateway.admin('POST', '/providers', {
        id: 'q',
        api_base: `${simulator.url}/v1`,
        api_key: 'sk-q-secret',
      });
      const routes = [
        { provider: 'p', model: 'mock/500', priority: 1 },
        { provider: 'q', model: 'mock/ok', priority: 2 },
      ];
      await gateway.admin('POST', '/models', { id: 'shaky', routes });
      await gateway.admin('POST', '/models', { id: 'calm', routes: [{ provider: 'q', model: 'mock/ok' }] });
      ({ key } = (await gateway.admin('POST', '/master-keys', { id: 'k' })) as { key: string });
    });
    afterAll(async () => {
      gateway.program.kill();
      expect(await gateway.program.exited).toBe(0);
      await simulator.stop();
      await rm(folder, { recursive: true });
    });

    const routeOf = async (provider: string) => {
      const { routes } = await gateway.admin('GET', `/routes?provider=${provider}`);
      return (routes as { id: string; state: string; models: { share: number }[] }[])[0];
    };

    test('a page hears of ended requests, of a route that cools, and of one that is back, in about a second', async () => {
      const live = await openLive(gateway.url, BEARER);
      await until(() => live.of('state')[0]);
      expect(live.of('hello')[0]).toMatchObject({ role: 'admin', version: expect.any(String) });
      expect(live.of('state')[0]?.['routes']).toHaveLength(2);
      expect(await gateway.ask(key, 'shaky')).toBe(200);
      const ended = await until(() => live.of('tick').flatMap((tick) => tick['ended'])[0]);
      expect(ended).toMatchObject({ model: 'shaky', key: 'k', attempts: 2, has_fallback: true, status: 200 });
      await until(
        () => live.of('state').some(({ providers }) => providers[0]?.state === 'cooling') || undefined,
      );
      expect(new Set(live.of('feed').map(({ kind }) => kind))).toEqual(new Set(['route_cooled', 'fallback']));
      const route = await routeOf('p');
      expect(route?.state).toBe('cooling');
      await gateway.admin('POST', `/routes/${route?.id}/clear-cooldown`);
      await until(() => live.of('feed').some(({ kind }) => kind === 'route_back') || undefined);
      expect((await routeOf('p'))?.state).toBe('available');
      const asked = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify(chat('calm')),
      });
      const { choices } = (await asked.json()) as { choices: { message: { content: string } }[] };
      const answer = choices[0]?.message.content ?? '';
      expect(answer.length).toBeGreaterThan(10);
      await until(
        () =>
          live.of('tick').some(({ ended }) => ended.some((one: { model: string }) => one.model === 'calm')) ||
          undefined,
      );
      // Neither the prompt, nor the answer, nor a credential is in it.
      for (const secret of ['Hello!', answer, ADMIN_KEY, key, 'sk-p-secret', simulator.url])
        expect(live.text()).not.toContain(secret);
      live.leave();
    });

    test('a drained route gets no requests in any process, until it is resumed', async () => {
      const route = await routeOf('q');
      expect(route?.id).toMatch(/^r_[0-9a-f]{16}$/);
      await gateway.admin('POST', `/routes/${route?.id}/drain`);
      for (let n = 0; n < 6; n++) expect(await gateway.ask(key, 'calm')).toBe(503);
      // A change of the configuration does not end it, and the id stays.
      await gateway.admin('POST', '/models', {
        id: `other-${workers}`,
        routes: [{ provider: 'q', model: 'mock/ok' }],
      });
      expect((await routeOf('q'))?.state).toBe('draining');
      expect((await routeOf('q'))?.models[0]?.share).toBe(0);
      expect(await gateway.ask(key, 'calm')).toBe(503);
      await gateway.admin('POST', `/routes/${route?.id}/resume`);
      for (let n = 0; n < 6; n++) expect(await gateway.ask(key, 'calm')).toBe(200);
    });

    test('a list of routes has pages, and goes on behind a route that the filter no longer lists', async () => {
      const list = async (query: string) => {
        const { routes, ...rest } = await gateway.admin('GET', `/routes?${query}`);
        return { ids: (routes as { id: string }[]).map(({ id }) => id), ...rest };
      };
      const { ids } = await list('');
      const first = await list('limit=1');
      expect(first).toMatchObject({ ids: ids.slice(0, 1), total: ids.length });
      const cursor = String(first['next_cursor' as keyof typeof first]);
      expect(await list(`limit=9&cursor=${cursor}`)).toMatchObject({ ids: ids.slice(1), next_cursor: null });
      expect((await list(`provider=q&cursor=${cursor}`)).ids).toEqual(ids.slice(1));
      await expect(list('cursor=x')).rejects.toThrow('The cursor is not from a previous page');
    });

    test('the stream of a session ends with it and with its role, and the session of a key has none', async () => {
      const signIn = async (secret: string): Promise<string> => {
        const response = await fetch(`${gateway.url}/admin/v1/sessions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ key: secret }),
        });
        return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      };
      const account = await gateway.admin('POST', '/accounts', { name: 'viewer', role: 'viewer' });
      const cookie = await signIn(String(account['secret']));
      const before = await openLive(gateway.url, { cookie });
      await until(() => before.of('state')[0]);
      await gateway.admin('PUT', `/accounts/${String(account['id'])}`, { role: 'operator' });
      await until(() => before.isOver() || undefined);
      expect(before.of('end')).toEqual([{ reason: 'session' }]);
      const live = await openLive(gateway.url, { cookie });
      await until(() => live.of('state')[0]);
      await gateway.admin('DELETE', `/accounts/${String(account['id'])}`);
      await until(() => live.isOver() || undefined);
      expect(live.of('end')).toEqual([{ reason: 'session' }]);
      const refused = await fetch(`${gateway.url}/admin/v1/live`, { headers: { cookie: await signIn(key) } });
      expect(refused.status).toBe(403);
    });

    test('a provider is tested with its stored credential, and a question is explained as things are now', async () => {
      const tested = await gateway.admin('POST', '/providers/q/test', { completion: true });
      expect(tested).toMatchObject({ ok: true, error: null, completion: { ok: true, model: 'mock/ok' } });
      expect((tested['models'] as string[]).length).toBeGreaterThan(0);
      const explained = async (question: object) =>
        (await gateway.admin('POST', '/explain', question)) as {
          tiers: { routes: { provider: string; probability: number }[] }[];
          left_out: { why: string }[];
          refusal: { status: number } | null;
        };
      const providersOf = ({ tiers }: Awaited<ReturnType<typeof explained>>) =>
        tiers.map(({ routes }) =>
          routes.map(({ provider, probability }) => `${provider} ${probability}`).join(),
        );
      expect(providersOf(await explained({ model: 'shaky' }))).toEqual(['p 1', 'q 1']);
      const withoutP = await explained({ request: { model: 'shaky' }, without_providers: ['p'] });
      expect([providersOf(withoutP), withoutP.left_out[0]?.why]).toEqual([
        ['q 1'],
        'its provider is supposed to be down',
      ]);
      const fields = { routes: [{ provider: 'q', model: 'mock/ok' }] };
      expect(
        providersOf(await explained({ model: 'new', change: { kind: 'models', id: 'new', fields } })),
      ).toEqual(['q 1']);
      expect((await explained({ model: 'none', key: 'k' })).refusal?.status).toBe(404);
      await gateway.admin('POST', `/routes/${(await routeOf('p'))?.id}/drain`);
      expect((await explained({ model: 'shaky' })).left_out[0]?.why).toBe('an operator drains it');
      await gateway.admin('POST', `/routes/${(await routeOf('p'))?.id}/resume`);
    });

    test('a provider is tested before it is stored, and a stored credential stays with its host', async () => {
      const sent: string[] = [];
      using elsewhere = Bun.serve({
        port: 0,
        hostname: '127.0.0.1',
        fetch(request) {
          sent.push(request.headers.get('authorization') ?? '');
          return Response.json({ object: 'list', data: [{ id: 'theirs', object: 'model' }] });
        },
      });
      const base = `http://127.0.0.1:${elsewhere.port}/v1`;
      const ask = (id: string, fields: object) => gateway.admin('POST', '/providers/test', { id, fields });
      const fresh = await ask('fresh', { api_base: base, api_key: 'sk-fresh', is_enabled: false });
      expect(fresh).toMatchObject({ ok: true, models: ['theirs'], completion: null });
      expect(sent.splice(0)).toEqual(['Bearer sk-fresh']);
      expect(await ask('q', { weight: 3 })).toMatchObject({ ok: true });
      for (const [id, fields, problem] of [
        ['q', { api_base: base }, /422 .*api_key must be sent again/],
        ['q', { api_base: 'no address' }, /422 .*api_base/],
        ['fresh', { api_base: base, api_key: '${ADMIN_KEY}' }, /422 .*api_key/],
        ['fresh', { api_base: 'http://169.254.169.254/v1', api_key: 'x' }, /422 .*api_base/],
      ] as const)
        expect(await ask(id, fields).catch(String)).toMatch(problem);
      expect(sent).toEqual([]);
      expect(await ask('q', { api_base: base, api_key: null })).toMatchObject({ ok: true });
      expect(sent).toEqual(['']);
      const { providers } = (await gateway.admin('GET', '/providers')) as { providers: { id: string }[] };
      expect(providers.map(({ id }) => id)).toEqual(['p', 'q']);
    });

    test('the numbers of the last minutes are there, by model and in all', async () => {
      const overview = await untilRead(
        () => gateway.admin('GET', '/overview'),
        ({ requests }) => Number(requests) >= 15,
      );
      expect(overview).toMatchObject({ models: 2 + 1, providers: 2, keys: 1 });
      const { series } = (await gateway.admin('GET', '/series?group_by=model')) as {
        series: { group: string; requests: number[] }[];
      };
      const counts = Object.fromEntries(
        series.map(({ group, requests }) => [group, requests.reduce((all, one) => all + one, 0)]),
      );
      expect(counts).toEqual({ calm: 14, shaky: 1 });
      const { providers } = await gateway.admin('GET', '/provider-states');
      expect((providers as { name: string }[]).map(({ name }) => name)).toEqual(['p', 'q']);
    });

    test('a request is found by what happened to it, with each of its attempts', async () => {
      const list = async (query: string) =>
        (await gateway.admin('GET', `/requests?${query}`))['requests'] as {
          request_id: string;
          model: string;
        }[];
      const [shaky, ...others] = await list('has_fallback=true');
      expect([shaky?.model, others]).toEqual(['shaky', []]);
      expect(await list(`search=${shaky?.request_id.slice(0, 12)}`)).toHaveLength(1);
      expect((await list('status=5xx')).length).toBe(7);
      expect((await list('ending=failed,refused&model=calm')).length).toBe(7);
      expect(await list('min_duration_ms=600000')).toEqual([]);
      const detail = await gateway.admin('GET', `/requests/${shaky?.request_id}`);
      expect(detail['attempts_detail']).toMatchObject([
        { provider: 'p', model: 'mock/500', reason: 'first', outcome: 'failed', status: 500 },
        { provider: 'q', model: 'mock/ok', reason: 'fallback-route', outcome: 'answered' },
      ]);
      for (const attempt of detail['attempts_detail'] as Record<string, number | null>[]) {
        expect(attempt['head_ms']).toBeWithin(attempt['start_ms'] ?? 0, (attempt['end_ms'] ?? 0) + 1);
        expect(attempt['connect_ms'] ?? 0).toBeGreaterThanOrEqual(0);
      }
      const csv = await fetch(`${gateway.url}/admin/v1/requests?format=csv`, { headers: BEARER });
      expect([csv.headers.get('content-type'), (await csv.text()).split('\r\n').length]).toEqual([
        'text/csv; charset=utf-8',
        17,
      ]);
    });
  });
}

async function untilRead<T>(read: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    await Bun.sleep(50);
  }
}
