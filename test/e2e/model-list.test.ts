import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { startGateway, type TestGateway, until } from './gateway.ts';

/** The providers' model lists, and the providers that were asked for them. */
let lists: Record<string, () => Response | Promise<Response>> = {};
let asked: string[] = [];
let providers: ReturnType<typeof Bun.serve>;
let gateway: TestGateway | undefined;

beforeEach(() => {
  asked = [];
  lists = {};
  providers = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      const [, name = ''] = pathname.split('/');
      asked.push(`${name} ${pathname.slice(name.length + 1)}${search}`);
      return lists[name]?.() ?? new Response(null, { status: 404 });
    },
  });
});
afterEach(async () => {
  await gateway?.stop();
  await providers.stop(true);
});

function openai(...ids: string[]): () => Response {
  return () => Response.json({ object: 'list', data: ids.map((id) => ({ id, created: 5 })) });
}

function start(config: string): TestGateway {
  gateway = startGateway(config.replaceAll('ORIGIN', providers.url.origin));
  return gateway;
}

async function get(path = '/v1/models', headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(`${gateway?.url}${path}`, { headers });
  return response.json();
}

async function idsOf(path?: string, headers?: Record<string, string>): Promise<string[]> {
  const { data } = (await get(path, headers)) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** Repeats the request until the list matches. */
async function listed(ids: readonly string[], headers?: Record<string, string>): Promise<void> {
  let last: string[] = [];
  const wanted = JSON.stringify(ids);
  const stop = performance.now() + 90_000;
  while (JSON.stringify(last) !== wanted && performance.now() < stop) {
    last = await idsOf('/v1/models', headers);
    await Bun.sleep(5);
  }
  expect(last).toEqual([...ids]);
}

describe('the list of models', () => {
  test('has what an open provider lists, and is answered before that is known', async () => {
    const release = Promise.withResolvers<void>();
    lists['a'] = async () => {
      await release.promise;
      return openai('two', 'one')();
    };
    start('providers: [{ name: a, api_base: "ORIGIN/a/v1" }]');
    expect(await idsOf()).toEqual([]);
    await until(() => asked.length === 1);
    expect(await idsOf()).toEqual([]);
    release.resolve();
    await listed(['one', 'two']);
    expect(asked).toEqual(['a /v1/models']);
    expect(await get('/v1/models/one')).toEqual({ id: 'one', object: 'model', created: 5, owned_by: 'a' });
  });

  test('has of a pattern what fits it, and asks nobody whose models are all named', async () => {
    lists['a'] = openai('claude-1', 'other', 'up');
    lists['b'] = openai('never');
    start(`
providers:
  - { name: a, api_base: "ORIGIN/a/v1", model_mapping: { "claude-*": "*", mine: up } }
  - { name: b, api_base: "ORIGIN/b/v1", model_mapping: { b: never } }
  - { name: c, api_base: "ORIGIN/c/v1", model_mapping: { "v-*": "vendor/*" } }`);
    lists['c'] = openai('vendor/v-1', 'vendor/w-1', 'v-2');
    await listed(['b', 'claude-1', 'mine', 'v-1']);
    expect(new Set(asked)).toEqual(new Set(['a /v1/models', 'c /v1/models']));
  });

  test('shows a key what it may use', async () => {
    lists['a'] = openai('claude-1', 'gpt');
    start(`
providers: [{ name: a, api_base: "ORIGIN/a/v1" }]
master_keys:
  - { name: all, key: mk-all }
  - { name: some, key: mk-some, allowed_models: ["claude-*"] }`);
    await listed(['claude-1', 'gpt'], { authorization: 'Bearer mk-all' });
    expect(await idsOf('/v1/models', { authorization: 'Bearer mk-some' })).toEqual(['claude-1']);
    expect(await get('/v1/models/gpt', { authorization: 'Bearer mk-some' })).toMatchObject({
      error: { code: 'model_not_found' },
    });
    expect(await get()).toMatchObject({ error: { code: 'missing_api_key' } });
  });

  test('shows nobody’s key what the configuration names, and no more', async () => {
    lists['a'] = openai('gpt', 'up');
    start(`
providers: [{ name: a, api_base: "ORIGIN/a/v1", model_mapping: { "*": "*", named: up } }]
public_models: true
master_keys: [{ name: all, key: mk-all }]`);
    await listed(['gpt', 'named', 'up'], { authorization: 'Bearer mk-all' });
    expect(await idsOf()).toEqual(['named']);
    expect(await idsOf('/v1/models', { authorization: 'Bearer wrong' })).toEqual(['named']);
  });

  test('reads all pages, within bounds, and keeps what it had when a provider fails', async () => {
    let isWell = true;
    lists['a'] = () => {
      if (!isWell) return new Response('no', { status: 500 });
      return asked.at(-1)?.includes('after_id') === true
        ? Response.json({ data: [{ id: 'c-2' }], has_more: false })
        : Response.json({ data: [{ id: 'c-1', display_name: 'C 1' }], has_more: true, last_id: 'c-1' });
    };
    const config = 'providers: [{ name: a, api_base: "ORIGIN/a", provider_type: anthropic }]';
    const { reconfigure } = start(config);
    await listed(['c-1', 'c-2']);
    expect(asked).toEqual(['a /v1/models?limit=1000', 'a /v1/models?limit=1000&after_id=c-1']);
    isWell = false;
    reconfigure(config.replace('ORIGIN', providers.url.origin));
    await listed(['c-1', 'c-2']);
    const report = (await get('/health/detailed')) as { providers: { model_list: object }[] };
    expect(report.providers[0]?.model_list).toMatchObject({ models: 2, error: 'status 500' });
  });

  test('has what some providers list while another one says nothing', async () => {
    const release = Promise.withResolvers<Response>();
    lists['a'] = () => release.promise;
    lists['b'] = openai('fine');
    start(`
providers:
  - { name: a, api_base: "ORIGIN/a/v1" }
  - { name: b, api_base: "ORIGIN/b/v1" }`);
    await listed(['fine']);
    release.resolve(openai('late')());
    await listed(['fine', 'late']);
    expect(asked).toHaveLength(2);
  });

  test('is not filled by a provider that lists too much, or something else', async () => {
    lists['a'] = () => new Response(`{"data":[${'{"id":"x"},'.repeat(500_000)}{"id":"x"}]}`);
    lists['b'] = () => new Response('<html>');
    lists['c'] = openai('fine');
    start(`
providers:
  - { name: a, api_base: "ORIGIN/a/v1" }
  - { name: b, api_base: "ORIGIN/b/v1" }
  - { name: c, api_base: "ORIGIN/c/v1" }`);
    await listed(['fine']);
    const report = (await get('/health/detailed')) as {
      providers: { model_list: { error: string | null } }[];
    };
    expect(report.providers.map(({ model_list: { error } }) => error)).toEqual([
      'not complete within 10 s and 4 MB',
      'no list of models',
      null,
    ]);
  });
});

describe('the list has the shape of its client:', () => {
  beforeEach(async () => {
    lists['a'] = () =>
      Response.json({
        data: ['a', 'b', 'c'].map((id) => ({
          id,
          display_name: id.toUpperCase(),
          created_at: '2026-01-01T00:00:00Z',
        })),
      });
    start('providers: [{ name: a, api_base: "ORIGIN/a/v1" }]');
    await listed(['a', 'b', 'c']);
  });
  const anthropic = { 'anthropic-version': '2023-06-01' };
  const a = { type: 'model', id: 'a', display_name: 'A', created_at: '2026-01-01T00:00:00Z' };

  test("Anthropic's", async () => {
    expect(await get('/v1/models?limit=1000', anthropic)).toEqual({
      data: [a, { ...a, id: 'b', display_name: 'B' }, { ...a, id: 'c', display_name: 'C' }],
      has_more: false,
      first_id: 'a',
      last_id: 'c',
    });
    expect(await get('/v1/models/a', anthropic)).toEqual(a);
    expect(await get('/v1/models?limit=1', anthropic)).toMatchObject({
      data: [a],
      has_more: true,
      last_id: 'a',
    });
    const next = await get('/v1/models?limit=1&after_id=a', anthropic);
    expect(next).toMatchObject({ first_id: 'b', last_id: 'b', has_more: true });
    const before = await get('/v1/models?limit=1&before_id=c', anthropic);
    expect(before).toMatchObject({ first_id: 'b', has_more: true });
  });

  test("Google's, by path, by header and by the key in the query", async () => {
    const whole = {
      models: [{ name: 'models/a', displayName: 'A' }, { name: 'models/b' }, { name: 'models/c' }],
    };
    expect(await get('/v1beta/models')).toMatchObject(whole);
    expect(await get('/v1/models', { 'x-goog-api-key': 'k' })).toMatchObject(whole);
    expect(await get('/v1/models?key=k')).toMatchObject(whole);
    expect(await get('/v1beta/models/b')).toMatchObject({ name: 'models/b', displayName: 'B' });
    const page = (await get('/v1beta/models?pageSize=2')) as { nextPageToken: string };
    expect(page).toMatchObject({ models: [{ name: 'models/a' }, { name: 'models/b' }], nextPageToken: '2' });
    const last = await get(`/v1beta/models?pageSize=2&pageToken=${page.nextPageToken}`);
    expect(last).toEqual({ models: [expect.objectContaining({ name: 'models/c' })] });
  });
});
