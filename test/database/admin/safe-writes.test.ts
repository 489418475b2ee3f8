import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { findRepeatedField } from '../../../src/admin/repeated-field.ts';
import { startApi, type TestApi } from './api.ts';

let api: TestApi;

beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.store.close());

const PROVIDER = {
  id: 'up',
  api_base: 'https://api.example.com/v1',
  api_key: 'sk-canary-0123456789abcdef',
  headers: { 'x-secret': 'header-canary' },
};

const pathsOf = (body: { error?: { details: { path: string }[] } }) =>
  body.error?.details.map(({ path }) => path);

describe('a stored credential', () => {
  const changes: Readonly<Record<string, object>> = {
    'an api_base of another host': { api_base: 'https://attacker.example/v1' },
    'another port': { api_base: 'https://api.example.com:8443/v1' },
    'an api_base without TLS': { api_base: 'http://api.example.com/v1' },
    'a proxy': { proxy: 'http://attacker.example:3128' },
    'a certificate that nobody checks': { verify_ssl: false },
    'other authorities': { ca_file: '/tmp/attacker.pem' },
  };
  for (const [title, change] of Object.entries(changes)) {
    test(`has to be sent again with ${title}`, async () => {
      await api.call('POST', '/providers', PROVIDER);
      const refused = await api.call('PUT', '/providers/up', change);
      expect([refused.status, pathsOf(refused.body)]).toEqual([422, ['api_key', 'headers']]);
      expect(refused.text).not.toContain('canary');
      const half = await api.call('PUT', '/providers/up', { ...change, api_key: 'sk-new-one-0123456789' });
      expect([half.status, pathsOf(half.body)]).toEqual([422, ['headers']]);
      const { resources } = await api.store.read();
      expect(resources.providers.get('up')?.fields).toMatchObject({ api_base: PROVIDER.api_base });
      const given = { ...change, api_key: 'sk-new-one-0123456789', headers: null };
      expect((await api.call('PUT', '/providers/up', given)).status).toBe(200);
    });
  }

  test('stays with what brings it nowhere else', async () => {
    await api.call('POST', '/providers', { ...PROVIDER, proxy: 'http://user:word@proxy.example:3128' });
    for (const change of [
      { api_base: 'https://api.example.com/v2' },
      { api_base: 'https://API.example.com:443' },
      { proxy: 'http://user:word@proxy.example:3128' },
      { proxy: null },
      { verify_ssl: true },
      { verify_ssl: null, ca_file: null },
      { weight: 2, is_enabled: false },
    ]) {
      const { status, text } = await api.call('PUT', '/providers/up', change);
      expect([change, status, text]).toEqual([change, 200, text]);
    }
  });

  test('that is in the URL of a proxy has to be sent again when certificates are no longer checked', async () => {
    const proxy = 'https://user:word@proxy.example:3128';
    await api.call('POST', '/providers', { id: 'up', api_base: PROVIDER.api_base, proxy });
    const { body } = await api.call('PUT', '/providers/up', { verify_ssl: false });
    expect(pathsOf(body)).toEqual(['proxy']);
    expect((await api.call('PUT', '/providers/up', { verify_ssl: false, proxy })).status).toBe(200);
  });

  test('comes back with its own host in a rollback', async () => {
    await api.call('POST', '/providers', PROVIDER);
    const elsewhere = { api_base: 'https://other.example', api_key: 'sk-other-0123456789', headers: null };
    await api.call('PUT', '/providers/up', elsewhere);
    await api.call('POST', '/config/rollback', { version: 1 });
    const { id: _, ...fields } = PROVIDER;
    expect((await api.store.read()).resources.providers.get('up')?.fields).toEqual(fields);
  });
});

