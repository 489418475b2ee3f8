import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ADMIN_KEY, type DatabaseGateway, startDatabaseGateway } from './db-program.ts';

const KEY = 'sk-client-of-the-app-0123456789';

let simulator: Simulator;
let gateway: DatabaseGateway;
let folder: string;

beforeAll(async () => {
  simulator = await startSimulator({});
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-names-'));
  gateway = await startDatabaseGateway({
    dbUrl: `sqlite://${join(folder, 'proxy.db')}`,
    folder,
    args: ['--workers', '2'],
  });
});

afterAll(async () => {
  gateway.program.kill();
  await gateway.program.exited;
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

async function report(format: string): Promise<string> {
  const span = 'since=2020-01-01&until=2100-01-01';
  const response = await fetch(
    `${gateway.url}/admin/v1/spend?group_by=team,key,user&${span}&format=${format}`,
    {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    },
  );
  return response.text();
}

test('past reports stay as they are, whoever is moved, renamed or deleted', async () => {
  const { admin, ask } = gateway;
  await admin('POST', '/providers', { id: 'p', api_base: `${simulator.url}/v1` });
  await admin('POST', '/models', { id: 'fast', routes: [{ provider: 'p', model: 'mock/ok' }] });
  await admin('POST', '/teams', { id: 'before' });
  await admin('POST', '/teams', { id: 'after' });
  await admin('POST', '/users', { id: 'alice' });
  await admin('POST', '/master-keys', { id: 'app', key: KEY, team: 'before', user: 'alice' });
  for (let at = 0; at < 5; at++) expect(await ask(KEY, 'fast')).toBe(200);
  let stored = '';
  for (let tries = 0; tries < 1_000 && !stored.includes('before,app,alice,5,'); tries++) {
    await Bun.sleep(100);
    stored = await report('csv');
  }
  expect(stored).toContain('\r\nbefore,app,alice,5,');
  const json = await report('json');
  await admin('PUT', '/master-keys/app', { team: 'after', name: 'renamed' });
  await admin('PUT', '/users/alice', { name: 'Alice' });
  await admin('DELETE', '/teams/before');
  await admin('DELETE', '/master-keys/app');
  await admin('DELETE', '/users/alice');
  expect(await report('csv')).toBe(stored);
  expect(await report('json')).toBe(json);
});
