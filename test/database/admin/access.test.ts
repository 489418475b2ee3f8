import { beforeEach, describe, expect, test } from 'bun:test';
import { OPERATIONS } from '../../../src/admin/operations.ts';
import { accessOf, mayRun, ROLES, type Role } from '../../../src/admin/access/role.ts';
import { ADMIN_KEY, startApi, type TestApi } from './api.ts';

let api: TestApi;

beforeEach(async () => {
  api = await startApi();
});

/** Calls as a browser of the console does: with the cookie, and with its word that the page is ours. */
const FROM_CONSOLE = { 'sec-fetch-site': 'same-origin' };

async function signIn(key: string, isSecure = false) {
  const answer = await api.call(
    'POST',
    '/sessions',
    { key },
    { headers: { authorization: undefined, ...FROM_CONSOLE }, isSecure },
  );
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  return { ...answer, cookie };
}

function as(cookie: string, headers: Record<string, string> = FROM_CONSOLE) {
  return { headers: { authorization: undefined, cookie, ...headers } };
}

async function sessionOf(role: Role): Promise<string> {
  if (role === 'key') {
    const made = await api.call('POST', '/master-keys', { id: `holder-${crypto.randomUUID()}` });
    return (await signIn(made.body.key)).cookie;
  }
  const made = await api.call('POST', '/accounts', { name: `${role}-${crypto.randomUUID()}`, role });
  return (await signIn(made.body.secret)).cookie;
}

