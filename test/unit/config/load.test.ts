import { afterAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/read/load.ts';
import { formatProblem } from '../../../src/config/read/problems.ts';

const directory = await mkdtemp(join(tmpdir(), 'llm-proxy-load-'));
afterAll(() => rm(directory, { recursive: true }));

async function load(path: string): Promise<string[]> {
  const result = await loadConfig({ path, env: {}, overrides: {}, version: 1, now: new Date(0) });
  if (result.kind === 'loaded') return [`loaded ${result.snapshot.server.port}`];
  return result.problems.map((problem) => formatProblem(problem).replaceAll(directory, ''));
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(directory, name), content);
  return join(directory, name);
}

test('a file is loaded, also one that begins with a byte order mark or has Windows lines', async () => {
  expect(await load(await file('plain.yaml', 'proxy_api_key: sk-a\nlisten: ":81"\n'))).toEqual(['loaded 81']);
  expect(await load(await file('bom.yaml', '\uFEFFproxy_api_key: sk-a\r\nlisten: ":82"\r\n'))).toEqual([
    'loaded 82',
  ]);
});

test('JSON is YAML too', async () => {
  expect(await load(await file('config.json', '{"proxy_api_key": "sk-a", "listen": ":83"}'))).toEqual([
    'loaded 83',
  ]);
});

test('a file that is missing, a directory, or no text is one clear line', async () => {
  expect(await load(join(directory, 'nowhere.yaml'))).toEqual(['/nowhere.yaml  does not exist.']);
  expect(await load(directory)).toEqual(['  is a directory, not a file.']);
  expect(await load(await file('binary.yaml', new Uint8Array([0x61, 0xff, 0xfe])))).toEqual([
    '/binary.yaml  is not text in UTF-8.',
  ]);
});

test.skipIf(process.getuid?.() === 0)('a file that this user must not read is one clear line', async () => {
  const path = await file('closed.yaml', 'listen: ":1"');
  await chmod(path, 0o000);
  expect(await load(path)).toEqual(['/closed.yaml  may not be read by this user.']);
});
