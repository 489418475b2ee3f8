import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { startApi, type TestApi } from './api.ts';

let api: TestApi;

beforeEach(async () => {
  api = await startApi();
  await api.call('POST', '/providers', {
    id: 'openai',
    api_base: 'https://api.openai.com/v1',
    api_key: 'sk-stored-secret',
  });
  await api.call('POST', '/models', { id: 'fast', routes: [{ provider: 'openai', model: 'gpt-5.5' }] });
  await api.call('POST', '/master-keys', { id: 'app', key: 'sk-app-0123456789' });
});
afterEach(() => api.store.close());

const exported = async (): Promise<string> => (await api.call('GET', '/config/export')).body.yaml;
const secretOf = async (): Promise<unknown> =>
  (await api.store.read()).resources.providers.get('openai')?.fields['api_key'];

describe('the configuration as text', () => {
  test('has variables in place of secrets, and taken back as it is changes nothing', async () => {
    const yaml = await exported();
    expect(yaml).toContain('${OPENAI_API_KEY}');
    expect(yaml).not.toContain('sk-stored-secret');
    expect((await api.call('POST', '/config/validate', { yaml })).body).toMatchObject({
      ok: true,
      problems: [],
    });
    expect((await api.call('POST', '/config/diff', { yaml, prune: true })).body).toEqual({ changes: [] });
    const { status, body } = await api.call('POST', '/config/import', { yaml, prune: true });
    expect(status).toBe(200);
    expect(body.steps.filter(({ action }: { action: string }) => action !== 'unchanged')).toEqual([]);
    expect(await secretOf()).toBe('sk-stored-secret');
  });

  test('may be longer than a resource', async () => {
    const long = 'x'.repeat(64);
    const entry = (at: number) =>
      `  - { name: key-${at}, key: sk-of-many-${at}-0123456789, tags: { a: ${long}, b: ${long}, c: ${long} } }\n`;
    const keys = Array.from({ length: 5_000 }, (_, at) => entry(at)).join('');
    const { status } = await api.call('POST', '/config/import', { yaml: `master_keys:\n${keys}` });
    expect(status).toBe(200);
    const yaml = await exported();
    expect(yaml.length).toBeGreaterThan(1024 * 1024);
    expect((await api.call('POST', '/config/validate', { yaml })).body).toMatchObject({ ok: true });
  });

  test('has a variable of its own for each provider, also where their names differ in signs alone', async () => {
    const ids = ['eu-1', 'eu.1', '客服', '检索'];
    for (const [at, id] of ids.entries())
      await api.call('POST', '/providers', { id, api_base: 'https://e.example/v1', api_key: `sk-${at}` });
    const yaml = await exported();
    const variables = yaml.match(/api_key: \S+/g) ?? [];
    expect(new Set(variables).size).toBe(ids.length + 1);
    expect(variables).toContain('api_key: ${OPENAI_API_KEY}');
    expect((await api.call('POST', '/config/diff', { yaml, prune: true })).body).toEqual({ changes: [] });
  });

  test('is imported as a whole, after its difference was shown', async () => {
    const yaml = (await exported()).replace('gpt-5.5', 'gpt-5.6');
    const { body } = await api.call('POST', '/config/diff', { yaml });
    expect(body.changes).toEqual([
      {
        resource: 'models',
        id: 'fast',
        action: 'updated',
        diff: [
          {
            path: 'routes',
            before: [{ provider: 'openai', model: 'gpt-5.5' }],
            after: [{ provider: 'openai', model: 'gpt-5.6' }],
          },
        ],
      },
    ]);
    await api.call('POST', '/config/import', { yaml });
    expect((await api.call('GET', '/models/fast')).body.routes[0].model).toBe('gpt-5.6');
    expect(await secretOf()).toBe('sk-stored-secret');
    expect((await api.call('GET', '/config/history')).body.history[0].action).toBe(
      'import the configuration',
    );
  });

  test('sends no stored secret to another host, and reads no variable of the server', async () => {
    const yaml = await exported();
    const elsewhere = yaml.replace('api.openai.com', 'evil.example.com');
    const moved = await api.call('POST', '/config/import', { yaml: elsewhere });
    expect([moved.status, moved.body.error.details[0].path]).toEqual([422, 'providers[0].api_key']);
    const sent = await api.call('POST', '/config/import', {
      yaml: elsewhere.replace('${OPENAI_API_KEY}', 'sk-new'),
    });
    expect([sent.status, await secretOf()]).toEqual([200, 'sk-new']);
    const other = await api.call('POST', '/config/validate', {
      yaml: yaml.replace('name: openai', 'name: ${OPENAI_API_KEY}'),
    });
    expect(other.body.ok).toBe(false);
    const home = await api.call('POST', '/config/import', {
      yaml: `${yaml}\nserver:\n  host: "\${HOME}"\n`,
    });
    expect([home.status, home.body.error.message]).toEqual([
      422,
      expect.stringContaining('variables are not read here; write its value'),
    ]);
  });

  test('is refused with the line of each problem', async () => {
    const yaml = 'models:\n  fast:\n    routs: []\n';
    const { body } = await api.call('POST', '/config/validate', { yaml });
    expect(body.ok).toBe(false);
    expect(body.problems.map(({ line }: { line: number }) => line)).toContain(3);
    const broken = await api.call('POST', '/config/validate', { yaml: 'a: [' });
    expect(broken.body.problems[0]).toMatchObject({ path: '', line: 1 });
    const late = await api.call('POST', '/config/validate', {
      yaml: 'models:\n  fast:\n    routes: [{ provider: nobody }]\n',
    });
    expect(late.body).toMatchObject({ ok: false });
    expect((await api.call('POST', '/config/import', { yaml })).status).toBe(422);
  });

  test('takes a file of LiteLLM', async () => {
    const yaml = 'litellm_settings:\n  request_timeout: 77\nunknown_section: 1\n';
    const { status, body } = await api.call('POST', '/config/import', { yaml, from: 'litellm' });
    expect([status, body.unmapped.length]).toEqual([200, 1]);
    expect((await api.call('GET', '/settings/timeouts')).body.value).toEqual({ request_timeout: 77 });
    const other = { yaml: 'unknown_section: 1\n', from: 'litellm', prune: true };
    const refused = await api.call('POST', '/config/import', other);
    expect([refused.status, refused.body.error.message]).toEqual([
      422,
      expect.stringContaining('nothing that can be imported'),
    ]);
  });
});