describe('a reference to a variable or a file', () => {
  test('is refused wherever it stands, and neither stored nor expanded', async () => {
    const provider = { id: 'up', api_base: PROVIDER.api_base };
    const answers = [
      await api.call('POST', '/providers', { ...provider, api_key: '${OPENAI_API_KEY}' }),
      await api.call('POST', '/providers', { ...provider, api_key: '${file:/etc/passwd}' }),
      await api.call('POST', '/providers', { ...provider, api_base: 'https://x.example/${HOME}' }),
      await api.call('POST', '/providers', { ...provider, headers: { 'x-a': 'b-${PATH:-c}' } }),
      await api.call('POST', '/master-keys', { id: 'k', key: '${LLM_PROXY_KEY}-0123456789' }),
      await api.call('PUT', '/settings/metrics', { value: { token: '${METRICS_TOKEN}' } }),
    ];
    expect(answers.map(({ status, body }) => [status, ...(pathsOf(body) ?? [])])).toEqual([
      [422, 'api_key'],
      [422, 'api_key'],
      [422, 'api_base'],
      [422, 'headers.x-a'],
      [422, 'key'],
      [422, 'value.token'],
    ]);
    for (const { body } of answers) expect(body.error.message).toContain('only configuration files expand');
    expect((await api.store.read()).version).toBe(0);
  });

  test('is no example of the documentation', async () => {
    const { text, body } = await api.call('GET', '/openapi.json');
    expect(text).not.toContain('${');
    for (const path of ['/providers', '/master-keys', '/models', '/settings']) {
      const content = body.paths[`/admin/v1${path}`].post.requestBody.content['application/json'];
      if (path === '/models') await api.call('POST', '/providers', { ...PROVIDER, id: 'openai' });
      await api.call('DELETE', '/providers/openai');
      await api.call('POST', '/providers', { ...PROVIDER, id: path === '/providers' ? 'other' : 'openai' });
      const { status, text: said } = await api.call('POST', path, content.example);
      expect([path, status, said]).toEqual([path, 201, said]);
    }
  });
});

test('a master key that is easily guessed is refused with the reason', async () => {
  await api.call('POST', '/master-keys', { id: 'good' });
  for (const key of ['a', 'sk-12', 'changeme-changeme', 'aaaaaaaaaaaaaaaaaaaaaa']) {
    const answers = [
      await api.call('POST', '/master-keys', { id: 'k', key }),
      await api.call('PUT', '/master-keys/good', { key }),
      await api.call('POST', '/master-keys/good/rotate', { key }),
    ];
    for (const { status, body, text } of answers) {
      expect([key, status, pathsOf(body)]).toEqual([key, 422, ['key']]);
      if (key.length > 1) expect(text).not.toContain(key);
    }
  }
  const hashed = `sha256:${'0'.repeat(64)}`;
  expect((await api.call('POST', '/master-keys', { id: 'hashed', key: hashed })).status).toBe(201);
});

const ROUTES = [{ provider: 'up', model: 'm' }];

test('an id that no path can name is refused', async () => {
  await api.call('POST', '/providers', PROVIDER);
  for (const id of ['.', '..']) {
    const { status, body } = await api.call('POST', '/models', { id, routes: ROUTES });
    expect([status, pathsOf(body)]).toEqual([422, ['id']]);
  }
  expect((await api.call('POST', '/models', { id: '...', routes: ROUTES })).status).toBe(201);
});

