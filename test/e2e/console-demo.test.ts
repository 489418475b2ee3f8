import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chat } from './gateway.ts';
import { startProcess, type TestProcess } from './process.ts';
import { rawRequest, sendRaw } from './raw-client.ts';

describe('the demo', () => {
  let folder: string;
  let program: TestProcess;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'console-demo-'));
    program = startProcess(['--port', '0'], { cwd: folder });
    [, url = ''] = await program.printed(/console +(http:\/\/[\d.:]+)\/console/);
    await program.printed(/Ctrl-C stops the demo/);
  });
  afterAll(async () => {
    program.kill();
    expect(await program.exited).toBe(0);
    await rm(folder, { recursive: true });
  });

  // oxlint-disable-next-line typescript/no-explicit-any -- tests look where they like
  async function call(method: string, path: string, body?: unknown, headers = {}): Promise<any> {
    const response = await fetch(`${url}/admin/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  const stateOf = async (provider: string): Promise<string> => {
    const { providers } = await call('GET', '/provider-states');
    return providers.find(({ name }: { name: string }) => name === provider).state;
  };

  async function until(condition: () => Promise<boolean>): Promise<void> {
    const limit = performance.now() + 90_000;
    while (!(await condition())) {
      expect(performance.now()).toBeLessThan(limit);
      await Bun.sleep(50);
    }
  }

  test('prints the address of its console first, and lets in whoever is on this machine, as an admin', async () => {
    const lines = program.stdout().split('\n');
    const first = lines.findIndex((line) => line.includes('http://'));
    expect(lines[first]).toContain('/console');
    const { session, gateway } = await call('GET', '/session');
    expect([session.role, session.kind, gateway.mode]).toEqual(['admin', 'demo', 'demo']);
    expect((await call('GET', '/models')).models.map(({ id }: { id: string }) => id)).toContain('demo');
  });

  test('adds up what its requests cost, at invented prices', async () => {
    await until(async () => {
      const { spend } = await call('GET', '/spend?group_by=day,model');
      return spend.some(
        ({ model, cost }: { model: string; cost: string }) => model === 'demo' && Number(cost) > 0,
      );
    });
  });

  test('sends traffic once its console was opened; a broken provider cools, and comes back when it is mended', async () => {
    expect((await call('GET', '/demo')).traffic.is_on).toBe(true);
    await call('PUT', '/demo/traffic', { is_on: true, requests_per_second: 40 });
    await until(async () => (await call('GET', '/overview')).requests > 5);
    expect(await stateOf('simulator-a')).toBe('healthy');
    const { providers } = await call('PUT', '/demo/providers/simulator-a', { fault: '500' });
    expect(providers[0]).toEqual({ name: 'simulator-a', fault: '500' });
    await until(async () => (await stateOf('simulator-a')) === 'cooling');
    const ask = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-demo-key' },
      body: JSON.stringify(chat('demo')),
    });
    expect([ask.status, ask.headers.get('x-llm-proxy-provider')]).toEqual([200, 'simulator-b']);
    await ask.text();
    await until(async () => (await call('GET', '/requests?has_fallback=true&limit=1')).requests.length === 1);
    await call('PUT', '/demo/providers/simulator-a', { fault: null });
    await until(async () => (await stateOf('simulator-a')) === 'healthy');
    await call('PUT', '/demo/traffic', { is_on: false });
  });

  test('changes its models and keys as a gateway with a database does', async () => {
    const { key } = await call('POST', '/master-keys', { id: 'mine', allowed_models: ['demo'] });
    const answer = await call('POST', '/playground/v1/chat/completions', chat('demo'), {
      'x-llm-proxy-as': 'mine',
    });
    expect(answer.choices).toHaveLength(1);
    const models = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(((await models.json()) as { data: unknown[] }).data).toHaveLength(1);
    expect((await call('GET', '/config/history')).history[0].actor).toMatch(/^demo@/);
  });

  test('a page of another origin, or one whose name was pointed at this machine, reads and changes nothing', async () => {
    const host = new URL(url).host;
    for (const [fields, line] of [
      [{ Host: host, Origin: 'http://evil.example' }, 'GET /admin/v1/providers'],
      [{ Host: host, Origin: 'http://localhost:3000' }, 'POST /admin/v1/demo/traffic'],
      [{ Host: host, 'Sec-Fetch-Site': 'cross-site' }, 'GET /admin/v1/live'],
      [{ Host: host, 'Sec-Fetch-Site': 'same-site' }, 'DELETE /admin/v1/models/demo'],
      [{ Host: 'evil.example' }, 'GET /admin/v1/session'],
      [{ Host: 'evil.example', 'Sec-Fetch-Site': 'same-origin' }, 'POST /admin/v1/master-keys'],
    ] as const) {
      const text = rawRequest(line, Object.entries(fields), '').replace('Host: gateway.test\r\n', '');
      const { status, body } = await sendRaw(url, text);
      expect([line, status, /"code":"(\w+)"/.exec(body)?.[1]]).toEqual([line, 403, 'foreign_page']);
    }
  });
});
