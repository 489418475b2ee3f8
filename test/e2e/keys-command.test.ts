import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway, timeUntil } from './db-program.ts';
import { startProcess } from './process.ts';

let simulator: Simulator;
let folder: string;
let gateway: DatabaseGateway;
let env: Record<string, string>;

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-keys-'));
  env = { DB_URL: `sqlite://${join(folder, 'proxy.db')}`, ADMIN_KEY };
  gateway = await startDatabaseGateway({ dbUrl: env['DB_URL'] ?? '', folder });
  await gateway.admin('POST', '/providers', { id: 'a', api_base: `${simulator.url}/v1` });
  await gateway.admin('POST', '/models', { id: 'any', routes: [{ provider: 'a', model: 'mock/ok' }] });
});

afterAll(async () => {
  gateway.program.kill('SIGTERM');
  await gateway.program.exited;
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a command to its end. */
async function run(args: readonly string[], variables: Record<string, string> = env) {
  const program = startProcess(args, { cwd: folder, env: variables });
  const code = await program.exited;
  return { code, out: program.stdout().trim(), err: program.stderr().trim() };
}

describe('the command "keys" on a database', () => {
  test('makes a key whose secret is all that it prints, and a running gateway follows', async () => {
    const { code, out, err } = await run(['keys', 'create', 'app', '--name', 'App', '--model', 'any']);
    expect([code, err]).toEqual([0, 'created app']);
    expect(out).toMatch(/^sk-lp-[0-9A-Za-z]{49}$/);
    await timeUntil(async () => (await gateway.ask(out)) === 200);
    const rotated = await run(['keys', 'rotate', 'app', '--grace', '3600']);
    expect(rotated.out).toMatch(/^sk-lp-/);
    expect(rotated.out).not.toBe(out);
    await timeUntil(async () => (await gateway.ask(rotated.out)) === 200);
    expect((await run(['keys', 'list'])).out).toMatch(/^app +App +rotating +- +- +- +\S+ +sk-lp-/m);
    expect((await run(['keys', 'rotate', 'app', '--revoke-previous'])).out).toBe('');
    await timeUntil(async () => (await gateway.ask(out)) === 401);
    await run(['keys', 'disable', 'app', '--reason', 'lost']);
    await timeUntil(async () => (await gateway.ask(rotated.out)) === 401);
    const [key] = JSON.parse((await run(['keys', 'list', '--json'])).out) as Record<string, unknown>[];
    expect(key).toMatchObject({ id: 'app', status: 'disabled', disabled_reason: 'lost' });
    expect(key?.['created_by']).toBe('admin@the command line');
    expect((await run(['keys', 'enable', 'app'])).code).toBe(0);
  });

  test('says why it did nothing', async () => {
    const cases: [string[], number, RegExp][] = [
      [['keys', 'create', 'app'], 1, /There is a master key "app" already/],
      [['keys', 'create', 'x', '--team', 'nobody'], 1, /"nobody"/],
      [['keys', 'rotate', 'nobody'], 1, /There is no master key "nobody"/],
      [['keys', 'rotate'], 2, /needs the id/],
      [['keys', 'list', '--grace', '5'], 2, /--grace belongs to rotate/],
      [['keys', 'forget', 'app'], 2, /forget/],
    ];
    for (const [args, code, message] of cases) {
      const { code: actual, out, err } = await run(args);
      expect([actual, out, err]).toEqual([code, '', expect.stringMatching(message)]);
    }
  });

  test('and "limits" shows what the ledger knows', async () => {
    const { out: key } = await run(['keys', 'create', 'limited']);
    await gateway.admin('PUT', '/master-keys/limited', { limits: [{ requests: 4, per: 'month' }] });
    await timeUntil(async () => (await gateway.ask(key)) === 200);
    await timeUntil(async () => (await run(['limits', '--over', '25'])).out.includes('limited'));
    const { out } = await run(['limits', '--scope', 'key:limited', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ counter: 'key:limited/requests/month', amount: 4 }]);
    expect((await run(['limits', '--scope', 'key:nobody'])).out).toBe('No limit matches.');
  });
});

describe('the commands on a configuration file', () => {
  test('list its keys and limits, and change nothing', async () => {
    const path = join(folder, 'limits.yaml');
    writeFileSync(
      path,
      `
providers: [{ name: a, api_base: "${simulator.url}/v1" }]
master_keys: [{ name: app, key: sk-app-0123456789, limits: [{ cost: 50, per: month, on_exceed: warn }] }]`,
    );
    const list = await run(['keys', 'list', '--config', path], {});
    expect([list.code, list.out]).toEqual([0, expect.stringMatching(/^app +app +active/m)]);
    expect(list.out).not.toContain('sk-app-0123456789');
    expect((await run(['limits', '--config', path], {})).out).toMatch(
      /^key:app\/cost\/month\/warn +app +\$0 +\$50 +0 +\S+ +warns$/m,
    );
    const rotated = await run(['keys', 'rotate', 'app', '--config', path], {});
    expect([rotated.code, rotated.out]).toEqual([1, '']);
    expect(rotated.err).toContain(`The configuration is the file ${path}`);
  });
});
