import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { OPERATIONS } from '../../../src/admin/operations.ts';
import { findWeakness } from '../../../src/lib/key-strength.ts';
import { Lockout } from '../../../src/admin/lockout.ts';
import type { JsonObject } from '../../../src/store/revision.ts';
import { ADMIN_KEY, startApi, type TestApi } from './api.ts';

let api: TestApi;

beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.store.close());

const PROVIDER = {
  id: 'openai',
  api_base: 'https://api.openai.com/v1',
  api_key: 'sk-canary-0123456789abcdef',
};
const ROUTE = { provider: 'openai', model: 'gpt-4o' };

describe('the door', () => {
  test('opens no path without the right key, whatever the path is', async () => {
    const paths = OPERATIONS.map(({ method, path }) => [method, path.replaceAll(/\{\w+\}/g, 'x')] as const);
    const others = [
      ['get', '/openapi.json'],
      ['get', '/nothing'],
      ['get', '/admin'],
      ['get', '/admin/v1'],
    ] as const;
    let address = 0;
    for (const [method, path] of [...paths, ...others]) {
      for (const authorization of ['', 'Bearer', `Bearer ${ADMIN_KEY}x`, `Basic ${ADMIN_KEY}`, ADMIN_KEY]) {
        const { status, body } = await api.call(method.toUpperCase(), path, undefined, {
          headers: { authorization },
          address: `10.0.0.${address++}`,
        });
        expect([path, status, body.error.code]).toEqual([path, 401, 'invalid_admin_key']);
      }
    }
    expect(OPERATIONS.length).toBeGreaterThan(30);
  });

  test('lets the right key in whatever was tried before, and answers wrong ones slowly', async () => {
    const wrong = { headers: { authorization: 'Bearer wrong' } };
    for (let n = 0; n < 5; n++)
      expect((await api.call('GET', '/providers', undefined, wrong)).status).toBe(401);
    const startedAtMs = performance.now();
    const { status, body, headers } = await api.call('GET', '/providers', undefined, wrong);
    expect(performance.now() - startedAtMs).toBeGreaterThan(200);
    expect([status, body.error.code, headers.get('retry-after')]).toEqual([429, 'too_many_failures', '1']);
    const isSlow = api.call('GET', '/providers', undefined, wrong);
    expect((await api.call('GET', '/providers')).status).toBe(200);
    // Another client's right key does not reset the guesser's count.
    expect((await isSlow).status).toBe(429);
    expect(api.audit.filter(({ result }) => result === 'denied')).toHaveLength(7);
  });

  test('takes no key that is short or from an example', () => {
    for (const key of [
      'your-admin-key',
      'short',
      'YOUR_ADMIN_KEY_HERE',
      'changeme-changeme',
      'aaaaaaaaaaaaaaaaaaaa',
      'with spaces in it, long',
    ]) {
      expect([key, findWeakness(key)]).toEqual([key, expect.any(String)]);
    }
    expect(findWeakness(ADMIN_KEY)).toBeUndefined();
  });

  test('lets no answer be kept, and no other page read it', async () => {
    const { headers } = await api.call('GET', '/providers', undefined, {
      headers: { origin: 'https://evil.example' },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the lockout', () => {
  const delaysOf = (lockout: Lockout, address: string, tries: number): number[] =>
    Array.from({ length: tries }, () => lockout.failed(address).delayMs);

  test('counts an IPv6 network as one party, forgets after a while, and stays small', () => {
    let nowMs = 0;
    const lockout = new Lockout(() => nowMs);
    for (let n = 0; n < 5; n++) expect(lockout.failed(`2001:db8:1:2::${n}`).delayMs).toBe(0);
    expect(delaysOf(lockout, '2001:db8:1:2:ffff::1', 8)).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
    expect(lockout.failed('2001:db8:1:3::1')).toEqual({ delayMs: 0, isTooMany: false });
    nowMs += 16 * 60_000;
    expect(lockout.failed('2001:db8:1:2::1').delayMs).toBe(0);
    for (let n = 0; n < 20_000; n++) lockout.failed(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(lockout.size).toBe(10_000);
  });

  test('slows all addresses together when very many wrong keys come', () => {
    const lockout = new Lockout(() => 0);
    for (let n = 0; n < 1_000; n++) lockout.failed(`10.1.${n >> 8}.${n & 255}`);
    expect(lockout.failed('192.0.2.77')).toEqual({ delayMs: 250, isTooMany: true });
  });

  test('holds few answers back at a time', async () => {
    const lockout = new Lockout(() => 0);
    const slow = { delayMs: 60_000, isTooMany: true };
    for (let n = 0; n < 64; n++) void lockout.served(slow);
    await lockout.served(slow);
  });
});

describe('a resource', () => {
  test('is created, listed, read, changed in part, cleared and deleted', async () => {
    const created = await api.call('POST', '/providers', {
      ...PROVIDER,
      weight: 3,
      headers: { 'X-Team': 'red-canary' },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.body).toMatchObject({
      id: 'openai',
      weight: 3,
      api_key_preview: 'sk-ca****cdef',
      header_names: ['X-Team'],
    });
    expect((await api.call('GET', '/providers')).body).toEqual({
      version: 1,
      providers: [created.body],
      total: 1,
      next_cursor: null,
    });
    expect((await api.call('GET', '/providers/openai')).body).toEqual(created.body);
    const changed = await api.call('PUT', '/providers/openai', { weight: null, is_enabled: false });
    expect(changed.body).toMatchObject({ weight: 1, is_enabled: false, api_key_preview: 'sk-ca****cdef' });
    expect((await api.call('PUT', '/providers/openai', { api_key: null, headers: null })).body).toMatchObject(
      { api_key_preview: null, header_names: [] },
    );
    const deleted = await api.call('DELETE', '/providers/openai');
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await api.call('GET', '/providers/openai')).body.error).toMatchObject({ code: 'not_found' });
    expect((await api.call('DELETE', '/providers/openai')).status).toBe(404);
    expect((await api.call('PUT', '/providers/openai', {})).status).toBe(404);
  });

  test('never shows its secrets again, not in lists, reads, the history, or the refusals of others', async () => {
    await api.call('POST', '/providers', {
      ...PROVIDER,
      proxy: 'http://user:proxy-canary@127.0.0.1:3128',
      headers: { A: 'header-canary' },
    });
    await api.call('PUT', '/providers/openai', { api_key: 'sk-canary-the-second-0123' });
    await api.call('POST', '/master-keys', { id: 'k', key: 'mk-canary-0123456789abcdef' });
    await api.call('PUT', '/settings/metrics', { value: { token: 'metrics-canary' } });
    await api.call('PUT', '/settings/alerts', {
      value: [{ url: 'https://hooks.example', secret: 'hook-canary' }],
    });
    const answers = [
      await api.call('POST', '/providers', { ...PROVIDER, api_bsae: 'x' }),
      await api.call('POST', '/providers', PROVIDER),
      await api.call('POST', '/providers', { ...PROVIDER, id: 'b', api_key: 'sk canary with spaces' }),
      await api.call('POST', '/providers', {
        ...PROVIDER,
        id: 'c',
        api_base: 'https://u:url-canary@example.com',
      }),
      await api.call('POST', '/providers', '{"api_key": "sk-canary'),
      await api.call('POST', '/master-keys', { id: 'l', key: 'mk-canary-0123456789abcdef' }),
      await api.call('PUT', '/settings/metrics', { value: { token: 'canary with spaces' } }),
      ...(await Promise.all(
        [
          '/providers',
          '/providers/openai',
          '/master-keys',
          '/master-keys/k',
          '/settings',
          '/settings/metrics',
          '/settings/alerts',
          '/config/history',
          '/config/history/1',
          '/config/history/2',
          '/config/history/3',
          '/config/history/4',
          '/config/history/5',
        ].map((path) => api.call('GET', path)),
      )),
    ];
    expect(answers.slice(0, 7).map(({ status }) => status)).toEqual([422, 409, 422, 422, 400, 409, 422]);
    expect(answers.slice(7).map(({ status }) => status)).toEqual(Array.from({ length: 13 }, () => 200));
    for (const { text } of answers) expect(text).not.toMatch(/canary(?!\*)/);
  });

  test('keeps the secret of a hook whose address stays, since nobody can read it to write it again', async () => {
    const put = async (value: JsonObject[]): Promise<readonly (string | undefined)[]> => {
      expect((await api.call('PUT', '/settings/alerts', { value })).status).toBeLessThan(300);
      return api.store.snapshot().alerts.map(({ secret }) => secret);
    };
    const [a, b] = ['https://a.example', 'https://b.example'];
    expect(await put([{ url: a, secret: 'a-secret' }, { url: b }])).toEqual(['a-secret', undefined]);
    const { body } = await api.call('GET', '/settings/alerts');
    expect(body).toMatchObject({ value: [{ url: a }, { url: b }], secret_fields: ['0.secret'] });
    expect(await put([{ url: b }, { url: a, events: ['limit.exceeded'] }])).toEqual([undefined, 'a-secret']);
    expect(await put([{ url: 'https://elsewhere.example' }])).toEqual([undefined]);
    await put([{ url: a, secret: 'a-secret' }]);
    expect(await put([{ url: a, secret: null }])).toEqual([undefined]);
  });

  test('is refused with the path of each thing that is wrong', async () => {
    const { status, body } = await api.call('POST', '/providers', {
      id: 'a',
      api_bse: 'x',
      weight: -1,
      timeouts: { conect: 1 },
    });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_fields' });
    expect(body.error.details).toEqual(
      expect.arrayContaining([
        { path: 'api_bse', message: expect.stringContaining('did you mean "api_base"') },
        { path: 'weight', message: 'must be at least 0' },
        { path: 'timeouts.conect', message: expect.stringContaining('unknown') },
      ]),
    );
    const long = await api.call('POST', '/providers', { id: 'a'.repeat(201) });
    expect(long.body.error.details).toContainEqual({ path: 'id', message: 'must be at most 200 characters' });
    const odd = await api.call(
      'POST',
      '/providers',
      String.raw`{"id":"\ud800","weight":1e999,"headers":{"a\nb":"c"}}`,
    );
    expect(odd.body.error.details).toEqual(
      expect.arrayContaining([
        { path: 'id', message: 'must not contain half a character, which no path can name' },
        { path: 'weight', message: 'must be of type number, found a number that is too large' },
        { path: String.raw`headers["a\nb"]`, message: expect.not.stringContaining('Invalid key') },
      ]),
    );
    const nowhere = await api.call('POST', '/providers', { id: 'a' });
    expect(nowhere.status).toBe(422);
    expect(nowhere.body.error.details).toEqual([
      { path: 'api_base', message: 'is missing: the address of the provider' },
    ]);
    const dangling = await api.call('POST', '/models', { id: 'm', routes: [{ provider: 'opneai' }] });
    expect(dangling.body.error.details[0].path).toBe('routes[0].provider');
    expect((await api.call('POST', '/providers', '[1]')).status).toBe(422);
    expect((await api.call('POST', '/providers', 'not json')).body.error.code).toBe('invalid_json');
    expect((await api.call('POST', '/providers')).status).toBe(400);
    expect((await api.call('POST', '/providers', `{"id":"${'x'.repeat(1_100_000)}"}`)).status).toBe(413);
    expect((await api.store.read()).version).toBe(0);
  });

  test('that others need is not deleted, and says who they are', async () => {
    await api.call('POST', '/providers', PROVIDER);
    await api.call('POST', '/models', { id: 'vendor/model', routes: [ROUTE] });
    const { status, body } = await api.call('DELETE', '/providers/openai');
    expect([status, body.error.code]).toEqual([409, 'in_use']);
    expect(body.error.details[0].path).toBe('models["vendor/model"].routes[0].provider');
  });

  test('may have slashes in its name, escaped or not', async () => {
    await api.call('POST', '/providers', PROVIDER);
    await api.call('POST', '/models', { id: 'vendor/model', routes: [ROUTE], fallbacks: [] });
    expect((await api.call('GET', '/models/vendor/model')).body.id).toBe('vendor/model');
    expect((await api.call('PUT', '/models/vendor%2Fmodel', { is_enabled: false })).body.is_enabled).toBe(
      false,
    );
    expect((await api.call('DELETE', '/models/vendor/model')).status).toBe(204);
  });

  test('is written only over the version that If-Match names', async () => {
    await api.call('POST', '/providers', PROVIDER);
    const put = (match: string) =>
      api.call('PUT', '/providers/openai', { weight: 2 }, { headers: { 'if-match': match } });
    const stale = await put('"0"');
    expect([stale.status, stale.body.error.code, stale.headers.get('etag')]).toEqual([
      412,
      'version_changed',
      '"1"',
    ]);
    expect((await put('"1"')).status).toBe(200);
    expect((await put('2')).status).toBe(200);
    expect((await put('*')).status).toBe(200);
    expect((await put('latest')).status).toBe(400);
  });
});

describe('a model', () => {
  test('brings its own fallbacks', async () => {
    await api.call('POST', '/providers', PROVIDER);
    await api.call('POST', '/models', { id: 'small', routes: [ROUTE] });
    await api.call('POST', '/models', {
      id: 'large',
      routes: [{ ...ROUTE, model: 'o1' }],
      fallbacks: ['small'],
    });
    expect(
      api.store
        .snapshot()
        .findModel('large')
        ?.fallbacks.map(({ name }) => name),
    ).toEqual(['small']);
    const wrong = await api.call('PUT', '/models/large', { fallbacks: ['smal'] });
    expect(wrong.body.error.details).toMatchObject([{ path: 'fallbacks[0]' }]);
  });
});

describe('a master key', () => {
  test('is made up when none is given, and shown that once', async () => {
    const { body } = await api.call('POST', '/master-keys', { id: 'k' });
    expect(body.key).toMatch(/^sk-lp-[0-9A-Za-z]{49}$/);
    expect(body.key_preview).toBe(`${body.key.slice(0, 8)}****${body.key.slice(-4)}`);
    expect((await api.call('GET', '/master-keys/k')).text).not.toContain(body.key);
    const other = await api.call('POST', '/master-keys', { name: 'without id' });
    expect(other.body).toMatchObject({ id: expect.stringMatching(/^key-/), name: 'without id' });
    expect(other.body.key).not.toBe(body.key);
  });

  test('is rotated with a time in which the former secret is good', async () => {
    await api.call('POST', '/master-keys', { id: 'k', key: 'mk-first-0123456789abcd' });
    const { body } = await api.call('POST', '/master-keys/k/rotate', { grace_seconds: 60 });
    expect(body.key).toMatch(/^sk-lp-/);
    expect(body).toMatchObject({
      previous_key_preview: 'mk-fi****abcd',
      previous_key_expires_at: '2026-03-01T12:01:00.000Z',
    });
    const taken = await api.call('POST', '/master-keys', { id: 'l', key: 'mk-first-0123456789abcd' });
    expect([taken.status, taken.body.error.code]).toEqual([409, 'already_exists']);
    const atOnce = await api.call('POST', '/master-keys/k/rotate', { grace_seconds: 0, key: 'mk-third' });
    expect(atOnce.body).toMatchObject({ key: 'mk-third', previous_key_preview: null });
    expect((await api.call('POST', '/master-keys/none/rotate', {})).status).toBe(404);
    expect((await api.call('POST', '/master-keys/k/rotate', { grace: 1 })).status).toBe(422);
  });

  test('shares neither name nor secret with another', async () => {
    await api.call('POST', '/master-keys', { id: 'k', key: 'mk-one-1', name: 'One' });
    expect((await api.call('POST', '/master-keys', { id: 'l', key: 'mk-two-2', name: 'One' })).status).toBe(
      409,
    );
    expect((await api.call('POST', '/master-keys', { id: 'l', key: 'mk-one-1' })).status).toBe(409);
    expect(
      (await api.call('PUT', '/master-keys/k', { rate_limit: { requests_per_second: 0, burst_size: 0 } }))
        .status,
    ).toBe(200);
  });
});

describe('a setting', () => {
  test('is set, changed in part, and taken back to its default', async () => {
    expect(
      (await api.call('PUT', '/settings/fallback', { value: { cooldown_seconds: 60, max_retries: 4 } }))
        .status,
    ).toBe(200);
    await api.call('PUT', '/settings/fallback', { value: { max_retries: null } });
    expect((await api.call('GET', '/settings/fallback')).body.value).toEqual({ cooldown_seconds: 60 });
    expect(api.store.snapshot().cooldown.cooldownMs).toBe(60_000);
    expect(
      (await api.call('POST', '/settings', { id: 'load_balancing', value: { strategy: 'least_busy' } }))
        .status,
    ).toBe(201);
    expect((await api.call('GET', '/settings')).body.settings).toHaveLength(2);
    expect((await api.call('DELETE', '/settings/fallback')).status).toBe(204);
    expect(api.store.snapshot().cooldown.cooldownMs).toBe(30_000);
  });

  test('that does not exist, or has a wrong value, is refused', async () => {
    expect((await api.call('PUT', '/settings/fallbak', { value: {} })).status).toBe(404);
    expect((await api.call('POST', '/settings', { id: 'providers', value: [] })).status).toBe(422);
    const wrong = await api.call('PUT', '/settings/detection', { value: { error_codes: [42] } });
    expect(wrong.body.error.details).toMatchObject([{ path: 'value.error_codes[0]' }]);
    expect((await api.call('PUT', '/settings/max_body_mb', { value: 0 })).status).toBe(422);
  });
});

describe('the configuration', () => {
  test('has a version, a history and a way back', async () => {
    await api.call('POST', '/providers', PROVIDER);
    await api.call('PUT', '/providers/openai', { weight: 2 });
    const version = await api.call('GET', '/config/version');
    expect(version.body).toEqual({ version: 2, timestamp: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect((await api.call('POST', '/config/reload')).body).toEqual(version.body);
    const { body } = await api.call('GET', '/config/history?limit=1');
    expect(body).toMatchObject({
      version: 2,
      history: [{ version: 2, action: 'update providers/openai', actor: 'admin@192.0.2.1' }],
    });
    expect((await api.call('GET', '/config/history?before=2')).body.history).toHaveLength(1);
    for (const [query, path, message] of [
      ['limit=x', 'limit', 'must be of type number, found text'],
      ['limit=0', 'limit', 'must be at least 1'],
      ['limt=1', 'limt', 'is an unknown parameter; did you mean "limit"?'],
      ['limit=1&limit=2', 'limit', 'is there more than once'],
      ['limit=1%00', 'limit', 'contains a NUL character'],
    ]) {
      const refused = await api.call('GET', `/config/history?${query}`);
      expect([refused.status, refused.body.error.details]).toEqual([400, [{ path, message }]]);
    }
    expect((await api.call('GET', '/providers/p//')).status).toBe(404);
    const one = await api.call('GET', '/config/history/2');
    expect(one.body.changes).toEqual([
      {
        resource: 'providers',
        id: 'openai',
        action: 'updated',
        diff: [{ path: 'weight', before: null, after: 2 }],
      },
    ]);
    expect((await api.call('GET', '/config/history/9')).status).toBe(404);
    expect((await api.call('POST', '/config/rollback', { version: 1 })).body.version).toBe(3);
    expect((await api.call('GET', '/providers/openai')).body.weight).toBe(1);
    expect((await api.call('POST', '/config/rollback', { version: 7 })).status).toBe(404);
    expect((await api.call('POST', '/config/rollback', { version: 0 })).status).toBe(200);
    expect((await api.call('GET', '/providers')).body.providers).toEqual([]);
    expect(api.audit.map(({ result }) => result)).toEqual([
      'written',
      'written',
      'written',
      'refused',
      'written',
    ]);
  });
});

describe('the document', () => {
  test('describes every operation, and each answer has just the fields that it says', async () => {
    const { body } = await api.call('GET', '/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    for (const { method, path } of OPERATIONS) expect(body.paths[`/admin/v1${path}`]).toHaveProperty(method);
    await api.call('POST', '/providers', { ...PROVIDER, timeouts: { connect_timeout: 1 } });
    await api.call('POST', '/models', { id: 'm', routes: [ROUTE] });
    await api.call('POST', '/master-keys', { id: 'k' });
    await api.call('PUT', '/settings/max_body_mb', { value: 5 });
    const schemas = {
      providers: 'Provider',
      models: 'Model',
      'master-keys': 'MasterKey',
      settings: 'Setting',
    };
    for (const [path, schema] of Object.entries(schemas)) {
      const answer = (await api.call('GET', `/${path}`)).body[path.replace('-', '_')][0];
      const known = Object.keys(body.components.schemas[schema].properties);
      expect(known).toEqual(expect.arrayContaining(Object.keys(answer)));
    }
  });

  test('names the methods of a path that is asked with another one', async () => {
    const { status, headers } = await api.call('PATCH', '/providers/x');
    expect([status, headers.get('allow')]).toEqual([405, 'GET, PUT, DELETE']);
    expect((await api.call('GET', '/nothing')).status).toBe(404);
  });
});
