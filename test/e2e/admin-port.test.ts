import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_KEY } from './db-program.ts';
import { startProcess, type TestProcess } from './process.ts';

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

for (const workers of [1, 2]) {
  describe(`admin.port with ${workers} process(es)`, () => {
    let folder: string;
    let program: TestProcess;
    let url: string;
    let admin: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'admin-port-'));
      const port = await freePort();
      admin = `http://127.0.0.1:${port}`;
      const config = `server: { host: 127.0.0.1, port: 0 }
admin: { port: ${port} }
master_keys: [{ name: k, key: sk-of-a-client }]
providers: [{ name: p, api_base: "http://127.0.0.1:1/v1" }]`;
      await writeFile(join(folder, 'config.yaml'), config);
      program = startProcess(['--workers', String(workers)], { cwd: folder, env: { ADMIN_KEY } });
      [, url = ''] = await program.printed(/listening on (http\S+)/);
    });
    afterAll(async () => {
      program.kill();
      expect(await program.exited).toBe(0);
      await rm(folder, { recursive: true });
    });

    const status = async (address: string, key?: string): Promise<number> => {
      const response = await fetch(
        address,
        key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
      );
      await response.text();
      return response.status;
    };

    test('has the Admin API and the console, and the main port has neither', async () => {
      expect(await status(`${admin}/admin/v1/providers`, ADMIN_KEY)).toBe(200);
      expect([200, 503]).toContain(await status(`${admin}/console`));
      expect(await status(`${admin}/v1/key`, 'sk-of-a-client')).toBe(200);
      for (const path of ['/admin/v1/providers', '/console', '/console/keys'])
        expect([path, await status(`${url}${path}`, ADMIN_KEY)]).toEqual([path, 404]);
    });

    test('does not have the API of the gateway', async () => {
      for (const path of ['/v1/models', '/v1/chat/completions', '/metrics', '/'])
        expect([path, await status(`${admin}${path}`, 'sk-of-a-client')]).toEqual([path, 404]);
      expect(await status(`${url}/v1/models`, 'sk-of-a-client')).toBe(200);
    });
  });
}