describe('a field that stands twice', () => {
  test('is refused, however its name is written', async () => {
    const bodies = [
      '{"id":"a","api_base":"http://a.test","api_base":"http://b.test"}',
      '{"id":"a","api_base":"http://a.test","\\u0061pi_base":"http://b.test"}',
      '{"id":"a","api_base":"http://a.test","headers":{"x":"1","x":"2"}}',
    ];
    const answers = [];
    for (const body of bodies) answers.push(await api.call('POST', '/providers', body));
    expect(answers.map(({ status, body }) => [status, pathsOf(body)])).toEqual([
      [422, ['api_base']],
      [422, ['api_base']],
      [422, ['headers.x']],
    ]);
  });

  test('is found at any depth and in no other place', () => {
    expect(findRepeatedField('{"a":[{"b":1},{"b":1,"c":{"d":[1,"x",{"e":1,"e":2}]}}]}')).toEqual([
      'a',
      1,
      'c',
      'd',
      2,
      'e',
    ]);
    for (const json of [
      '{"a":"a","b":"a"}',
      '["a","a",{"a":1},{"a":1}]',
      '{"a":{"a":{"a":1}},"b":{"a":1}}',
      '{"a":"\\"a\\":1,\\"a\\":2","b":"{\\\\"}',
      '"a"',
      '{"":1,"A":1,"a":1}',
    ])
      expect([json, findRepeatedField(json)]).toEqual([json, undefined]);
  });

  test('is looked for in linear time', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    const wide = `{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":"\\\\\\""`).join()}}`;
    const startedAtMs = performance.now();
    for (const json of [deep, wide, `"${'\\'.repeat(1_000_000)}"`]) findRepeatedField(json);
    expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  });
});

describe('the answer to a write', () => {
  test('tells what is legal since then and probably not meant', async () => {
    await api.call('POST', '/providers', PROVIDER);
    const model = { id: 'fast', routes: [{ provider: 'up', model: 'm' }], fallbacks: ['typo'] };
    const created = await api.call('POST', '/models', model);
    const warning = 'Model "fast" has the fallback "typo", which no provider serves: it is skipped.';
    expect([created.status, created.body.warnings]).toEqual([201, [warning]]);
    const changed = await api.call('PUT', '/models/fast', { rewrite_response_model: true });
    expect(changed.body.warnings).toBeUndefined();
    await api.call('PUT', '/models/fast', { fallbacks: null });
    const back = await api.call('POST', '/config/rollback', { version: 2 });
    expect(back.body.warnings).toEqual([warning]);
  });
});

describe('a list', () => {
  beforeEach(async () => {
    for (let n = 1; n <= 5; n++) await api.call('POST', '/master-keys', { id: `k${n}`, name: `Team ${n}` });
  });
  const idsOf = (body: { master_keys: { id: string }[] }) => body.master_keys.map(({ id }) => id);

  test('comes whole, or in pages that go on behind what was deleted', async () => {
    const whole = await api.call('GET', '/master-keys');
    expect([idsOf(whole.body), whole.body.total, whole.body.next_cursor]).toEqual([
      ['k1', 'k2', 'k3', 'k4', 'k5'],
      5,
      null,
    ]);
    const first = await api.call('GET', '/master-keys?limit=2');
    expect([idsOf(first.body), first.body.total]).toEqual([['k1', 'k2'], 5]);
    await api.call('DELETE', '/master-keys/k2');
    const second = await api.call('GET', `/master-keys?limit=2&cursor=${first.body.next_cursor}`);
    expect([idsOf(second.body), second.body.total]).toEqual([['k3', 'k4'], 4]);
    const last = await api.call('GET', `/master-keys?limit=2&cursor=${second.body.next_cursor}`);
    expect([idsOf(last.body), last.body.next_cursor]).toEqual([['k5'], null]);
  });

  test('has what is searched for, by id or name', async () => {
    const found = async (query: string) => idsOf((await api.call('GET', `/master-keys?${query}`)).body);
    expect(await found('search=TEAM%203')).toEqual(['k3']);
    expect(await found('search=K4')).toEqual(['k4']);
    expect(await found('search=nothing')).toEqual([]);
    expect(await found('search=team&limit=1')).toEqual(['k1']);
  });

  test('refuses parameters that it does not know', async () => {
    for (const query of ['limit=0', 'limit=x', 'cursor=!!', 'page=2']) {
      for (const path of ['/providers', '/models', '/master-keys', '/settings']) {
        const { status, body } = await api.call('GET', `${path}?${query}`);
        expect([query, status, body.error?.code]).toEqual([query, 400, 'invalid_parameter']);
      }
    }
  });
});
