import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { startProcess } from './process.ts';
import { openSocket, type SocketClient } from './web-socket-client.ts';

let simulator: Simulator;
let folder: string;

beforeAll(async () => {
  simulator = await startSimulator();
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-web-sockets-'));
});

afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

function configOf(more: string): string {
  return `
server: { host: 127.0.0.1, port: 0, max_websockets_per_key: 4 }
workers: 3
drain_timeout: 1
master_keys:
  - { name: one, key: mk-one-client${more} }
  - { name: two, key: mk-two-client }
providers: [{ name: p, api_base: "${simulator.url}", websockets: [realtime, responses], model_mapping: { "*": "*" } }]`;
}

const auth = (key: string): Bun.WebSocketOptions => ({ headers: { authorization: `Bearer ${key}` } });

test('workers share the limit on connections, and each ends those of a disabled key and of a stop', async () => {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, configOf(''));
  const program = startProcess(['--config', file]);
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  const open = (key: string): Promise<SocketClient> => openSocket(url, '/v1/realtime?model=m', auth(key));
  const first = await Promise.all([1, 2, 3, 4].map(() => open('mk-one-client')));
  const second = await Promise.all([1, 2, 3, 4].map(() => open('mk-two-client')));
  for (let count = 0; count < 6; count++)
    expect(await open('mk-one-client').catch(({ message }: Error) => message)).toBe('429');

  writeFileSync(file, configOf(', enabled: false'));
  for (const client of first) expect((await client.end()).code).toBe(1008);
  for (const client of second) {
    client.send({ type: 'response.create' });
    await client.event('response.done');
  }

  program.kill('SIGTERM');
  for (const client of second) expect((await client.end()).code).toBe(1001);
  expect(await program.exited).toBe(0);
});