describe('the difference of versions', () => {
  test('is that of all revisions between them, in either direction', async () => {
    await api.call('PUT', '/models/fast', { fallbacks: ['cheap'], is_enabled: false });
    await api.call('POST', '/models', { id: 'cheap', routes: [{ provider: 'openai' }] });
    await api.call('PUT', '/models/fast', { is_enabled: true });
    const forth = await api.call('POST', '/config/diff', { from: 3, to: 'current' });
    expect(forth.body.changes.map(({ id, action }: { id: string; action: string }) => [id, action])).toEqual([
      ['fast', 'updated'],
      ['cheap', 'created'],
    ]);
    const back = await api.call('POST', '/config/rollback/preview', { version: 3 });
    expect(back.body.changes.map(({ id, action }: { id: string; action: string }) => [id, action])).toEqual([
      ['fast', 'updated'],
      ['cheap', 'deleted'],
    ]);
    expect((await api.call('POST', '/config/diff', { from: 2, to: 2 })).body.changes).toEqual([]);
  });
});

describe('the preview of a write', () => {
  test('shows what differs and what is wrong, and stores nothing', async () => {
    const preview = (fields: unknown, id = 'fast', kind = 'models') =>
      api.call('POST', '/config/preview', { kind, id, fields });
    const good = await preview({ fallbacks: [], routes: [{ provider: 'openai', weight: 3 }] });
    expect(good.body).toMatchObject({ ok: true, changes: [{ id: 'fast', action: 'updated' }] });
    const unknown = await preview({ routes: [{ provider: 'nobody' }] });
    expect(unknown.body).toMatchObject({ ok: false, problems: [{ path: 'routes[0].provider' }] });
    expect((await preview({ routs: [] })).body.ok).toBe(false);
    expect((await preview(null)).body).toMatchObject({ ok: true, changes: [{ action: 'deleted' }] });
    expect((await preview(null, 'openai', 'providers')).body.ok).toBe(false);
    expect((await preview({ allowed_models: ['fast'] }, 'new', 'master_keys')).body.ok).toBe(true);
    expect((await api.call('GET', '/config/version')).body.version).toBe(3);
    expect((await api.call('GET', '/config/schema')).body.properties.providers).toBeDefined();
  });

  test('of a credential tells only that it differs', async () => {
    const { text } = await api.call('POST', '/config/preview', {
      kind: 'providers',
      id: 'openai',
      fields: { api_key: 'sk-another-secret' },
    });
    expect(text).not.toContain('sk-another-secret');
    expect(text).not.toContain('sk-stored-secret');
    expect(text).toContain('(secret)');
  });
});