/** The operations by the role that may run them. Every new operation has to be entered here. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  public: ['createSession', 'readSession', 'deleteOwnSession'],
  key: ['listPlaygroundModels'],
  asking: [
    'playgroundChat',
    'playgroundCompletion',
    'playgroundResponse',
    'playgroundMessage',
    'playgroundEmbedding',
    'playgroundImage',
  ],
  viewer: [
    'listProviders',
    'readProvider',
    'listModels',
    'readModel',
    'listMasterKeys',
    'readMasterKey',
    'listSettings',
    'readSetting',
    'readConfigVersion',
    'listConfigHistory',
    'readConfigChange',
    'listRequests',
    'sumUsage',
    'readRequest',
    'listRoutes',
    'readRoute',
    'listNodes',
    'listProviderStates',
    'readOverview',
    'readSeries',
    'readLive',
    'explainRequest',
    'exportConfig',
    'compareConfig',
    'previewRollback',
    'readConfigSchema',
    'readDemo',
    'reportSpend',
    'forecastSpend',
    'listSpendEntries',
    'listTeams',
    'readTeam',
    'listUsers',
    'readUser',
    'listLimits',
  ],
  operator: [
    'validateConfig',
    'previewWrite',
    'createProvider',
    'updateProvider',
    'deleteProvider',
    'createModel',
    'updateModel',
    'deleteModel',
    'createMasterKey',
    'updateMasterKey',
    'deleteMasterKey',
    'rotateMasterKey',
    'drainRoute',
    'releaseNode',
    'testProvider',
    'setDemoTraffic',
    'breakDemoProvider',
    'resumeRoute',
    'clearCooldown',
    'forgetAnswers',
    'testUnsavedProvider',
    'createMasterKeys',
    'disableMasterKey',
    'enableMasterKey',
    'createTeam',
    'updateTeam',
    'deleteTeam',
    'createUser',
    'updateUser',
    'deleteUser',
  ],
  admin: [
    'createSetting',
    'updateSetting',
    'deleteSetting',
    'rollbackConfig',
    'reloadConfig',
    'listSessions',
    'deleteSession',
    'listAccounts',
    'readRecordedRequest',
    'createAccount',
    'updateAccount',
    'rotateAccount',
    'deleteAccount',
    'forgetEndUser',
    'testAlerts',
    'adjustLimit',
    'importConfig',
    'importSpend',
    'repriceSpend',
  ],
};

describe('roles', () => {
  test('each operation is in the table, under the role that it needs', () => {
    const actual = Object.groupBy(OPERATIONS, (operation) => accessOf(operation));
    const ids = Object.fromEntries(
      Object.keys(TABLE).map((access) => [
        access,
        (actual[access as keyof typeof actual] ?? []).map(({ id }) => id).toSorted(),
      ]),
    );
    const wanted = Object.fromEntries(Object.entries(TABLE).map(([access, all]) => [access, all.toSorted()]));
    expect(ids).toEqual(wanted);
  });

  test('each operation lets in the roles that may run it, and no other', async () => {
    for (const role of ROLES) {
      for (const operation of OPERATIONS) {
        const cookie = await sessionOf(role);
        const path = operation.path.replaceAll(/\{\w+\}/g, 'x');
        const { status, body } = await api.call(
          operation.method.toUpperCase(),
          path,
          operation.body && {},
          as(cookie),
        );
        const isRefused = status === 403 && body.error.code === 'not_allowed';
        expect([role, operation.id, isRefused]).toEqual([
          role,
          operation.id,
          !mayRun(role, accessOf(operation)),
        ]);
      }
      const document = await api.call('GET', '/openapi.json', undefined, as(await sessionOf(role)));
      expect([role, document.status]).toEqual([role, role === 'key' ? 403 : 200]);
    }
  });

  test('a change of the role counts at once', async () => {
    const { body } = await api.call('POST', '/accounts', { name: 'alice', role: 'admin' });
    const { cookie } = await signIn(body.secret);
    expect((await api.call('GET', '/accounts', undefined, as(cookie))).status).toBe(200);
    await api.call('PUT', `/accounts/${body.id}`, { role: 'viewer' });
    expect((await api.call('GET', '/accounts', undefined, as(cookie))).status).toBe(403);
    expect((await api.call('GET', '/providers', undefined, as(cookie))).status).toBe(200);
  });

  test('the history names the account that wrote', async () => {
    const { body } = await api.call('POST', '/accounts', { name: 'alice', role: 'operator' });
    const { cookie } = await signIn(body.secret);
    const made = await api.call('POST', '/master-keys', { id: 'k' }, as(cookie));
    expect(made.status).toBe(201);
    const { history } = (await api.call('GET', '/config/history')).body;
    expect(history[0].actor).toBe('alice@192.0.2.1');
  });
});

describe('a session', () => {
  test('is opened by the admin key and given as a cookie that no script and no other site gets', async () => {
    const { status, body, headers, cookie } = await signIn(ADMIN_KEY);
    expect([status, body.session.role, body.session.kind]).toEqual([201, 'admin', 'admin_key']);
    const attributes = (headers.get('set-cookie') ?? '').split('; ').slice(1);
    expect(attributes).toEqual(['Path=/', 'Max-Age=43200', 'HttpOnly', 'SameSite=Strict']);
    const who = await api.call('GET', '/session', undefined, as(cookie));
    expect(who.body).toMatchObject({ session: body.session, csrf_token: body.csrf_token });
    expect(who.body.gateway).toEqual({
      version: 'test',
      mode: 'database',
      configuration_file: null,
      console_path: '/console',
    });
  });

  test('is Secure and bound to the host under TLS, where a plain cookie counts for nothing', async () => {
    const { headers, cookie } = await signIn(ADMIN_KEY, true);
    expect(headers.get('set-cookie')).toMatch(/^__Host-llm_proxy_session=.*; Secure$/);
    const { cookie: plain } = await signIn(ADMIN_KEY);
    const status = async (sent: string) =>
      (await api.call('GET', '/session', undefined, { ...as(sent), isSecure: true })).status;
    expect(await status(cookie)).toBe(200);
    expect(await status(plain)).toBe(401);
  });

  test('is not there without a sign-in, which is no wrong key', async () => {
    for (let n = 0; n < 20; n++) {
      const { status, body } = await api.call('GET', '/session', undefined, as(''));
      expect([status, body.error.code]).toEqual([401, 'no_session']);
    }
    expect(api.audit).toEqual([]);
    expect((await api.call('GET', '/providers', undefined, as(''))).body.error.code).toBe(
      'invalid_admin_key',
    );
  });

  test('is refused to a wrong key, which is slowed down, and never to the right one', async () => {
    const key = 'no-such-key-at-all';
    for (let n = 0; n < 5; n++) expect((await signIn(key)).body.error.code).toBe('invalid_admin_key');
    const late = await signIn(key);
    expect([late.status, late.body.error.code]).toEqual([429, 'too_many_failures']);
    expect((await signIn(ADMIN_KEY)).status).toBe(201);
    expect(api.audit.some(({ result }) => result === 'denied')).toBe(true);
  });

  test('ends after twelve hours, when it is closed, and when an admin ends it', async () => {
    const [first, second, third] = [
      await signIn(ADMIN_KEY),
      await signIn(ADMIN_KEY),
      await signIn(ADMIN_KEY),
    ];
    const status = async ({ cookie }: { cookie: string }) =>
      (await api.call('GET', '/session', undefined, as(cookie))).status;
    expect((await api.call('DELETE', '/session', undefined, as(first.cookie))).status).toBe(204);
    expect(await status(first)).toBe(401);
    const listed = await api.call('GET', '/sessions', undefined, as(third.cookie));
    expect(listed.body.total).toBe(2);
    expect(listed.body.sessions.filter((one: { is_current: boolean }) => one.is_current)).toHaveLength(1);
    expect((await api.call('DELETE', `/sessions/${second.body.session.id}`)).status).toBe(204);
    expect(await status(second)).toBe(401);
    expect(await status(third)).toBe(200);
    api.clock.nowMs += 12 * 3_600_000;
    expect(await status(third)).toBe(401);
  });

  test('ends when its account is disabled, rotated or deleted', async () => {
    for (const [method, path, body] of [
      ['PUT', '', { is_enabled: false }],
      ['POST', '/rotate', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      const made = await api.call('POST', '/accounts', { name: `a${method}`, role: 'viewer' });
      const { cookie } = await signIn(made.body.secret);
      expect((await api.call('GET', '/providers', undefined, as(cookie))).status).toBe(200);
      await api.call(method, `/accounts/${made.body.id}${path}`, body);
      const after = await api.call('GET', '/providers', undefined, as(cookie));
      expect([method, after.status, after.body.error.code]).toEqual([method, 401, 'no_session']);
      const bearer = {
        headers: { authorization: `Bearer ${made.body.secret}` },
        address: `10.1.1.${method.length}`,
      };
      expect((await api.call('GET', '/providers', undefined, bearer)).status).toBe(401);
    }
  });

  test('ends when its master key is disabled, rotated or deleted', async () => {
    for (const [method, path, body] of [
      ['PUT', '', { is_enabled: false }],
      ['POST', '/rotate', { grace_seconds: 3600 }],
      ['DELETE', '', undefined],
    ] as const) {
      const made = await api.call('POST', '/master-keys', { id: `k${method}` });
      const { cookie, body: opened } = await signIn(made.body.key);
      expect([opened.session.role, opened.session.name]).toEqual(['key', `k${method}`]);
      expect((await api.call('GET', '/session', undefined, as(cookie))).status).toBe(200);
      await api.call(method, `/master-keys/k${method}${path}`, body);
      expect([method, (await api.call('GET', '/session', undefined, as(cookie))).status]).toEqual([
        method,
        401,
      ]);
    }
  });

  test('shows its own token nowhere, neither in the database nor in a list', async () => {
    const { cookie } = await signIn(ADMIN_KEY);
    const token = cookie.split('=')[1] ?? '';
    const [stored] = await api.store.console.sessions.list(api.clock.nowMs);
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(JSON.stringify(stored)).not.toContain(ADMIN_KEY);
    expect((await api.call('GET', '/sessions')).text).not.toContain(stored?.hash ?? 'none');
  });
});

describe('a page of another origin', () => {
  test('reads nothing and writes nothing with the cookie that the browser sends along', async () => {
    const { cookie } = await signIn(ADMIN_KEY);
    const foreign = [
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://localhost:3000', host: 'localhost:18000' },
      { origin: 'null' },
    ];
    for (const headers of foreign) {
      for (const [method, path] of [
        ['GET', '/providers'],
        ['POST', '/master-keys'],
        ['DELETE', '/session'],
        ['POST', '/sessions'],
      ] as const) {
        const { status, body } = await api.call(
          method,
          path,
          method === 'POST' ? {} : undefined,
          as(cookie, headers),
        );
        expect([headers, method, path, status, body.error.code]).toEqual([
          headers,
          method,
          path,
          403,
          'foreign_page',
        ]);
      }
    }
  });

  test('cannot do what a browser without Sec-Fetch-Site lets through: a write needs the token of the session', async () => {
    const { cookie, body } = await signIn(ADMIN_KEY);
    const write = (headers: Record<string, string>) =>
      api.call('POST', '/master-keys', {}, as(cookie, headers));
    expect((await write({})).body.error.code).toBe('csrf');
    expect((await write({ 'x-csrf-token': 'guessed' })).body.error.code).toBe('csrf');
    expect((await write({ 'x-csrf-token': body.csrf_token })).status).toBe(201);
    expect((await api.call('GET', '/providers', undefined, as(cookie, {}))).status).toBe(200);
  });
});

describe('an account', () => {
  test('has a secret that is shown once, signs in, and works for programs as well', async () => {
    const made = await api.call('POST', '/accounts', { name: 'ci', role: 'operator' });
    expect(made.status).toBe(201);
    const list = await api.call('GET', '/accounts');
    expect(list.text).not.toContain(made.body.secret);
    expect(list.body.accounts[0]).toMatchObject({ name: 'ci', role: 'operator', is_enabled: true });
    const bearer = { headers: { authorization: `Bearer ${made.body.secret}` } };
    expect((await api.call('POST', '/master-keys', {}, bearer)).status).toBe(201);
    expect((await api.call('GET', '/accounts', undefined, bearer)).status).toBe(403);
  });

  test('has a name of its own', async () => {
    await api.call('POST', '/accounts', { name: 'alice', role: 'viewer' });
    const second = await api.call('POST', '/accounts', { name: 'alice', role: 'admin' });
    expect([second.status, second.body.error.code]).toEqual([409, 'already_exists']);
    expect((await api.call('PUT', '/accounts/none', { role: 'admin' })).status).toBe(404);
  });

  test('is no part of the configuration: a rollback brings none back', async () => {
    await api.call('POST', '/master-keys', { id: 'one' });
    const { body } = await api.call('POST', '/accounts', { name: 'alice', role: 'viewer' });
    await api.call('DELETE', `/accounts/${body.id}`);
    await api.call('POST', '/config/rollback', { version: 1 });
    expect((await api.call('GET', '/accounts')).body.total).toBe(0);
  });
});
