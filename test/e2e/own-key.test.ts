import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type DatabaseGateway, startDatabaseGateway } from './db-program.ts';
import { sharePostgres, type TestDatabaseServer } from './db-postgres.ts';
import { chat } from './gateway.ts';

const APP = 'sk-client-of-the-app-0123456789';
const OTHER = 'sk-client-of-another-0123456789';

let simulator: Simulator;
let postgres: TestDatabaseServer;
let folder: string;

beforeAll(async () => {
  simulator = await startSimulator({});
  postgres = await sharePostgres();
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-own-key-'));
});

afterAll(async () => {
  await Promise.all([simulator.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true });
});

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
  readonly body: any;
}

describe.each(['postgres', 'sqlite'])("a key's holder over %s", (engine) => {
  let gateway: DatabaseGateway;

  beforeAll(async () => {
    const dbUrl =
      engine === 'postgres' ? await postgres.newDatabase() : `sqlite://${join(folder, 'proxy.db')}`;
    gateway = await startDatabaseGateway({
      dbUrl,
      folder: join(folder, engine),
      args: ['--workers', engine === 'sqlite' ? '2' : '1'],
    });
    const { admin } = gateway;
    await admin('POST', '/providers', { id: 'p', api_base: `${simulator.url}/v1`, api_key: 'sk-provider' });
    await admin('POST', '/models', { id: 'fast', routes: [{ provider: 'p', model: 'mock/ok' }] });
    await admin('PUT', '/settings/prices', { value: { models: { 'p/*': { input: 1000, output: 1000 } } } });
    await admin('POST', '/teams', { id: 'acme', limits: [{ requests: 1000, per: 'minute' }] });
    await admin('POST', '/teams', {
      id: 'search',
      parent: 'acme',
      per_user: [{ cost: 25, per: 'month' }],
      limits: [{ cost: 100, per: 'month' }],
    });
    await admin('POST', '/users', { id: 'alice', limits: [{ cost: 60, per: 'month' }] });
    await admin('POST', '/master-keys', {
      id: 'app',
      key: APP,
      team: 'search',
      user: 'alice',
      client_tags: ['feature'],
      end_users: 'optional',
      limits: [
        { cost: 50, per: 'month' },
        { requests: 60, per: 'minute' },
      ],
      self_rotate: true,
    });
    await admin('POST', '/master-keys', { id: 'other', key: OTHER });
    for (let at = 0; at < 3; at++) await ask(APP, { 'x-llm-proxy-tags': `feature=f${at}` });
    await ask(OTHER);
  });

  afterAll(async () => {
    gateway.program.kill();
    await gateway.program.exited;
  });

  async function ask(key: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const send = () =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
        body: JSON.stringify(chat('fast', { user: 'bob' })),
      });
    let response = await send();
    // On a busy machine the database may take longer for a lease than a request waits.
    for (let tries = 0; tries < 30 && response.status === 503; tries++) {
      await Bun.sleep(200);
      response = await send();
    }
    expect(response.status).toBe(200);
    await response.text();
  }

  async function read(path: string, key = APP, init: Asked = {}): Promise<Answer> {
    const response = await fetch(`${gateway.url}/v1/key${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, ...init.headers },
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Reads until the requests are in the database. */
  async function stored(): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      const { spend } = (await gateway.admin('GET', '/spend?group_by=key')) as {
        spend: { requests: number }[];
      };
      if (spend.reduce((sum, { requests }) => sum + requests, 0) >= 4) return;
      await Bun.sleep(100);
    }
    throw new Error('the requests were never stored');
  }

  /**
   * Reads until the budget agrees with what is stored. A use that is stored while its gateway asks for a lease counts twice until the
   * gateway asks again.
   */
  async function counted(): Promise<Answer> {
    let answer = await read('');
    for (let tries = 0; tries < 100; tries++) {
      const budget = answer.body.limits.find(({ id }: { id: string }) => id === 'cost/month');
      if (Math.abs(budget.used - answer.body.spend.month) < 1e-9) break;
      await Bun.sleep(100);
      answer = await read('');
    }
    return answer;
  }

  test('sees the key with its own limits, and not those of the teams', async () => {
    await stored();
    const { status, headers, body } = await counted();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ name: 'app', team: 'search', user: 'alice', expires_at: null });
    const ids = body.limits.map(({ scope, id }: { scope: string; id: string }) => `${scope} ${id}`);
    expect(ids.toSorted()).toEqual([
      'key cost/month',
      'key requests/minute',
      'team_user cost/month',
      'user cost/month',
    ]);
    const budget = body.limits.find(({ id }: { id: string }) => id === 'cost/month');
    expect(budget.used).toBeGreaterThan(0);
    const countedBy = engine === 'postgres' ? 'all machines' : 'this machine';
    expect(budget).toMatchObject({ amount: 50, held: 0, counted_by: countedBy });
    expect(budget.remaining).toBeCloseTo(50 - budget.used, 9);
    expect(body.spend.month).toBeCloseTo(budget.used, 9);
    expect((await read('', OTHER)).body).toMatchObject({ name: 'other', team: null, limits: [] });
  });

  test('sees the limits of the teams where the setting says so', async () => {
    await gateway.admin('PUT', '/settings/limits_options', { value: { show_team_limits: true } });
    const scopes = (await read('')).body.limits.map(({ scope }: { scope: string }) => scope);
    expect(scopes).toEqual(['key', 'key', 'team_user', 'user', 'team', 'team']);
  });

  test('reads its own use', async () => {
    const { status, body } = await read('/usage?group_by=day,model,tag:feature');
    expect(status).toBe(200);
    expect(body.spend).toMatchObject([
      { model: 'fast', 'tag:feature': 'f0', requests: 1 },
      { model: 'fast', 'tag:feature': 'f1' },
      { model: 'fast', 'tag:feature': 'f2' },
    ]);
    expect(body.total.requests).toBe(3);
  });

  test('reads its own requests, page by page, and no other', async () => {
    const first = (await read('/requests?limit=2')).body;
    expect(first.requests).toMatchObject([
      { model: 'fast', end_user: 'bob', tags: { feature: 'f2' }, status: 200 },
      { tags: { feature: 'f1' } },
    ]);
    const second = (await read(`/requests?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second).toMatchObject({ requests: [{ tags: { feature: 'f0' } }], next_cursor: null });
    const { id } = second.requests[0];
    expect((await read(`/requests/${id}`)).body).toMatchObject({ id, tags: { feature: 'f0' } });
    const foreign = await read(`/requests/${id}`, OTHER);
    expect([foreign.status, foreign.body.error.code]).toEqual([404, 'request_not_found']);
  });

  test.each([
    ['/usage?group_by=team', 'a key is not grouped by team'],
    ['/usage?team=another', '"team" is none of since, until, group_by, timezone'],
    ['/usage?since=2020-01-01', 'the time is longer than 92 days'],
    ['/usage?group_by=tag:feature%00', 'group_by contains a NUL character'],
    ['/usage?timezone=Mars/Base', 'timezone must be a time zone'],
  ])('is told what is wrong with %s', async (path, problem) => {
    const { status, body } = await read(path, OTHER, { headers: { 'x-api-key': OTHER } });
    expect([status, body.error.code]).toEqual([400, 'invalid_query']);
    expect(body.error.message).toContain(problem);
  });

  test('may ask ten times a minute', async () => {
    let answer = await read('/requests', OTHER);
    for (let tries = 0; tries < 60 && answer.status === 200; tries++) answer = await read('/requests', OTHER);
    expect([answer.status, answer.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await read('', OTHER)).status).toBe(200);
  });

  test('without a key, or with another method, is refused', async () => {
    expect((await fetch(`${gateway.url}/v1/key`)).status).toBe(401);
    const posted = await read('/usage', APP, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('asks a provider where the request names one', async () => {
    const { body } = await read('', APP, { headers: { 'x-llm-proxy-provider': 'p' } });
    expect(body.limits).toBeUndefined();
  });

  test('replaces its secret only if the key allows it, and gets the same one again', async () => {
    const refused = await read('/rotate', OTHER, { method: 'POST' });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'rotation_not_allowed']);
    const own = await read('/rotate', APP, {
      method: 'POST',
      body: '{"key":"sk-of-my-own-choice-0123456789"}',
    });
    expect([own.status, own.body.error.code]).toEqual([400, 'invalid_query']);
    const init = {
      method: 'POST',
      body: '{"grace_seconds":600}',
      headers: { 'idempotency-key': 'once' },
    };
    const first = await read('/rotate', APP, init);
    expect(first.status).toBe(200);
    expect(first.body.key).toStartWith('sk-lp-');
    const again = await read('/rotate', APP, init);
    expect(again.body).toEqual(first.body);
    for (const key of [APP, first.body.key as string]) expect((await read('', key)).body.name).toBe('app');
    const { history } = (await gateway.admin('GET', '/config/history?limit=1')) as {
      history: { actor: string; action: string }[];
    };
    expect(history[0]).toMatchObject({ action: 'rotate master_keys/app' });
    expect(history[0]!.actor).toStartWith('key app@');
    // The use stays with the key, whatever its secret.
    const { limits } = (await read('', first.body.key as string)).body;
    expect(limits.find(({ kind }: { kind: string }) => kind === 'cost').used).toBeGreaterThan(0);
  });
});
