import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './process.ts';

let folder: string;
let asked: string[];
let provider: ReturnType<typeof Bun.serve>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llm-proxy-model-list-'));
  asked = [];
  provider = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      return Response.json({ data: [{ id: 'one' }, { id: 'two' }] });
    },
  });
});
afterEach(async () => {
  await provider.stop(true);
  rmSync(folder, { recursive: true });
});

test('every worker lists what the provider lists, which is asked once for all of them', async () => {
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `
server: { host: 127.0.0.1, port: 0 }
workers: 3
providers: [{ name: p, api_base: "${provider.url.origin}/v1" }]`,
  );
  const program = startProcess(['--config', file], { cwd: folder });
  const [, url = ''] = await program.printed(/listening on (http\S+)/);
  // The provider is asked before any client does.
  const asking = performance.now() + 90_000;
  while (asked.length === 0 && performance.now() < asking) await Bun.sleep(5);
  expect(asked).toHaveLength(1);
  // Each request has its own connection, so that every worker gets some.
  const list = async (): Promise<string> => {
    const response = await fetch(`${url}/v1/models`, { keepalive: false, headers: { connection: 'close' } });
    const { data } = (await response.json()) as { data: { id: string }[] };
    return data.map(({ id }) => id).join();
  };
  const limit = performance.now() + 90_000;
  let inARow = 0;
  while (inARow < 40 && performance.now() < limit) inARow = (await list()) === 'one,two' ? inARow + 1 : 0;
  expect(inARow).toBe(40);
  expect(asked).toEqual(['GET /v1/models']);
  program.kill('SIGTERM');
  await program.exited;
});
