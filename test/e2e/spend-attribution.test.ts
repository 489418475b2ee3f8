import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY } from './db-program.ts';
import { chat, until } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';

const CLAUDE_CODE = JSON.stringify({ device_id: 'd-1', account_uuid: 'account-1', session_id: 's-1' });

let simulator: Simulator;
let hook: Bun.Server<undefined>;
let folder: string;
let program: TestProcess;
let url: string;
/** The requests that reached the provider, and the alerts that reached the hook. */
const seen: { readonly headers: Headers; readonly body: string }[] = [];
const alerts: Record<string, unknown>[] = [];
let echo: Bun.Server<undefined>;

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-spend-'));
  hook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      alerts.push((await request.json()) as Record<string, unknown>);
      return new Response();
    },
  });
  // A provider in front of the simulator that notes what it gets.
  echo = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const body = await request.text();
      seen.push({ headers: request.headers, body });
      const target = request.url.replace(/^http:\/\/[^/]+/, simulator.url);
      return fetch(target, { method: request.method, headers: { 'content-type': 'application/json' }, body });
    },
  });
  writeFileSync(join(folder, 'config.yaml'), config());
  program = startProcess(
    ['--config', 'config.yaml', '--host', '127.0.0.1', '--port', '0', '--workers', '2'],
    { cwd: folder, env: { ADMIN_KEY } },
  );
  [, url = ''] = await program.printed(/listening on (http\S+)/);
});

afterAll(async () => {
  program.kill('SIGTERM');
  await program.exited;
  await Promise.all([simulator.stop(), hook.stop(true), echo.stop(true)]);
  rmSync(folder, { recursive: true });
});

const config = (): string => `
providers: [{ name: p, api_base: "${echo.url.origin}/v1", api_key: sk-provider }]
models: { fast: { routes: [{ provider: p, model: mock/ok }] } }
prices: { models: { "p/*": { input: 1000, output: 1000 } } }
teams:
  - { name: acme, tags: { cost_center: "4711" } }
  - { name: search, parent: acme }
users: [{ name: alice }]
master_keys:
  - name: app
    key: sk-client-of-the-app
    team: search
    user: alice
    tags: { app: web }
    client_tags: [feature]
    end_users: optional
    limits: [{ cost: 100, per: month, alert_at: [0.001] }]
  - { name: strict, key: sk-client-that-is-strict, end_users: required, client_tags: [feature] }
alerts: [{ url: "${hook.url.href}" }]
`;

interface Asked {
  readonly key?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function ask({ key = 'sk-client-of-the-app', path, headers, body }: Asked) {
  const response = await fetch(`${url}${path ?? '/v1/chat/completions'}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...chat('fast'), ...body }),
  });
  return { status: response.status, text: await response.text() };
}

/** Asks the Admin API until the answer is as wanted. */
async function report(search: string, isWanted: (body: Report) => boolean): Promise<Report> {
  for (let tries = 0; tries < 1_000; tries++) {
    const response = await fetch(`${url}/admin/v1/spend?${search}`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const body = (await response.json()) as Report;
    if (response.ok && isWanted(body)) return body;
    await Bun.sleep(100);
  }
  throw new Error(`the report ${search} never had what was wanted`);
}

interface Report {
  readonly spend: readonly Readonly<Record<string, unknown>>[];
  readonly total: { readonly requests: number; readonly cost: string };
}

describe('a request', () => {
  test('is counted for its team, user, end user and tags, and none of it reaches the provider', async () => {
    const headers = { 'x-llm-proxy-user': 'bob', 'x-llm-proxy-tags': 'feature=summary, other=x' };
    expect((await ask({ headers })).status).toBe(200);
    expect((await ask({ body: { user: 'carol' } })).status).toBe(200);
    const anthropic = { metadata: { user_id: CLAUDE_CODE }, max_tokens: 10 };
    expect((await ask({ path: '/v1/messages', body: anthropic })).status).toBe(200);
    const found = await report(
      'group_by=team,user,key,tag:cost_center,tag:app,tag:feature',
      ({ total }) => total.requests === 3,
    );
    const owner = { team: 'search', user: 'alice', key: 'app', 'tag:cost_center': '4711', 'tag:app': 'web' };
    expect(found.spend).toMatchObject([
      { ...owner, 'tag:feature': 'summary', requests: 1 },
      { ...owner, 'tag:feature': null, requests: 2 },
    ]);
    expect(Number(found.total.cost)).toBeGreaterThan(0);
    const acme = await report('team=acme', ({ total }) => total.requests === 3);
    expect(acme.total).toEqual(found.total);
    for (const { headers: sent } of seen)
      expect([...sent.keys()].filter((name) => name.startsWith('x-llm-proxy'))).toEqual([]);
    // The body passes as it was sent, with the end user in it.
    expect(seen.some(({ body }) => body.includes('"user":"carol"'))).toBe(true);
  });

  test('with an end user or a tag makes no series of its own', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('llm_proxy_tags_dropped_total{api_key_name="app"} 1');
    for (const name of ['bob', 'carol', 'account-1', 'summary', '4711']) expect(metrics).not.toContain(name);
  });

  test('without an end user is refused where the key requires one', async () => {
    const strict = 'sk-client-that-is-strict';
    const before = seen.length;
    const refused = await ask({ key: strict });
    expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([400, 'end_user_required']);
    expect((await ask({ key: strict, headers: { 'x-llm-proxy-user': 'dave' } })).status).toBe(200);
    expect(seen.length).toBe(before + 1);
  });

  test('with tags that are not valid is refused before anybody is asked', async () => {
    const before = seen.length;
    const refused = await ask({ headers: { 'x-llm-proxy-tags': 'feature' } });
    expect(JSON.parse(refused.text).error).toMatchObject({
      code: 'invalid_tags',
      message: 'x-llm-proxy-tags is not valid: "feature" has no "=".',
    });
    expect(seen.length).toBe(before);
  });

  test('that takes a limit over its threshold is told to the webhook once', async () => {
    await until(() => (alerts.length > 0 ? true : undefined));
    await ask({});
    await report('key=app', ({ total }) => total.requests >= 4);
    expect(alerts.filter(({ event }) => event === 'limit.threshold')).toMatchObject([
      { scope: 'key:app', limit: 'cost/month', threshold: 0.001, amount: 100 },
    ]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('llm_proxy_alerts_total{state="sent"} 1');
  });
});

test('the webhooks can be tested', async () => {
  const response = await fetch(`${url}/admin/v1/alerts/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
    body: '{}',
  });
  expect(await response.json()).toMatchObject({ hooks: [{ result: 200 }] });
  expect(alerts.some(({ event }) => event === 'test')).toBe(true);
});
